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

/// What azd, the hooks and the documents take from a deployment.
#[test]
fn the_deployment_puts_out_what_others_need() {
    let project = common::project(&common::texts());
    let outputs = project
        .all(Kind::Output)
        .filter(|(path, _)| *path == "main.bicep");
    let outputs: Vec<_> = outputs.map(|(_, output)| output.name.as_str()).collect();
    assert_eq!(
        outputs,
        [
            "AZURE_RESOURCE_GROUP",
            "ALLOCATION_APP_NAME",
            "ALLOCATION_APP_HOST",
            "DIGITAL_TWINS_APP_NAME",
            "DIGITAL_TWINS_INSTANCE",
            "DEVICE_TABLE_ACCOUNT",
            "DPS_NAME",
            "DPS_ID_SCOPE",
            "GITHUB_CLIENT_ID",
        ]
    );
}

/// azd gives three variables by itself, and one switch is in azure.yaml as well.
#[test]
fn the_parameters_take_what_azd_gives() {
    let parameters = common::read("deploy/main.bicepparam");
    for name in SET_ELSEWHERE.iter().chain(&["DIGITAL_TWINS"]) {
        assert!(
            parameters.contains(&format!("readEnvironmentVariable('{name}', '")),
            "{name}"
        );
    }
    assert!(common::read("azure.yaml").contains("condition: ${DIGITAL_TWINS}"));
    assert!(
        parameters.contains(
            "param digitalTwins = bool(readEnvironmentVariable('DIGITAL_TWINS', 'false'))"
        )
    );
}

/// The tutorial's policy tells hubs apart by parts of their names.
#[test]
fn the_policy_finds_its_hubs() {
    let project = common::project(&common::texts());
    let hubs = project
        .resources("Microsoft.Devices/IotHubs")
        .find(|(_, hub)| !hub.existing);
    let (path, hub) = hubs.unwrap();
    let loops = hub.each.iter().collect();
    let names = project.samples(
        path,
        hub.value.as_ref().unwrap().get("name").unwrap(),
        &loops,
    );
    for part in ["-toasters-", "-heatpumps-"] {
        assert_eq!(
            names.iter().filter(|name| name.contains(part)).count(),
            1,
            "{names:?}"
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
