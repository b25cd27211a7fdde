//! The examples of the format's page.

use serde_json::{Value, json};

use crate::support::{decide, policy, request, rules};

fn thermostats() -> allocation::policy::File {
    rules(&json!([
        {"name": "thermostat, current",
         "when": {"payload.modelId": {"startsWith": "dtmi:contoso:thermostat;"},
                  "payload.firmware": {"version": {"greaterOrEquals": "12.0.2", "less": "13"}}},
         "hub": {"among": {"contains": "-thermostats-"}, "take": "spread"},
         "initialTwin": {"tags": {"model": "{payload.modelId}"}, "properties": {"desired": {"interval": 60}}},
         "payload": {"profile": "v12"}},
        {"name": "thermostat, to be updated",
         "when": {"payload.modelId": {"startsWith": "dtmi:contoso:thermostat;"}},
         "hub": {"among": {"contains": "-quarantine-"}},
         "initialTwin": {"tags": {"was": "{payload.firmware?}"},
             "properties": {"desired": {"firmware": "https://fw.contoso.example/12.0.2.5.bin"}}}},
    ]))
}

#[test]
fn the_tutorial_s_file_decides_as_the_tutorial() {
    let file = include_bytes!("../../../../allocation.json");
    let file = allocation::policy::File::parse(file).unwrap();
    let hubs = [
        "contoso-toasters-hub-1.net",
        "contoso-heatpumps-hub-2.net",
        "contoso-toasters-hub-3.net",
    ];
    for (id, hubs, expected) in [
        (
            "a-contoso-tstrsd-007",
            &hubs[..],
            json!({"rule": "toaster", "status": 200, "hub": hubs[2], "initialTwin": {
                "properties": {"desired": {"state": "ready", "darknessSetting": "medium"}},
                "tags": {"deviceType": "toaster"}}}),
        ),
        (
            "a-contoso-hpsd-088",
            &hubs,
            json!({"rule": "heat pump", "status": 200, "hub": hubs[1], "initialTwin": {
                "properties": {"desired": {"state": "on", "temperatureSetting": "65"}},
                "tags": {"deviceType": "heatpump"}}}),
        ),
        (
            "a-contoso-tstrsd-007",
            &hubs[1..2],
            json!({"rule": "toaster", "status": 400, "sentence": "No toasters hub found for the enrollment."}),
        ),
        (
            "a-contoso-hpsd-088",
            &[],
            json!({"rule": "heat pump", "status": 400, "sentence": "No heat pumps hub found for the enrollment."}),
        ),
        (
            "A-CONTOSO-HPSD-088",
            &hubs,
            json!({"rule": "otherwise", "status": 400, "sentence": "Unrecognized device registration."}),
        ),
    ] {
        assert_eq!(
            decide(&file, &request(id, &json!({}), hubs)),
            expected,
            "{id}"
        );
    }
}

#[test]
fn a_device_s_model_and_firmware_choose() {
    let hubs = ["c-quarantine-1.net", "c-thermostats-1.net"];
    let model = "dtmi:contoso:thermostat;2";
    let current = json!({"rule": "thermostat, current", "status": 200, "hub": hubs[1],
        "initialTwin": {"tags": {"model": model}, "properties": {"desired": {"interval": 60}}},
        "payload": {"profile": "v12"}});
    let updated = |tags: Value| {
        json!({"rule": "thermostat, to be updated", "status": 200, "hub": hubs[0],
            "initialTwin": {"tags": tags,
                "properties": {"desired": {"firmware": "https://fw.contoso.example/12.0.2.5.bin"}}}})
    };
    let refused = json!({"rule": "otherwise", "status": 400, "sentence": "No."});
    for (payload, expected) in [
        (
            json!({"modelId": model, "firmware": "12.0.2"}),
            current.clone(),
        ),
        (json!({"modelId": model, "firmware": "12.9"}), current),
        (
            json!({"modelId": model, "firmware": "13"}),
            updated(json!({"was": "13"})),
        ),
        (
            json!({"modelId": model, "firmware": "12.0.2-rc"}),
            updated(json!({"was": "12.0.2-rc"})),
        ),
        (
            json!({"modelId": model, "firmware": 12.5}),
            updated(json!({"was": 12.5})),
        ),
        (json!({"modelId": model}), updated(json!({}))),
        (
            json!({"modelId": "dtmi:contoso:fridge;2", "firmware": "12.9"}),
            refused.clone(),
        ),
        (json!({"modelId": 5}), refused.clone()),
        (json!("text"), refused.clone()),
        (json!(null), refused),
    ] {
        let request = request("dev-1", &json!({"payload": payload}), &hubs);
        assert_eq!(decide(&thermostats(), &request), expected, "{payload}");
    }
}

