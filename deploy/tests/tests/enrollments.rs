//! `deploy/enrollments` against a stand-in for `az`: what it writes, what it leaves, and what it
//! refuses.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod stand_in;

use serde_json::{Value, json};
use stand_in::{GROUP, World};

const GROUPS: &str = "enrollmentGroups";

#[test]
fn a_group_is_made_and_then_left() {
    let world = World::new();
    let done = world.run("enrollments", &[]);
    assert_eq!((done.status, done.errors.as_str()), (Some(0), ""));
    assert_eq!(
        done.output,
        "made the key dps-1 of HttpTrigger1\ncreated group contoso-custom-allocated-devices\n"
    );
    world.has_its_group();
    let before = world.record(GROUPS, GROUP);
    let done = world.run("enrollments", &[]);
    assert_eq!(
        done.output,
        "unchanged group contoso-custom-allocated-devices\n"
    );
    assert_eq!(world.record(GROUPS, GROUP), before);
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = World::new();
    let before = world.read();
    let done = world.run("enrollments", &["--dry-run"]);
    assert_eq!(
        done.output,
        "would make the key dps-1 of HttpTrigger1\nwould create group contoso-custom-allocated-devices\n"
    );
    let after = world.read();
    assert_eq!(
        (&after["apps"], &after["services"]),
        (&before["apps"], &before["services"])
    );

    world.run("enrollments", &[]);
    world.change(|world| {
        world["services"]["dps-dev"]["records"][GROUPS][GROUP]["allocationPolicy"] =
            json!("hashed");
    });
    let before = world.record(GROUPS, GROUP);
    let done = world.run("enrollments", &["--dry-run"]);
    assert_eq!(
        done.output,
        "would update group contoso-custom-allocated-devices: allocationPolicy\n"
    );
    assert_eq!(world.record(GROUPS, GROUP), before);
}

#[test]
fn an_update_keeps_the_keys_of_the_devices_and_what_the_file_does_not_say() {
    let world = World::new();
    let attestation = json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": "s3cr3t-1", "secondaryKey": "s3cr3t-2"}});
    world.change(|world| {
        world["services"]["dps-dev"]["records"][GROUPS][GROUP] = json!({
            "enrollmentGroupId": GROUP,
            "attestation": attestation,
            "allocationPolicy": "Hashed",
            "provisioningStatus": "disabled",
            "initialTwin": {"tags": {"a": 1}},
            "credentialPolicyName": "kept",
            "etag": "e0",
            "createdDateTimeUtc": "2026-01-01T00:00:00Z",
        });
    });
    let done = world.run("enrollments", &[]);
    assert!(
        done.output.ends_with(
            "updated group contoso-custom-allocated-devices: provisioningStatus, allocationPolicy, \
             customAllocationDefinition, reprovisionPolicy\n"
        ),
        "{done:?}"
    );
    world.has_its_group();
    let record = world.record(GROUPS, GROUP);
    assert_eq!(record["attestation"], attestation);
    assert_eq!(record["initialTwin"], json!({"tags": {"a": 1}}));
    assert_eq!(record["credentialPolicyName"], "kept");
    assert_eq!(record["createdDateTimeUtc"], Value::Null);
}

