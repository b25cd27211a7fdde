//! What a device hears from its registration to its assignment.

use provisioning::{Enrollment, Enrollments, Missing, RequestError, Step, SymmetricKey};
use serde_json::{Value, json};

use crate::bench::{A, B, Bench, GROUP_KEY, hub_with_twin};

#[test]
fn a_device_is_accepted_told_to_wait_and_then_assigned() {
    let mut bench = Bench::new();
    let at = bench.moment();
    let caller = bench.caller("toaster");
    let registered = bench.service.register(
        &at,
        &caller,
        br#"{"registrationId":"toaster","payload":{"n":1}}"#,
    );
    let registered = registered.unwrap();
    assert_eq!(
        (registered.answer.status(), registered.answer.retry_after),
        (202, Some(3))
    );
    let operation_id = registered.answer.body.operation_id.clone();
    assert_eq!(
        json!(registered.answer.body),
        json!({"operationId": operation_id, "status": "assigning"})
    );
    let key = registered.started.unwrap();
    assert_eq!(
        bench.poll("toaster", &operation_id).unwrap(),
        json!({"status": 202, "retryAfter": 3, "body": {
            "operationId": operation_id, "status": "assigning",
            "registrationState": {"registrationId": "toaster", "status": "assigning"}}})
    );
    let answer = json!({"iotHubHostName": A.to_uppercase(), "payload": {"hello": "device"}});
    bench.answer(&key, 200, &answer.to_string());
    let settlement = bench.settlement(&key);
    let before = bench.poll("toaster", &operation_id).unwrap();
    assert_eq!(before["status"], 202, "nobody hears of what isn't saved");
    bench.service.commit(*settlement);
    let done = bench.poll("toaster", &operation_id).unwrap();
    assert_eq!(
        (&done["status"], &done["retryAfter"]),
        (&json!(200), &Value::Null)
    );
    assert_eq!(done["body"]["status"], "assigned");
    let state = &done["body"]["registrationState"];
    assert_eq!(state["assignedHub"], A);
    assert_eq!(state["deviceId"], "toaster");
    assert_eq!(state["substatus"], "initialAssignment");
    assert_eq!(state["payload"], json!({"hello": "device"}));
    assert_eq!(
        state["symmetricKey"],
        json!({"enrollmentGroupId": "contoso"})
    );
    assert_eq!(bench.look_up("toaster"), *state);
    assert!(matches!(bench.step(&key), Step::Stop));
}

#[test]
fn a_device_that_registers_twice_joins_its_running_registration() {
    let mut bench = Bench::new();
    let (operation_id, key) = bench.start("toaster", &json!({}));
    let (status, started) = bench.try_register("TOASTER", b"{}").unwrap();
    assert_eq!((status.operation_id, started), (operation_id.clone(), None));
    bench.service.abandon(&key);
    assert_eq!(
        bench.poll("toaster", &operation_id).unwrap_err(),
        RequestError::NotFound(Missing::Operation)
    );
}

#[test]
fn hashed_and_static_need_no_webhook() {
    let fixed = json!({"allocationPolicy": "static", "iotHubHostName": B});
    let mut bench = Bench::with_group(&fixed);
    let (_, key) = bench.start("toaster", &json!({}));
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    assert_eq!(bench.look_up("toaster")["assignedHub"], B);

    let mut bench = Bench::with_group(&json!({"allocationPolicy": "hashed"}));
    for number in 0..100 {
        let (_, key) = bench.start(&format!("device-{number}"), &json!({}));
        let settlement = bench.settlement(&key);
        bench.service.commit(*settlement);
    }
    let counts: Vec<usize> = bench
        .service
        .hubs()
        .iter()
        .map(|(_, devices)| devices.len())
        .collect();
    assert!(counts.iter().all(|&count| count > 25), "{counts:?}");
    let (_, key) = bench.start("Device-7", &json!({}));
    let settlement = bench.settlement(&key);
    assert!(
        settlement.hub_changes.is_empty(),
        "the hash doesn't move a device"
    );
}

