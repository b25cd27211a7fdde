//! Workflows and containers against the rest of the repository. The workflows' own syntax is linted
//! in `.ci/run`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use yaml_rust2::{Yaml, YamlLoader};

fn workflow(name: &str) -> Yaml {
    let text = common::read(&format!(".github/workflows/{name}"));
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn steps<'a>(workflow: &'a Yaml, job: &str) -> Vec<&'a Yaml> {
    workflow["jobs"][job]["steps"]
        .as_vec()
        .unwrap()
        .iter()
        .collect()
}

#[test]
fn only_the_deployment_can_sign_in_and_only_to_one_environment() {
    for name in ["ci.yml", "deploy.yml", "release.yml"] {
        let workflow = workflow(name);
        assert_eq!(
            workflow["permissions"]["contents"].as_str(),
            Some("read"),
            "{name}"
        );
        for (job, body) in workflow["jobs"].as_hash().unwrap() {
            let can_sign_in = body["permissions"]["id-token"].as_str() == Some("write");
            assert_eq!(
                can_sign_in,
                job.as_str() == Some("deploy"),
                "{name}: {job:?}"
            );
        }
        assert!(
            !common::read(&format!(".github/workflows/{name}")).contains("secrets."),
            "{name} needs a stored secret"
        );
    }
    assert!(!common::read(".github/workflows/deploy.yml").contains("publish-profile"));
    let workflow = workflow("deploy.yml");
    let deploy = &workflow["jobs"]["deploy"];
    let environment = deploy["environment"].as_str().unwrap();
    assert!(
        common::read("deploy/modules/github.bicep")
            .contains(&format!(":environment:{environment}'"))
    );
    assert!(
        deploy["if"]
            .as_str()
            .unwrap()
            .starts_with("github.event_name != 'pull_request' &&")
    );
    assert_eq!(
        deploy["concurrency"]["cancel-in-progress"].as_bool(),
        Some(false)
    );
}

#[test]
fn packages_travel_as_zips_that_the_script_makes() {
    let workflow = workflow("deploy.yml");
    let upload = steps(&workflow, "package");
    assert!(
        upload
            .iter()
            .any(|step| step["with"]["path"].as_str() == Some("dist/*.zip"))
    );
    let script = common::read("scripts/package");
    let mut uploaded = 0;
    for step in steps(&workflow, "deploy") {
        if let Some(package) = step["with"]["package"].as_str() {
            let app = package.strip_suffix(".zip").unwrap();
            assert!(
                script.contains(&format!("stage {app} ")),
                "scripts/package makes no {package}"
            );
            uploaded += 1;
        }
    }
    assert_eq!(uploaded, 2);
}

#[test]
fn the_variables_of_the_workflow_are_documented() {
    let workflow = common::read(".github/workflows/deploy.yml");
    let operations = common::read("docs/OPERATIONS.md");
    let mut names: Vec<_> = workflow
        .split("vars.")
        .skip(1)
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_uppercase() && c != '_')
                .next()
                .unwrap()
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 5);
    for name in names {
        assert!(
            operations.contains(&format!("`{name}`")),
            "docs/OPERATIONS.md does not name {name}"
        );
    }
}

#[test]
fn containers_hold_what_the_scripts_stage() {
    let package = common::read("scripts/package");
    let release = common::read("scripts/release");
    for name in ["app", "emulator"] {
        let file = common::read(&format!("deploy/containers/{name}.Dockerfile"));
        let allowed = common::read(&format!("deploy/containers/{name}.Dockerfile.dockerignore"));
        let argument = file
            .lines()
            .find_map(|line| line.strip_prefix("ARG APP="))
            .unwrap_or_default();
        for line in file.lines().filter_map(|line| line.strip_prefix("COPY ")) {
            let source = line.split(' ').next().unwrap().replace("${APP}", argument);
            let folder = source.split('/').take(2).collect::<Vec<_>>().join("/");
            assert!(
                package.contains(&folder) || release.contains(&folder),
                "nothing makes {folder}"
            );
            assert!(
                allowed.lines().any(|line| line == format!("!{folder}")),
                "{name}: {folder} is ignored"
            );
        }
    }
    let app = common::read("deploy/containers/app.Dockerfile");
    assert!(app.contains("FUNCTIONS_WORKER_RUNTIME=custom"));
}
