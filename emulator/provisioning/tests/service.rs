//! The provisioning service as a value: requests go in, the clock is turned by hand, and webhooks answer when the test says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use provisioning::{
    Authorities, Caller, Enrollment, Enrollments, Missing, OperationKey,
    RegistrationOperationStatus, RequestContext, RequestError, SasToken, Service, Settings,
    Settlement, Step, SymmetricKey, Timestamp, Transport, WebhookOutcome,
};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const SCOPE: &str = "0ne00LOCAL1";
const GROUP_KEY: &str = "Z3JvdXAga2V5IGZvciB0ZXN0cw==";
const A: &str = "a-toasters.azure-devices.net";
const B: &str = "b-heatpumps.azure-devices.net";
const WEBHOOK: &str = "https://app.azurewebsites.net/api/HttpTrigger1?code=s3cr3t";

/// A service with one group, and a clock that the test turns.
struct Bench {
    service: Service,
    now: Timestamp,
    requests: u128,
}

impl Bench {
    fn new() -> Self {
        Self::with_group(&json!({}))
    }

    /// A bench whose group has other members than usual.
    fn with_group(members: &Value) -> Self {
        let group = json!({
            "enrollmentGroupId": "contoso",
            "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": GROUP_KEY, "secondaryKey": GROUP_KEY}},
            "reprovisionPolicy": {"updateHubAssignment": true, "migrateDeviceData": true},
            "allocationPolicy": "custom",
            "customAllocationDefinition": {"webhookUrl": WEBHOOK, "apiVersion": "2021-10-01"},
        });
        Self::of(Enrollments::from_iter([group_of(&group, members)]))
    }

    fn of(enrollments: Enrollments) -> Self {
        let settings = Settings {
            id_scope: SCOPE.to_owned(),
            linked_hubs: vec![A.to_owned(), B.to_owned()],
            enrollments,
            throttled: true,
            time_scale: 1.0,
            assign_after: Duration::ZERO,
        };
        Self {
            service: Service::new(settings),
            now: Timestamp::from_unix(1_800_000_000).unwrap(),
            requests: 0,
        }
    }

    fn moment(&mut self) -> RequestContext {
        self.requests += 1;
        RequestContext {
            now: self.now,
            id: Uuid::from_u128(self.requests),
        }
    }

    fn turn_clock(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    fn caller(&self, registration_id: &str) -> Caller {
        let key = SymmetricKey::parse(GROUP_KEY).unwrap();
        let expiry = self.now.after(Duration::from_hours(1));
        let token = SasToken::issue(&key.derive(registration_id), SCOPE, registration_id, expiry);
        Caller {
            id_scope: SCOPE.to_owned(),
            registration_id: registration_id.to_owned(),
            sas_token: Some(token),
            certificate: None,
            transport: Transport::Https,
        }
    }

    fn try_register(
        &mut self,
        id: &str,
        body: &[u8],
    ) -> Result<(RegistrationOperationStatus, Option<OperationKey>), RequestError> {
        let at = self.moment();
        let caller = self.caller(id);
        let registered = self.service.register(&at, &caller, body)?;
        Ok((registered.answer.body, registered.started))
    }

    fn start(&mut self, id: &str, body: &Value) -> (String, OperationKey) {
        let (status, started) = self.try_register(id, body.to_string().as_bytes()).unwrap();
        (status.operation_id, started.unwrap())
    }

    fn step(&mut self, key: &OperationKey) -> Step {
        let at = self.moment();
        self.service.step(key, &at)
    }

    /// What the webhook is sent next.
    fn request(&mut self, key: &OperationKey) -> Value {
        match self.step(key) {
            Step::Ask(call) => {
                assert_eq!(call.url, WEBHOOK);
                serde_json::from_str(&call.request.to_json().unwrap()).unwrap()
            }
            other => panic!("not asked: {other:?}"),
        }
    }

    /// The webhook answers, and is judged by the hubs of the question.
    fn answer(&mut self, key: &OperationKey, status: u16, body: &str) {
        let Step::Ask(call) = self.step(key) else {
            panic!("not asked");
        };
        let outcome = WebhookOutcome::judge(status, body.as_bytes(), call.request.linked_hubs());
        self.service.answered(key, outcome, self.now);
    }

    fn settlement(&mut self, key: &OperationKey) -> Box<Settlement> {
        match self.step(key) {
            Step::Save(settlement) => settlement,
            other => panic!("not decided: {other:?}"),
        }
    }

    fn poll(&mut self, id: &str, operation_id: &str) -> Result<Value, RequestError> {
        let at = self.moment();
        let caller = self.caller(id);
        let answer = self.service.operation_status(&at, &caller, operation_id)?;
        Ok(
            json!({"status": answer.status(), "retryAfter": answer.retry_after, "body": answer.body}),
        )
    }

    fn look_up(&mut self, id: &str) -> Value {
        let at = self.moment();
        let caller = self.caller(id);
        json!(self.service.look_up(&at, &caller).unwrap().body)
    }

    /// A whole registration, from the request to the state that the device ends with.
    fn register(&mut self, id: &str, status: u16, answer: &Value) -> Value {
        self.turn_clock(60);
        let (operation_id, key) = self.start(id, &json!({}));
        self.answer(&key, status, &answer.to_string());
        let settlement = self.settlement(&key);
        self.service.commit(*settlement);
        self.poll(id, &operation_id).unwrap()["body"]["registrationState"].clone()
    }

    fn twin(&self, hub: &str, device_id: &str) -> Option<Value> {
        let device = self.service.hubs().device(hub, device_id)?;
        Some(json!(device.twin))
    }
}