#[test]
fn an_individual_enrollment_gives_its_device_another_id() {
    let enrollment = json!({
        "registrationId": "press", "deviceId": "press-07", "allocationPolicy": "static", "iotHubHostName": A,
        "attestation": {"type": "symmetricKey", "symmetricKey": {
            "primaryKey": SymmetricKey::parse(GROUP_KEY).unwrap().derive("press").to_base64(), "secondaryKey": GROUP_KEY}},
    });
    let enrollment = Enrollment::individual(serde_json::from_value(enrollment).unwrap()).unwrap();
    let mut bench = Bench::of(Enrollments::from_iter([enrollment]));
    let (_, key) = bench.start("press", &json!({}));
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    let state = bench.look_up("press");
    assert_eq!(state["deviceId"], "press-07");
    assert_eq!(state.get("symmetricKey"), None);
    assert!(bench.twin(A, "press-07").is_some());
}

#[test]
fn a_disabled_device_is_told_at_once_and_the_webhook_is_not_asked() {
    let mut bench = Bench::with_group(&json!({"provisioningStatus": "disabled"}));
    let (status, started) = bench.try_register("toaster", b"{}").unwrap();
    assert_eq!(started, None);
    assert_eq!(
        json!(status),
        json!({"operationId": "", "status": "disabled",
            "registrationState": {"registrationId": "toaster", "status": "disabled"}})
    );
}

#[test]
fn a_malformed_registration_is_told_what_is_wrong() {
    #[track_caller]
    fn check(body: &[u8], sentence: &str) {
        let refusal = Bench::new().try_register("toaster", body).unwrap_err();
        assert_eq!(refusal.to_string(), format!("Invalid argument: {sentence}"));
        assert_eq!(refusal.status(), 400);
    }
    check(
        br#"{"registrationId":"other"}"#,
        "registrationId in the body is \"other\", and toaster registers",
    );
    check(
        br#"{"tpm":{"endorsementKey":"EK"}}"#,
        "tpm is given, and the device is enrolled with another attestation",
    );
    for body in ["", r#"{"registrationId":7}"#, r#"["p1",{"arr":1},null]"#] {
        let refusal = Bench::new()
            .try_register("toaster", body.as_bytes())
            .unwrap_err();
        assert_eq!(refusal.to_string(), "Deserialization error.", "{body}");
        assert_eq!(refusal.error_code(), 400_012, "{body}");
    }
    let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    check(
        padded(98_305).as_bytes(),
        "the message has 98305 bytes, and 98304 are allowed",
    );
    assert!(
        Bench::new()
            .try_register("toaster", padded(98_304).as_bytes())
            .is_ok()
    );
}

#[test]
fn a_device_that_never_registered_is_unassigned_and_has_no_operation() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.look_up("toaster"),
        json!({"registrationId": "toaster", "status": "unassigned"})
    );
    assert_eq!(
        bench.poll("toaster", "5.1.2").unwrap_err(),
        RequestError::NotFound(Missing::Operation)
    );
}

#[test]
fn a_device_cannot_ask_for_another_s_operation() {
    let mut bench = Bench::new();
    let (operation_id, _) = bench.start("toaster", &json!({}));
    assert_eq!(
        bench.poll("heatpump", &operation_id).unwrap_err(),
        RequestError::NotFound(Missing::Operation)
    );
}

#[test]
fn a_restored_service_knows_its_devices() {
    let mut bench = Bench::new();
    let (_, key) = bench.start("Toaster", &json!({}));
    bench.answer(&key, 200, &hub_with_twin(A, "first").to_string());
    let settlement = *bench.settlement(&key);
    let registration = settlement.registration.clone();
    bench.service.commit(settlement);
    let identity = bench.service.hubs().device(A, "Toaster").unwrap().clone();

    let mut again = Bench::new();
    again
        .service
        .restore([registration], [(A.to_owned(), identity)]);
    assert_eq!(again.look_up("toaster"), bench.look_up("toaster"));
    let (_, key) = again.start("Toaster", &json!({}));
    again.answer(&key, 200, &hub_with_twin(B, "second").to_string());
    let settlement = again.settlement(&key);
    again.service.commit(*settlement);
    assert_eq!(again.twin(B, "Toaster").unwrap()["tags"]["t"], "first");
}
