//! `azure.yaml` against its published fields, and against the rest of the repository.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use deploy_tests::azure_yaml::review;

#[test]
fn the_file_is_what_azd_reads() {
    let (services, complaints) = review(&common::read("azure.yaml")).unwrap();
    assert_eq!(complaints, Vec::<String>::new());
    let names: Vec<_> = services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["allocation", "digital-twins"]);
    let script = common::read("scripts/package");
    for service in services {
        let app = service
            .dist
            .strip_prefix("dist/")
            .and_then(|name| name.strip_suffix(".zip"))
            .unwrap();
        assert!(
            script.contains(&format!("{app})")),
            "scripts/package makes no {app}"
        );
        assert!(common::read("azure.yaml").contains(&format!("run: scripts/package {app}\n")));
    }
}

#[test]
fn mistakes_that_azd_passes_over() {
    for (from, to, expected) in [
        (
            "language: custom",
            "language: rust",
            "allocation: language must be custom, and is Some(\"rust\")",
        ),
        (
            "host: function",
            "host: functions",
            "allocation: host must be function, and is Some(\"functions\")",
        ),
        (
            "    dist: dist/custom-allocation.zip\n",
            "",
            "allocation: dist must be dist/NAME.zip, relative to the repository's root, and is ''",
        ),
        (
            "dist: dist/custom",
            "dist: ../dist/custom",
            "allocation: dist must be dist/NAME.zip, relative to the repository's root, and is '../dist/custom-allocation.zip'",
        ),
        ("    project: .\n", "", "allocation: project is missing"),
        (
            "prepackage:",
            "prepackaging:",
            "the hooks of allocation have no field 'prepackaging'",
        ),
        (
            "shell: sh",
            "shell: bash",
            "allocation: prepackage needs shell: sh or pwsh",
        ),
        (
            "        shell: sh\n",
            "",
            "allocation: prepackage needs shell: sh or pwsh",
        ),
        (
            "run: scripts",
            "script: scripts",
            "allocation: prepackage runs nothing",
        ),
        (
            "path: deploy",
            "path: infra",
            "infra.path must be deploy, and is Some(\"infra\")",
        ),
        (
            "provider: bicep",
            "provider: terraform",
            "infra.provider must be bicep",
        ),
        (
            "condition:",
            "conditions:",
            "digital-twins has no field 'conditions'",
        ),
        (
            "postdeploy:",
            "postdeployment:",
            "the hooks of the project have no field 'postdeployment'",
        ),
        ("services:", "service:", "there are no services"),
        (
            "    host: function\n",
            "    host: function\n    env: {A: b}\n",
            "allocation has no field 'env'",
        ),
        (
            "    host: function\n",
            "    host: function\n    remoteBuild: true\n",
            "allocation has no field 'remoteBuild'",
        ),
        (
            "name: custom-allocation",
            "name: Custom",
            "name can't be 'Custom'",
        ),
    ] {
        let text = common::read("azure.yaml");
        assert!(text.contains(from), "{from:?}");
        let (_, complaints) = review(&text.replacen(from, to, 1)).unwrap();
        assert!(
            complaints.iter().any(|complaint| complaint == expected),
            "{from:?} → {to:?}: {complaints:#?}"
        );
    }
}

/// A hook that is a file without an extension would be run as a shell script: those of ours are
/// command lines.
#[test]
fn the_hooks_run_what_is_there() {
    for command in ["scripts/package", "deploy/enrollments"] {
        assert!(common::root().join(command).is_file(), "{command}");
        assert!(
            !common::read("azure.yaml").contains(&format!("run: {command}\n")),
            "{command}"
        );
    }
}