fn group_of(group: &Value, members: &Value) -> Enrollment {
    let mut group = group.clone();
    for (name, value) in members.as_object().unwrap() {
        group[name] = value.clone();
    }
    Enrollment::group(
        serde_json::from_value(group).unwrap(),
        &Authorities::default(),
    )
    .unwrap()
}

fn hub_with_twin(hub: &str, tag: &str) -> Value {
    json!({"iotHubHostName": hub, "initialTwin": {"tags": {"t": tag}, "properties": {"desired": {"d": tag}}}})
}

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
fn a_thousand_registrations_a_minute_are_admitted() {
    let mut bench = Bench::new();
    for number in 0..1_000 {
        bench.start(&format!("device-{number}"), &json!({}));
    }
    let throttled = bench.try_register("one-more", b"{}").unwrap_err();
    assert_eq!(throttled, RequestError::Throttled(Duration::from_mins(1)));
    bench.turn_clock(60);
    assert!(bench.try_register("one-more", b"{}").is_ok());
}

#[test]
fn a_device_may_poll_five_times_in_ten_seconds() {
    let mut bench = Bench::new();
    let (operation_id, _) = bench.start("toaster", &json!({}));
    bench.start("heatpump", &json!({}));
    for _ in 0..5 {
        bench.poll("toaster", &operation_id).unwrap();
    }
    let throttled = bench.poll("toaster", &operation_id).unwrap_err();
    assert_eq!(throttled, RequestError::Throttled(Duration::from_secs(10)));
    assert_eq!(bench.look_up("heatpump")["status"], "assigning");
    bench.turn_clock(10);
    assert!(bench.poll("toaster", &operation_id).is_ok());
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

#[test]
fn the_time_scale_shortens_waits_and_what_devices_are_told() {
    let mut bench = Bench::new();
    let mut settings = bench.service.settings().clone();
    settings.time_scale = 0.1;
    bench.service = Service::new(settings);
    let at = bench.moment();
    let caller = bench.caller("toaster");
    let registered = bench.service.register(&at, &caller, b"{}").unwrap();
    assert_eq!(registered.answer.retry_after, Some(1));
    let key = registered.started.unwrap();
    bench.answer(&key, 503, "");
    let Step::Wait { until } = bench.step(&key) else {
        panic!("no wait");
    };
    assert_eq!(until, bench.now.after(Duration::from_millis(100)));
    let operation_id = registered.answer.body.operation_id;
    for _ in 0..5 {
        bench.poll("toaster", &operation_id).unwrap();
    }
    assert!(bench.poll("toaster", &operation_id).is_err());
    bench.turn_clock(1);
    assert!(bench.poll("toaster", &operation_id).is_ok());
}

#[test]
fn an_assignment_takes_its_least_time_and_no_more() {
    let mut bench = Bench::new();
    let mut settings = bench.service.settings().clone();
    settings.assign_after = Duration::from_secs(4);
    bench.service = Service::new(settings);
    let start = bench.now;
    let (operation_id, key) = bench.start("toaster", &json!({}));
    bench.answer(&key, 200, &json!({"iotHubHostName": A}).to_string());
    for _ in 0..2 {
        let Step::Wait { until } = bench.step(&key) else {
            panic!("no wait");
        };
        assert_eq!(until, start.after(Duration::from_secs(4)));
        let status = bench.poll("toaster", &operation_id).unwrap();
        assert_eq!(status["body"]["status"], "assigning");
        bench.turn_clock(2);
    }
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    let status = bench.poll("toaster", &operation_id).unwrap();
    assert_eq!(status["body"]["status"], "assigned");
}