#[test]
fn weights_keep_and_drain() {
    let file = policy(&json!({"version": 1, "rules": [
        {"name": "all", "hub": {"weights": {"contoso-weu-1.azure-devices.net": 3,
            "contoso-weu-2.azure-devices.net": 1, "contoso-old.azure-devices.net": 0}}}]}));
    let hubs = [
        "contoso-weu-1.azure-devices.net",
        "contoso-weu-2.azure-devices.net",
        "contoso-old.azure-devices.net",
    ];
    for (current, expected) in [
        (json!(null), hubs[0]),
        (json!(hubs[1]), hubs[1]),
        (json!(hubs[2]), hubs[2]),
        (json!("contoso-deleted.azure-devices.net"), hubs[0]),
    ] {
        let context = json!({"currentIotHubHostName": current});
        let decision = decide(&file, &request("dev-1", &context, &hubs));
        assert_eq!(decision["hub"], expected, "{current}");
    }
}

#[test]
fn an_enrollment_group_is_a_tenant() {
    let file = policy(&json!({
        "version": 1,
        "rows": {"tenant": {"key": "{enrollmentGroup.enrollmentGroupId}", "table": {
            "fabrikam-devices": {"hub": "fabrikam-hub.azure-devices.net", "tenant": "fabrikam", "plan": "gold"},
            "adatum-devices": {"hub": "shared-hub.azure-devices.net", "tenant": "adatum", "plan": "basic"}}}},
        "rules": [{"name": "tenant", "when": {"rows.tenant": {"exists": true}}, "hub": "{rows.tenant.hub}",
            "initialTwin": {"tags": {"tenant": "{rows.tenant.tenant}", "plan": "{rows.tenant.plan}"}}}],
        "otherwise": {"refuse": "No tenant has this enrollment."},
    }));
    let hubs = [
        "shared-hub.azure-devices.net",
        "Fabrikam-hub.azure-devices.net",
    ];
    let known = |hub: &str, tenant: &str, plan: &str| {
        json!({"rule": "tenant", "status": 200, "hub": hub,
            "initialTwin": {"tags": {"tenant": tenant, "plan": plan}}})
    };
    let unknown =
        json!({"rule": "otherwise", "status": 400, "sentence": "No tenant has this enrollment."});
    for (group, expected) in [
        (
            json!({"enrollmentGroupId": "fabrikam-devices"}),
            known(hubs[1], "fabrikam", "gold"),
        ),
        (
            json!({"enrollmentGroupId": "adatum-devices"}),
            known(hubs[0], "adatum", "basic"),
        ),
        (
            json!({"enrollmentGroupId": "contoso-devices"}),
            unknown.clone(),
        ),
        (json!({"enrollmentGroupId": null}), unknown.clone()),
        (json!(null), unknown),
    ] {
        let mut request = request("dev-1", &json!({}), &hubs);
        request["enrollmentGroup"] = group;
        assert_eq!(decide(&file, &request), expected, "{request}");
    }
}

#[test]
fn any_of_needs_one_branch_that_holds_whole() {
    let file = rules(&json!([{"name": "r", "hub": {}, "when": {
        "registrationId": {"startsWith": "dev-"},
        "anyOf": [{"payload.a": 1, "payload.b": {"exists": false}}, {"enrollment.registrationId": "dev-2"}]}}]));
    for (id, payload, individual, expected) in [
        ("dev-1", json!({"a": 1}), json!(null), "r"),
        ("dev-1", json!({"a": 1, "b": 1}), json!(null), "otherwise"),
        (
            "dev-1",
            json!({"b": 1}),
            json!({"registrationId": "dev-2"}),
            "r",
        ),
        (
            "dev-1",
            json!({}),
            json!({"registrationId": "dev-1"}),
            "otherwise",
        ),
        ("x-1", json!({"a": 1}), json!(null), "otherwise"),
    ] {
        let mut request = request(id, &json!({"payload": payload}), &["h"]);
        request["individualEnrollment"] = individual;
        assert_eq!(decide(&file, &request)["rule"], expected, "{request}");
    }
}