#[test]
fn all_that_a_file_can_say() {
    let world = World::new();
    let file = world.file(
        "all.json",
        r#"{
          "groups": [
            {"id": "a b/c", "hubs": ["one.azure-devices.net"], "reprovision": "reset", "edge": true, "enabled": false,
             "initialTwin": {"tags": {"t": 1}}},
            {"id": "certified", "attestation": {"type": "x509", "x509": {"caReferences": {"primary": "root"}}}},
            {"id": "twins", "app": "digital-twins"}
          ],
          "individuals": [{"id": "dev-1", "deviceId": "other", "reprovision": "never"}]
        }"#,
    );
    let done = world.run("enrollments", &["--file", &file]);
    assert_eq!(done.status, Some(0), "{done:?}");
    let record = world.record(GROUPS, "a b/c");
    assert_eq!(record["iotHubs"], json!(["one.azure-devices.net"]));
    assert_eq!(
        record["reprovisionPolicy"],
        json!({"updateHubAssignment": true, "migrateDeviceData": false})
    );
    assert_eq!(record["capabilities"], json!({"iotEdge": true}));
    assert_eq!(record["provisioningStatus"], "disabled");
    assert_eq!(record["initialTwin"], json!({"tags": {"t": 1}}));
    let record = world.record(GROUPS, "certified");
    assert_eq!(
        record["attestation"],
        json!({"type": "x509", "x509": {"caReferences": {"primary": "root"}}})
    );
    assert_eq!(record["iotHubs"], Value::Null);
    let url = world.record(GROUPS, "twins")["customAllocationDefinition"]["webhookUrl"].clone();
    assert!(
        url.as_str()
            .unwrap()
            .starts_with("https://func-twins.azurewebsites.net/api/DpsAdtAllocationFunc?code=")
    );
    let record = world.record("enrollments", "dev-1");
    assert_eq!(record["deviceId"], "other");
    assert_eq!(
        record["reprovisionPolicy"],
        json!({"updateHubAssignment": false, "migrateDeviceData": false})
    );
    let done = world.run("enrollments", &["--file", &file]);
    assert_eq!(done.output.matches("unchanged").count(), 4, "{done:?}");
}

