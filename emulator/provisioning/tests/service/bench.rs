//! A service with one group, and a clock that the test turns.

use provisioning::{
    Authorities, Caller, Enrollment, Enrollments, OperationKey, RegistrationOperationStatus,
    RequestContext, RequestError, SasToken, Service, Settings, Settlement, Step, SymmetricKey,
    Timestamp, Transport, WebhookOutcome,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

pub(crate) const SCOPE: &str = "0ne00LOCAL1";
pub(crate) const GROUP_KEY: &str = "Z3JvdXAga2V5IGZvciB0ZXN0cw==";
pub(crate) const A: &str = "a-toasters.azure-devices.net";
pub(crate) const B: &str = "b-heatpumps.azure-devices.net";
pub(crate) const WEBHOOK: &str = "https://app.azurewebsites.net/api/HttpTrigger1?code=s3cr3t";

/// A service with one group, and a clock that the test turns.
pub(crate) struct Bench {
    pub(crate) service: Service,
    pub(crate) now: Timestamp,
    requests: u128,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_group(&json!({}))
    }

    /// A bench whose group has other members than usual.
    pub(crate) fn with_group(members: &Value) -> Self {
        let group = json!({
            "enrollmentGroupId": "contoso",
            "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": GROUP_KEY, "secondaryKey": GROUP_KEY}},
            "reprovisionPolicy": {"updateHubAssignment": true, "migrateDeviceData": true},
            "allocationPolicy": "custom",
            "customAllocationDefinition": {"webhookUrl": WEBHOOK, "apiVersion": "2021-10-01"},
        });
        Self::of(Enrollments::from_iter([group_of(&group, members)]))
    }

    pub(crate) fn of(enrollments: Enrollments) -> Self {
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

    pub(crate) fn moment(&mut self) -> RequestContext {
        self.requests += 1;
        RequestContext {
            now: self.now,
            id: Uuid::from_u128(self.requests),
        }
    }

    pub(crate) fn turn_clock(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    pub(crate) fn caller(&self, registration_id: &str) -> Caller {
        let key = SymmetricKey::parse(GROUP_KEY).unwrap();
        let expiry = self.now.after(Duration::from_hours(1));
        let token = SasToken::issue(&key.derive(registration_id), SCOPE, registration_id, expiry);
        Caller {
            id_scope: SCOPE.to_owned(),
            registration_id: registration_id.to_owned(),
            sas_token: Some(token.into()),
            certificate: None,
            transport: Transport::Https,
        }
    }

    pub(crate) fn try_register(
        &mut self,
        id: &str,
        body: &[u8],
    ) -> Result<(RegistrationOperationStatus, Option<OperationKey>), RequestError> {
        let at = self.moment();
        let caller = self.caller(id);
        let registered = self.service.register(&at, &caller, body)?;
        Ok((registered.answer.body, registered.started))
    }

    pub(crate) fn start(&mut self, id: &str, body: &Value) -> (String, OperationKey) {
        let (status, started) = self.try_register(id, body.to_string().as_bytes()).unwrap();
        (status.operation_id, started.unwrap())
    }

    pub(crate) fn step(&mut self, key: &OperationKey) -> Step {
        let at = self.moment();
        self.service.step(key, &at)
    }

    /// What the webhook is sent next.
    pub(crate) fn request(&mut self, key: &OperationKey) -> Value {
        match self.step(key) {
            Step::Ask(call) => {
                assert_eq!(call.url.expose_secret(), WEBHOOK);
                serde_json::from_str(&call.request.to_json().unwrap()).unwrap()
            }
            other => panic!("not asked: {other:?}"),
        }
    }

    /// The webhook answers, and is judged by the hubs of the question.
    pub(crate) fn answer(&mut self, key: &OperationKey, status: u16, body: &str) {
        let Step::Ask(call) = self.step(key) else {
            panic!("not asked");
        };
        let outcome = WebhookOutcome::judge(status, body.as_bytes(), call.request.linked_hubs());
        self.service.answered(key, outcome, self.now);
    }

    pub(crate) fn settlement(&mut self, key: &OperationKey) -> Box<Settlement> {
        match self.step(key) {
            Step::Save(settlement) => settlement,
            other => panic!("not decided: {other:?}"),
        }
    }

    pub(crate) fn poll(&mut self, id: &str, operation_id: &str) -> Result<Value, RequestError> {
        let at = self.moment();
        let caller = self.caller(id);
        let answer = self.service.operation_status(&at, &caller, operation_id)?;
        Ok(
            json!({"status": answer.status(), "retryAfter": answer.retry_after, "body": answer.body}),
        )
    }

    pub(crate) fn look_up(&mut self, id: &str) -> Value {
        let at = self.moment();
        let caller = self.caller(id);
        json!(self.service.look_up(&at, &caller).unwrap().body)
    }

    /// A whole registration, from the request to the state that the device ends with.
    pub(crate) fn register(&mut self, id: &str, status: u16, answer: &Value) -> Value {
        self.turn_clock(60);
        let (operation_id, key) = self.start(id, &json!({}));
        self.answer(&key, status, &answer.to_string());
        let settlement = self.settlement(&key);
        self.service.commit(*settlement);
        self.poll(id, &operation_id).unwrap()["body"]["registrationState"].clone()
    }

    pub(crate) fn twin(&self, hub: &str, device_id: &str) -> Option<Value> {
        let device = self.service.hubs().device(hub, device_id)?;
        Some(json!(device.twin))
    }
}

pub(crate) fn group_of(group: &Value, members: &Value) -> Enrollment {
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

pub(crate) fn hub_with_twin(hub: &str, tag: &str) -> Value {
    json!({"iotHubHostName": hub, "initialTwin": {"tags": {"t": tag}, "properties": {"desired": {"d": tag}}}})
}
