//! What the webhook is sent, and what becomes of its answers.

use provisioning::{Step, WebhookOutcome};
use serde_json::{Value, json};
use std::time::Duration;

use crate::bench::{A, B, Bench};

#[test]
fn the_webhook_gets_the_request_that_the_service_writes() {
    let mut bench = Bench::with_group(&json!({"iotHubs": [A]}));
    let (_, key) = bench.start(
        "Toaster",
        &json!({"registrationId": "toaster", "payload": null}),
    );
    let first = bench.request(&key);
    assert_eq!(
        first["deviceRuntimeContext"],
        json!({"registrationId": "Toaster", "symmetricKey": {}})
    );
    assert_eq!(first["linkedHubs"], json!([A]));
    let group = &first["enrollmentGroup"];
    assert_eq!(group["attestation"], json!({"type": "symmetricKey"}));
    assert_eq!(
        group["customAllocationDefinition"]["webhookUrl"],
        "https://app.azurewebsites.net/api/HttpTrigger1?****"
    );
    bench.answer(&key, 200, &json!({"iotHubHostName": A}).to_string());
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);

    let (_, key) = bench.start("Toaster", &json!({"payload": {"firmware": 2}}));
    assert_eq!(
        bench.request(&key)["deviceRuntimeContext"],
        json!({"registrationId": "Toaster", "currentIotHubHostName": A, "currentDeviceId": "Toaster",
            "symmetricKey": {}, "payload": {"firmware": 2}})
    );
}

#[test]
fn each_answer_of_the_webhook_ends_as_the_status_table_says() {
    let not_linked = json!({"iotHubHostName": "c.azure-devices.net"});
    let bad_twin = json!({"iotHubHostName": A, "initialTwin": {"tags": {"a b": 1}}});
    let wrong_twin = json!({"iotHubHostName": A, "initialTwin": "medium"});
    let no_twin = json!({"iotHubHostName": A, "initialTwin": []});
    let listed_twin = json!({"iotHubHostName": A, "initialTwin": [{"a": 1}, [{"b": 2}]]});
    let listed_properties = json!({"iotHubHostName": A, "initialTwin": {"properties": [{"x": 1}]}});
    for (status, answer, code, message) in [
        (
            400,
            json!("no"),
            400_207,
            "Custom allocation failed with status code: 400",
        ),
        (
            403,
            json!("no"),
            400_207,
            "Custom allocation failed with status code: 403",
        ),
        (
            302,
            json!("no"),
            400_207,
            "Custom allocation failed with status code: 302",
        ),
        (
            401,
            json!("no"),
            400_209,
            "Custom allocation failed with status code: 401",
        ),
        (
            200,
            json!({}),
            400_208,
            "Custom allocation failed: the response does not specify iotHubHostName",
        ),
        (
            200,
            json!({"iotHubHostName": ""}),
            400_208,
            "Custom allocation failed: the response does not specify iotHubHostName",
        ),
        (
            200,
            not_linked,
            400_207,
            "Custom allocation failed: c.azure-devices.net is not one of the linked hubs",
        ),
        (
            200,
            bad_twin,
            400_207,
            "Custom allocation failed: the hub refuses the initial twin: tags has the key \"a b\", which holds ' '",
        ),
        (
            200,
            wrong_twin,
            400_207,
            "Custom allocation failed: the hub refuses the initial twin: invalid type: string \"medium\", expected an object at line 1 column 8",
        ),
        (
            200,
            no_twin,
            400_207,
            "Custom allocation failed: the hub refuses the initial twin: invalid type: sequence, expected an object at line 1 column 0",
        ),
        (
            200,
            listed_twin,
            400_207,
            "Custom allocation failed: the hub refuses the initial twin: invalid type: sequence, expected an object at line 1 column 0",
        ),
        (
            200,
            listed_properties,
            400_207,
            "Custom allocation failed: the hub refuses the initial twin: properties must be an object",
        ),
        (
            200,
            json!([A, null, {"p": 1}]),
            400_207,
            "Custom allocation failed: the response is not an AllocationResponse (invalid type: sequence, expected an object at line 1 column 0)",
        ),
    ] {
        let mut bench = Bench::new();
        let state = bench.register("stranger", status, &answer);
        assert_eq!(state["status"], "failed", "{answer}");
        assert_eq!(state["errorCode"], code, "{answer}");
        assert_eq!(state["errorMessage"], message);
        assert_eq!(state["assignedHub"], Value::Null);
        assert!(
            bench
                .service
                .hubs()
                .iter()
                .all(|(_, devices)| devices.len() == 0)
        );
    }
}

#[test]
fn a_busy_webhook_is_asked_again_while_the_device_hears_assigning() {
    let mut bench = Bench::new();
    let (operation_id, key) = bench.start("toaster", &json!({}));
    for wait in [1, 10, 19, 28, 37, 46, 55, 64, 73, 82] {
        bench.answer(&key, 503, "busy");
        let Step::Wait { until } = bench.step(&key) else {
            panic!("no wait of {wait} s");
        };
        assert_eq!(until, bench.now.after(Duration::from_secs(wait)));
        bench.turn_clock(wait - 1);
        assert!(matches!(bench.step(&key), Step::Wait { .. }));
        assert_eq!(bench.poll("toaster", &operation_id).unwrap()["status"], 202);
        bench.turn_clock(1);
    }
    bench.answer(&key, 500, "still");
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    let state = bench.poll("toaster", &operation_id).unwrap()["body"]["registrationState"].clone();
    assert_eq!(state["errorCode"], 400_207);
    assert_eq!(
        state["errorMessage"],
        "Custom allocation failed with status code: 500"
    );
}

#[test]
fn a_webhook_that_recovers_assigns() {
    let mut bench = Bench::new();
    let (operation_id, key) = bench.start("toaster", &json!({}));
    assert!(matches!(bench.step(&key), Step::Ask(_)));
    bench
        .service
        .answered(&key, WebhookOutcome::unreachable(), bench.now);
    bench.turn_clock(1);
    bench.answer(&key, 200, &json!({"iotHubHostName": B}).to_string());
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    let state = bench.poll("toaster", &operation_id).unwrap();
    assert_eq!(state["body"]["registrationState"]["assignedHub"], B);
}