#[test]
fn a_file_that_is_wrong() {
    let world = World::new();
    for (text, expected) in [
        ("", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "must be an object with 'groups' and 'individuals'"),
        (
            r#"{"group": []}"#,
            "must be an object with 'groups' and 'individuals'",
        ),
        (r#"{"groups": {}}"#, "'groups' must be a list of objects"),
        (r#"{"groups": [{}]}"#, "groups[0]: 'id' is missing"),
        (
            r#"{"groups": [{"id": "a", "hub": "b"}]}"#,
            "groups[0]: there is no 'hub'; known are id, app, function, deviceId, hubs, attestation, reprovision, edge, enabled, initialTwin",
        ),
        (
            r#"{"groups": [{"id": "a", "hubs": []}]}"#,
            "groups[0]: 'hubs' must be a list of host names; without it, all linked hubs count",
        ),
        (
            r#"{"groups": [{"id": "a", "edge": "no"}]}"#,
            "groups[0]: 'edge' must be true or false",
        ),
        (
            r#"{"groups": [{"id": "a", "app": "b"}]}"#,
            "groups[0]: 'app' must be allocation or digital-twins",
        ),
        (
            r#"{"groups": [{"id": "a", "reprovision": "b"}]}"#,
            "groups[0]: 'reprovision' must be one of migrate, reset, never",
        ),
        (
            r#"{"groups": [{"id": "a", "deviceId": "b"}]}"#,
            "groups[0]: a group has no 'deviceId'",
        ),
        (
            r#"{"groups": [{"id": "a"}, {"id": "A"}]}"#,
            "the group A is there twice",
        ),
        (
            r#"{"individuals": [{"id": "a", "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": "s3cr3t"}}}]}"#,
            "individuals[0]: keys have no place in a file: the service makes them",
        ),
        (
            r#"{"individuals": [{"id": "a", "attestation": {"type": "tpm"}}]}"#,
            "individuals[0]: the attestation lacks 'tpm'",
        ),
        (
            r#"{"individuals": [{"id": "a", "attestation": {"type": "b"}}]}"#,
            "individuals[0]: the attestation's type must be symmetricKey, x509 or tpm",
        ),
    ] {
        let file = world.file("wrong.json", text);
        let done = world.run("enrollments", &["--file", &file]);
        assert_eq!(done.status, Some(1), "{text}");
        assert!(
            done.errors.starts_with("enrollments: ") && done.errors.contains(expected),
            "{text}: {done:?}"
        );
        assert_eq!(world.calls(), 0, "{text}");
    }
    let done = world.run("enrollments", &["--file", "/nowhere"]);
    assert_eq!(
        done.errors,
        "enrollments: cannot read /nowhere: No such file or directory\n"
    );
}

#[test]
fn another_attestation_is_refused() {
    let world = World::new();
    world.change(|world| {
        world["services"]["dps-dev"]["records"][GROUPS][GROUP] =
            json!({"attestation": {"type": "x509"}, "etag": "e0"});
    });
    let done = world.run("enrollments", &[]);
    assert_eq!(
        done.errors,
        "enrollments: the group contoso-custom-allocated-devices attests by x509: delete it first, as its devices can't \
         come back by symmetricKey\n"
    );
    assert_eq!(done.status, Some(1));
}

#[test]
fn what_is_missing_is_said() {
    let world = World::new();
    for (arguments, expected) in [
        (
            &["--app", "other"][..],
            "enrollments: the app other: 404 Not Found: The resource was not found.\n",
        ),
        (
            &["--dps", "other"],
            "enrollments: the service other: 404 Not Found: The resource was not found.\n",
        ),
        (
            &["--dps", ""],
            "enrollments: --dps is missing, and $DPS_NAME is not set\n",
        ),
        (
            &["--resource-group", "other"],
            "enrollments: the service dps-dev: 404 Not Found: The resource group could not be found.\n",
        ),
    ] {
        let done = world.run("enrollments", arguments);
        assert_eq!((done.status, done.errors.as_str()), (Some(1), expected));
    }
    world.change(|world| world["apps"]["func-allocation"] = json!({}));
    let done = world.run("enrollments", &[]);
    assert!(
        done.output
            .starts_with("  func-allocation has no keys yet (400): again in 0 s\n"),
        "{done:?}"
    );
    assert_eq!(
        done.errors,
        "enrollments: func-allocation gives no keys of HttpTrigger1 (400): a host that does not run has none. Was the code \
         deployed? Bad Request: Encountered an error (ServiceUnavailable) from host runtime.\n"
    );
}

#[test]
fn a_key_that_the_service_hides_is_written_again() {
    let world = World::new();
    world.run("enrollments", &[]);
    world.change(|world| world["hides_keys"] = json!(true));
    let done = world.run("enrollments", &[]);
    assert_eq!(
        done.output,
        "updated group contoso-custom-allocated-devices: customAllocationDefinition\n"
    );
    world.has_its_group();
}

#[test]
fn the_help_names_every_field_and_argument() {
    let world = World::new();
    let help = world.run("enrollments", &["--help"]).output;
    for field in [
        "id",
        "app",
        "function",
        "hubs",
        "attestation",
        "reprovision",
        "edge",
        "enabled",
        "initialTwin",
        "deviceId",
    ] {
        assert!(
            help.contains(&format!("\n  {field} ")),
            "{field} is not in {help}"
        );
    }
    for script in ["enrollments", "rotate-key"] {
        // Long lines are wrapped.
        let help = world.run(script, &["--help"]).output;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for (argument, variable) in [
            ("--resource-group", "AZURE_RESOURCE_GROUP"),
            ("--dps", "DPS_NAME"),
            ("--app", "ALLOCATION_APP_NAME"),
            ("--digital-twins-app", "DIGITAL_TWINS_APP_NAME"),
        ] {
            assert!(
                help.contains(argument) && help.contains(&format!("[default: ${variable}]")),
                "{help}"
            );
        }
        assert!(
            help.contains("--dry-run") && help.contains("No key is ever printed."),
            "{help}"
        );
    }
}

#[test]
fn an_argument_that_is_not_known() {
    let done = World::new().run("rotate-key", &["--all"]);
    assert_eq!(done.status, Some(2));
    assert!(
        done.errors
            .ends_with("rotate-key: error: unrecognized arguments: --all\n"),
        "{done:?}"
    );
}
