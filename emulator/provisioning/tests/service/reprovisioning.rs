//! What becomes of twins and hubs when a device registers again.

use serde_json::{Value, json};

use crate::bench::{A, B, Bench, hub_with_twin};

#[test]
fn the_webhook_decides_the_first_twin_and_else_the_enrollment() {
    let mut bench = Bench::with_group(&json!({"initialTwin": {"tags": {"t": "enrollment"}}}));
    bench.register("one", 200, &hub_with_twin(A, "webhook"));
    bench.register(
        "two",
        200,
        &json!({"iotHubHostName": A, "initialTwin": null}),
    );
    assert_eq!(
        bench.twin(A, "one"),
        Some(json!({"tags": {"t": "webhook"}, "desired": {"d": "webhook"}}))
    );
    assert_eq!(
        bench.twin(A, "two"),
        Some(json!({"tags": {"t": "enrollment"}, "desired": {}}))
    );
}

#[test]
fn the_same_hub_keeps_twin_and_substatus_under_every_policy() {
    for policy in [
        json!({"updateHubAssignment": true, "migrateDeviceData": true}),
        json!({"updateHubAssignment": true, "migrateDeviceData": false}),
        json!({"updateHubAssignment": false, "migrateDeviceData": true}),
    ] {
        let mut bench = Bench::with_group(&json!({"reprovisionPolicy": policy}));
        let first = bench.register("toaster", 200, &hub_with_twin(A, "first"));
        let second = bench.register("toaster", 200, &hub_with_twin(A, "second"));
        assert_eq!(second["substatus"], "initialAssignment");
        assert_eq!(second["createdDateTimeUtc"], first["createdDateTimeUtc"]);
        assert_ne!(
            second["lastUpdatedDateTimeUtc"],
            first["lastUpdatedDateTimeUtc"]
        );
        assert_ne!(second["etag"], first["etag"]);
        assert_eq!(bench.twin(A, "toaster").unwrap()["tags"]["t"], "first");
    }
}

#[test]
fn migrating_moves_the_twin_and_ignores_the_webhook_s() {
    let mut bench = Bench::with_group(&json!({"capabilities": {"iotEdge": true}}));
    bench.register("toaster", 200, &hub_with_twin(A, "first"));
    let moved = bench.register("toaster", 200, &hub_with_twin(B, "second"));
    assert_eq!(moved["substatus"], "deviceDataMigrated");
    assert_eq!(bench.twin(A, "toaster"), None);
    assert_eq!(bench.twin(B, "toaster").unwrap()["tags"]["t"], "first");
    assert!(bench.service.hubs().device(B, "toaster").unwrap().iot_edge);
    let back = bench.register("toaster", 200, &hub_with_twin(A, "third"));
    assert_eq!(back["substatus"], "reprovisionedToInitialAssignment");
    assert_eq!(bench.twin(A, "toaster").unwrap()["tags"]["t"], "first");
}

#[test]
fn resetting_starts_afresh_in_the_other_hub() {
    let policy = json!({"updateHubAssignment": true, "migrateDeviceData": false});
    let mut bench = Bench::with_group(&json!({"reprovisionPolicy": policy}));
    bench.register("toaster", 200, &hub_with_twin(A, "first"));
    let moved = bench.register("toaster", 200, &hub_with_twin(B, "second"));
    assert_eq!(moved["substatus"], "deviceDataReset");
    assert_eq!(bench.twin(A, "toaster"), None);
    assert_eq!(bench.twin(B, "toaster").unwrap()["tags"]["t"], "second");
}

#[test]
fn never_reprovisioning_offers_the_webhook_the_current_hub_alone() {
    let policy = json!({"updateHubAssignment": false, "migrateDeviceData": true});
    let mut bench = Bench::with_group(&json!({"reprovisionPolicy": policy}));
    bench.register("toaster", 200, &hub_with_twin(A, "first"));
    let (_, key) = bench.start("toaster", &json!({}));
    assert_eq!(bench.request(&key)["linkedHubs"], json!([A]));
    bench.answer(&key, 200, &json!({"iotHubHostName": B}).to_string());
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    let state = bench.look_up("toaster");
    assert_eq!(
        (&state["status"], &state["errorCode"]),
        (&json!("failed"), &json!(400_207))
    );
    assert_eq!(bench.twin(A, "toaster").unwrap()["tags"]["t"], "first");
}

#[test]
fn a_failed_registration_leaves_the_device_where_it_is() {
    let mut bench = Bench::new();
    bench.register("toaster", 200, &hub_with_twin(A, "first"));
    let failed = bench.register("toaster", 400, &json!("no"));
    assert_eq!(failed["assignedHub"], Value::Null);
    let (_, key) = bench.start("toaster", &json!({}));
    assert_eq!(
        bench.request(&key)["deviceRuntimeContext"]["currentIotHubHostName"],
        A
    );
}
