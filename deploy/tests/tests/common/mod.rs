//! What the tests of the deployment share.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use deploy_tests::arm::Types;
use deploy_tests::project::{self, Project};
use deploy_tests::rules::{self, Facts};
use serde_json::Value;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository's root")
}

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts of the deployment's files.
pub(crate) fn texts() -> BTreeMap<String, String> {
    project::texts(&root().join("deploy")).expect("the deployment's files")
}

/// The files, read.
pub(crate) fn project(texts: &BTreeMap<String, String>) -> Project {
    Project::parse(texts).unwrap_or_else(|error| panic!("{error:#}"))
}

/// What the rest of the repository says.
pub(crate) fn facts() -> Facts {
    let (services, _) = deploy_tests::azure_yaml::review(&read("azure.yaml")).expect("azure.yaml");
    let mut facts = Facts {
        services: services.into_iter().map(|service| service.name).collect(),
        bicep_config: [".", "deploy", "deploy/modules"]
            .iter()
            .any(|folder| root().join(folder).join("bicepconfig.json").exists()),
        ..Facts::default()
    };
    for entry in fs::read_dir(root().join("digital-twins")).expect("the Digital Twins app") {
        let path = entry.expect("an entry").path().join("function.json");
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let function: Value = serde_json::from_str(&text).expect("function.json");
        for binding in function["bindings"].as_array().expect("bindings") {
            if binding["type"] == "eventHubTrigger" {
                let text = |name: &str| binding[name].as_str().expect(name).to_owned();
                facts.event_hubs.insert(text("eventHubName"));
                facts.connections.insert(text("connection"));
                facts.consumer_groups.insert(text("consumerGroup"));
            }
        }
    }
    facts.settings = settings();
    facts
}

/// The settings that the README of the Digital Twins app has in its table.
fn settings() -> BTreeSet<String> {
    let readme = read("digital-twins/README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned()));
    names.filter(|name| name.starts_with("ADT_")).collect()
}

/// All complaints about a deployment, as text.
pub(crate) fn complaints(texts: &BTreeMap<String, String>, facts: &Facts) -> Vec<String> {
    static TYPES: OnceLock<Types> = OnceLock::new();
    let types = TYPES.get_or_init(|| {
        Types::parse(include_str!("../../fixtures/arm-types.json")).expect("the types")
    });
    let project = match Project::parse(texts) {
        Ok(project) => project,
        Err(error) => return vec![format!("{error:#}")],
    };
    let complaints = rules::complaints(&project, types, facts);
    complaints.iter().map(ToString::to_string).collect()
}
