use serde_json::{Value, json};

use super::*;

fn group_with(name: &str, value: Value) -> Result<Enrollment, String> {
    let mut group = json!({
        "enrollmentGroupId": "g",
        "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": "cHJpbWFyeQ==", "secondaryKey": "c2Vjb25kYXJ5"}},
        "allocationPolicy": "custom",
        "customAllocationDefinition": {"webhookUrl": "http://localhost:7071/api/HttpTrigger1", "apiVersion": "2021-10-01"},
    });
    group[name] = value;
    let group = serde_json::from_value(group).unwrap();
    Enrollment::group(group, &Authorities::default()).map_err(|error| error.to_string())
}

#[test]
fn a_reprovision_policy_is_one_of_three() {
    for (policy, expected) in [
        (
            json!({"updateHubAssignment": true, "migrateDeviceData": true}),
            Reprovisioning::Migrate,
        ),
        (
            json!({"updateHubAssignment": true, "migrateDeviceData": false}),
            Reprovisioning::Reset,
        ),
        (
            json!({"updateHubAssignment": false, "migrateDeviceData": true}),
            Reprovisioning::Never,
        ),
        (
            json!({"updateHubAssignment": false, "migrateDeviceData": false}),
            Reprovisioning::Never,
        ),
        (Value::Null, Reprovisioning::Never),
    ] {
        let group = group_with("reprovisionPolicy", policy.clone()).unwrap();
        assert_eq!(group.reprovisioning, expected, "{policy}");
    }
}

#[test]
fn the_allocation_policy_says_who_chooses() {
    let hub = "a.azure-devices.net";
    let url = "http://localhost:7071/api/HttpTrigger1".into();
    let policy = |policy| group_with("allocationPolicy", policy).unwrap().allocation;
    assert_eq!(policy(json!("custom")), Allocation::Custom(url));
    assert_eq!(policy(json!("hashed")), Allocation::Hashed);
    assert_eq!(policy(Value::Null), Allocation::Hashed);
    let group = json!({"enrollmentGroupId": "g", "allocationPolicy": "static", "iotHubs": [hub],
        "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": "YQ==", "secondaryKey": "Yg=="}}});
    let group = Enrollment::group(
        serde_json::from_value(group).unwrap(),
        &Authorities::default(),
    )
    .unwrap();
    assert_eq!(group.allocation, Allocation::Static(hub.to_owned()));
}

#[test]
fn what_cannot_be_used_is_named() {
    #[track_caller]
    fn check(name: &str, value: Value, sentence: &str) {
        let error = group_with(name, value).unwrap_err();
        assert_eq!(error, format!("enrollment g: {sentence}"));
    }
    check(
        "attestation",
        json!({"type": "none"}),
        "attestation.type is \"none\"; symmetricKey, x509 and tpm are known",
    );
    check(
        "attestation",
        json!({"type": "symmetricKey"}),
        "attestation.symmetricKey needs primaryKey and secondaryKey, which az prints with --show-keys alone",
    );
    check(
        "attestation",
        json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": "?", "secondaryKey": "Yg=="}}),
        "attestation.symmetricKey: a symmetric key must be base64 text, as the portal shows it",
    );
    check(
        "allocationPolicy",
        json!("weighted"),
        "allocationPolicy is \"weighted\"; custom, hashed and static are emulated",
    );
    check(
        "allocationPolicy",
        json!("static"),
        "allocationPolicy static needs iotHubHostName, or a hub in iotHubs",
    );
    check(
        "customAllocationDefinition",
        Value::Null,
        "allocationPolicy custom needs customAllocationDefinition.webhookUrl",
    );
    for url in [
        "notaurl",
        "/api/HttpTrigger1?code=s3cr3t",
        "http://x y?code=s3cr3t",
        "http://",
        "ftp://x/",
    ] {
        check(
            "customAllocationDefinition",
            json!({"webhookUrl": url, "apiVersion": "2021-10-01"}),
            "customAllocationDefinition.webhookUrl must be an absolute http or https URL",
        );
    }
    check(
        "provisioningStatus",
        json!("off"),
        "provisioningStatus is \"off\"; it must be enabled or disabled",
    );
    check(
        "initialTwin",
        json!({"tags": {"a b": 1}}),
        "initialTwin: tags has the key \"a b\", which holds ' '",
    );
    check(
        "initialTwin",
        json!({"tags": {}, "desired": {"b": 2}}),
        "initialTwin.desired is not a twin's member; initialTwin.properties.desired is",
    );
    check(
        "initialTwin",
        json!({"properties": {"reported": {"b": 2}}}),
        "initialTwin.properties.reported is not a twin's member; tags and properties.desired are",
    );
    let printed = json!({"tags": {}, "additionalProperties": null, "properties": {"desired": {}, "additionalProperties": null}});
    let group = group_with("initialTwin", printed).unwrap();
    assert_eq!(group.initial_twin, DeviceTwin::default());
    check(
        "initialTwin",
        json!({"tags": 7}),
        "initialTwin: tags must be an object",
    );
    check(
        "initialTwin",
        json!([{"a": 1}]),
        "initialTwin: invalid type: sequence, expected an object",
    );
    check(
        "initialTwin",
        serde_json::from_str(r#"{"tags":{"n":123456789012345678901234567890}}"#).unwrap(),
        "initialTwin: tags.n is 1.2345678901234568e+29, and integers go from -4503599627370496 to 4503599627370495",
    );
}

#[test]
fn an_individual_enrollment_keeps_the_rules_of_registration_ids() {
    let enrollment = json!({"registrationId": "a b", "attestation": {"type": "tpm"}});
    let error = Enrollment::individual(serde_json::from_value(enrollment).unwrap());
    assert_eq!(
        error.unwrap_err().to_string(),
        "enrollment a b: the registration id holds ' ', and only letters, digits, '-', '.', '_' and ':' are allowed"
    );
}
