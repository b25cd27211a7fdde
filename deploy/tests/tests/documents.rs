//! What the documents say of the deployment.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use deploy_tests::bicep::Kind;

/// Parameters that azd sets by itself, or that are edited in the file.
const SET_ELSEWHERE: [&str; 3] = ["AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"];

#[test]
fn every_switch_of_the_deployment_is_documented() {
    let parameters = common::read("deploy/main.bicepparam");
    let operations = common::read("docs/OPERATIONS.md");
    let names = parameters
        .split("readEnvironmentVariable('")
        .skip(1)
        .map(|rest| rest.split('\'').next().unwrap());
    for name in names.filter(|name| !SET_ELSEWHERE.contains(name)) {
        assert!(
            operations.contains(&format!("`{name}`")),
            "docs/OPERATIONS.md does not name {name}"
        );
    }
}

#[test]
fn every_role_is_documented() {
    let operations = common::read("docs/OPERATIONS.md");
    let types =
        deploy_tests::arm::Types::parse(include_str!("../fixtures/arm-types.json")).unwrap();
    let project = common::project(&common::texts());
    for (path, variable) in project.all(Kind::Var) {
        let Some(id) = variable.value.as_ref().and_then(|value| value.text()) else {
            continue;
        };
        if let Some((role, _)) = types.roles.iter().find(|(_, known)| *known == id) {
            assert!(
                operations.contains(role),
                "docs/OPERATIONS.md does not name the role {role} of {path}"
            );
        }
    }
}

/// The variables that the scripts read are outputs of the deployment, which azd hands to hooks.
#[test]
fn the_scripts_read_what_the_deployment_puts_out() {
    let project = common::project(&common::texts());
    let outputs: Vec<_> = project
        .all(Kind::Output)
        .filter(|(path, _)| *path == "main.bicep")
        .map(|(_, output)| output.name.as_str())
        .collect();
    for name in [
        "AZURE_RESOURCE_GROUP",
        "DPS_NAME",
        "ALLOCATION_APP_NAME",
        "DIGITAL_TWINS_APP_NAME",
    ] {
        assert!(outputs.contains(&name), "{name}");
        assert!(
            common::read("deploy/service/command.py").contains(&format!("\"{name}\"")),
            "{name}"
        );
    }
}

/// Alerts ask for functions that are there.
#[test]
fn the_alerts_name_the_function() {
    let alerts = common::read("deploy/modules/alerts.bicep");
    for name in alerts
        .split("name == \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(
            common::root().join(name).join("function.json").is_file(),
            "{name}"
        );
    }
}
