//! The fields of `azure.yaml`, as azd's published schema and its source have them. azd itself
//! ignores what it doesn't know.

use yaml_rust2::{Yaml, YamlLoader};

use anyhow::{Context as _, Result};

/// Fields at the top that this repository may use.
const TOP: [&str; 8] = [
    "name",
    "metadata",
    "requiredVersions",
    "infra",
    "services",
    "hooks",
    "workflows",
    "resourceGroup",
];

const INFRA: [&str; 3] = ["provider", "path", "module"];

/// Fields of a service that is a Function App. `env`, `k8s` and `apiVersion` are for other hosts.
const SERVICE: [&str; 9] = [
    "project",
    "host",
    "language",
    "dist",
    "hooks",
    "resourceName",
    "resourceGroup",
    "condition",
    "uses",
];

const HOOK: [&str; 6] = [
    "shell",
    "run",
    "interactive",
    "continueOnError",
    "windows",
    "posix",
];

const SERVICE_HOOKS: [&str; 10] = [
    "prerestore",
    "postrestore",
    "prebuild",
    "postbuild",
    "prepackage",
    "postpackage",
    "prepublish",
    "postpublish",
    "predeploy",
    "postdeploy",
];

const PROJECT_HOOKS: [&str; 18] = [
    "preprovision",
    "postprovision",
    "preinfracreate",
    "postinfracreate",
    "preinfradelete",
    "postinfradelete",
    "predown",
    "postdown",
    "preup",
    "postup",
    "prepackage",
    "postpackage",
    "prepublish",
    "postpublish",
    "predeploy",
    "postdeploy",
    "prerestore",
    "postrestore",
];

/// A service, as far as the rest of the repository must agree with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name, which the app's tag repeats.
    pub name: String,
    /// The package that is uploaded.
    pub dist: String,
}

/// Reads the file: its services, and all that is wrong with it.
///
/// # Errors
/// When it isn't YAML.
pub fn review(text: &str) -> Result<(Vec<Service>, Vec<String>)> {
    let documents = YamlLoader::load_from_str(text).context("azure.yaml is not YAML")?;
    let document = documents.first().context("azure.yaml is empty")?;
    let mut complaints = Vec::new();
    fields(document, &TOP, "the file", &mut complaints);
    let name = document["name"].as_str().unwrap_or_default();
    let is_name = name.len() >= 2
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if !is_name {
        complaints.push(format!("name can't be '{name}'"));
    }
    fields(&document["infra"], &INFRA, "infra", &mut complaints);
    match document["infra"]["path"].as_str() {
        Some("deploy") => {}
        found => complaints.push(format!("infra.path must be deploy, and is {found:?}")),
    }
    if !matches!(document["infra"]["provider"].as_str(), None | Some("bicep")) {
        complaints.push("infra.provider must be bicep".to_owned());
    }
    hooks(
        &document["hooks"],
        &PROJECT_HOOKS,
        "the project",
        &mut complaints,
    );
    let mut services = Vec::new();
    for (name, service) in document["services"].as_hash().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        services.push(self::service(name, service, &mut complaints));
    }
    if services.is_empty() {
        complaints.push("there are no services".to_owned());
    }
    Ok((services, complaints))
}

fn service(name: &str, service: &Yaml, complaints: &mut Vec<String>) -> Service {
    fields(service, &SERVICE, name, complaints);
    let mut must_be = |field: &str, wanted: &str| {
        let found = service[field].as_str();
        if found != Some(wanted) {
            complaints.push(format!(
                "{name}: {field} must be {wanted}, and is {found:?}"
            ));
        }
    };
    must_be("host", "function");
    must_be("language", "custom");
    if service["project"].as_str().is_none() {
        complaints.push(format!("{name}: project is missing"));
    }
    let dist = service["dist"].as_str().unwrap_or_default();
    let is_zip = dist
        .strip_suffix(".zip")
        .is_some_and(|path| path.starts_with("dist/"));
    if !is_zip {
        complaints.push(format!(
            "{name}: dist must be dist/NAME.zip, relative to the repository's root, and is '{dist}'"
        ));
    }
    hooks(&service["hooks"], &SERVICE_HOOKS, name, complaints);
    if service["hooks"]["prepackage"].is_badvalue() {
        complaints.push(format!("{name}: nothing makes the package"));
    }
    Service {
        name: name.to_owned(),
        dist: dist.to_owned(),
    }
}

fn hooks(hooks: &Yaml, known: &[&str], of: &str, complaints: &mut Vec<String>) {
    fields(hooks, known, &format!("the hooks of {of}"), complaints);
    for (name, hook) in hooks.as_hash().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        fields(hook, &HOOK, name, complaints);
        if !matches!(hook["shell"].as_str(), Some("sh" | "pwsh")) {
            complaints.push(format!("{of}: {name} needs shell: sh or pwsh"));
        }
        let run = hook["run"].as_str().unwrap_or_default();
        if run.trim().is_empty() {
            complaints.push(format!("{of}: {name} runs nothing"));
        }
        if !hook["continueOnError"].is_badvalue() {
            complaints.push(format!("{of}: {name} hides failures"));
        }
    }
}

fn fields(yaml: &Yaml, known: &[&str], of: &str, complaints: &mut Vec<String>) {
    for (name, _) in yaml.as_hash().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let verb = if of.starts_with("the hooks") {
            "have"
        } else {
            "has"
        };
        if !known.contains(&name) {
            complaints.push(format!("{of} {verb} no field '{name}'"));
        }
    }
}
