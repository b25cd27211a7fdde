//! The provisioning service: what it knows, and what it does with a request.
//!
//! It is pure: no socket, no file, no clock. Whoever owns it passes the moment in, asks the webhook
//! where [`Service::step`] says so, waits where it says so, and saves a [`Settlement`] before it is
//! [committed](Service::commit), so that no device hears of an assignment that a crash could undo.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::clock::{RequestContext, Timestamp, whole_seconds};
use crate::enrollment::enrollments::Attestation;
use crate::enrollment::registration_id::RegistrationId;
use crate::enrollment::settings::Settings;
use crate::service::attestation::{Attested, attest};
use crate::service::caller::{Caller, Transport};
use crate::service::operation::{Operation, Settlement};
use crate::service::registration::{Progress, Registration};
use crate::service::throttle::{POLLS, REGISTRATIONS, Window};
use crate::service::tpm::{Nonces, Reason};
use crate::webhook::allocation_request::DeviceAttestation;
use crate::webhook::call::WebhookCall;
use crate::webhook::outcome::WebhookOutcome;
use crate::wire::device_api::{
    Answer, DeviceRegistrationResult, RegistrationOperationStatus, RegistrationStatus,
};
use crate::wire::device_registration::DeviceRegistration;
use crate::wire::request_error::{Missing, RequestError};
use iot_hub::{DeviceIdentity, HubChange, Hubs};

/// When a device is told to ask again.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// The most seconds that the C SDK waits; it takes a greater number for one.
const RETRY_AFTER_MAX: u64 = 300;

/// How many devices' polls are counted before those that fell silent are forgotten.
const POLLS_KEPT: usize = 1_024;

/// A provisioning service.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    hubs: Hubs,
    registrations: HashMap<String, Registration>,
    operations: HashMap<String, Operation>,
    registering: Window,
    polling: HashMap<String, Window>,
    nonces: Nonces,
}

/// The answer to a registration.
#[derive(Debug)]
pub struct Registered {
    /// What the device hears.
    pub answer: Answer<RegistrationOperationStatus>,
    /// The operation that has to be taken through its [steps](Service::step), if one was started.
    pub started: Option<OperationKey>,
}

/// Names an unfinished registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationKey(String);

/// What to do next for an unfinished registration.
#[derive(Debug)]
pub enum Step {
    /// Ask the webhook, and tell what it [answered](Service::answered).
    Ask(Box<WebhookCall>),
    /// Wait, and ask for the next step.
    Wait {
        /// Until when.
        until: Timestamp,
    },
    /// Save this, then [commit](Service::commit) it.
    Save(Box<Settlement>),
    /// Nothing: there is no such registration any more.
    Stop,
}

impl Service {
    /// A service in which nobody has registered.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            hubs: Hubs::linked(&settings.linked_hubs),
            settings,
            registrations: HashMap::new(),
            operations: HashMap::new(),
            registering: Window::default(),
            polling: HashMap::new(),
            nonces: Nonces::default(),
        }
    }

    /// Makes what the service gives to TPMs unpredictable. Without it, the moments' ids decide.
    pub fn set_secret(&mut self, secret: Uuid) {
        self.nonces.set_secret(secret);
    }

    /// Takes back what was saved: records and devices.
    pub fn restore(
        &mut self,
        registrations: impl IntoIterator<Item = Registration>,
        devices: impl IntoIterator<Item = (String, DeviceIdentity)>,
    ) {
        for registration in registrations {
            self.registrations.insert(registration.key(), registration);
        }
        for (hub, identity) in devices {
            self.hubs.apply(HubChange::Put { hub, identity });
        }
    }

    /// What the service is made of.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many devices have finished a registration, well or badly.
    #[must_use]
    pub fn registrations(&self) -> usize {
        self.registrations.len()
    }

    /// The hubs and their devices.
    #[must_use]
    pub fn hubs(&self) -> &Hubs {
        &self.hubs
    }

    /// Starts a registration, or joins the one that is going on for the device.
    ///
    /// # Errors
    /// The request is refused.
    pub fn register(
        &mut self,
        at: &RequestContext,
        caller: &Caller,
        body: &[u8],
    ) -> Result<Registered, RequestError> {
        if self.settings.throttled {
            self.registering
                .admit(REGISTRATIONS, at.now)
                .map_err(RequestError::Throttled)?;
        }
        let request = DeviceRegistration::parse(body)?;
        self.challenge(at, caller, request.tpm.as_deref())?;
        let mut attested = self.attest(at, caller)?;
        check_same_id(
            &attested.registration_id,
            request.registration_id.as_deref(),
        )?;
        if request.tpm.is_some() && !matches!(attested.proof, DeviceAttestation::Tpm(_)) {
            return Err(RequestError::Malformed(
                "tpm is given, and the device is enrolled with another attestation".to_owned(),
            ));
        }
        if attested.enrollment.disabled {
            return Ok(disabled(&attested.registration_id));
        }
        let key = attested.registration_id.key();
        let joined = self.operations.get(&key).map(|running| running.id.clone());
        if joined.is_none() {
            attested.hub_key = self.nonces.spend(&key);
        }
        let started = joined.is_none().then(|| OperationKey(key.clone()));
        let operation_id = joined.unwrap_or_else(|| self.start(at, key, attested, request.payload));
        Ok(Registered {
            answer: self.accepted(RegistrationOperationStatus {
                operation_id,
                status: RegistrationStatus::Assigning,
                registration_state: None,
            }),
            started,
        })
    }

    /// How far the operation has come.
    ///
    /// # Errors
    /// The request is refused.
    pub fn operation_status(
        &mut self,
        at: &RequestContext,
        caller: &Caller,
        operation_id: &str,
    ) -> Result<Answer<RegistrationOperationStatus>, RequestError> {
        let id = self.poll(at, caller)?;
        if let Some(operation) = self.operations.get(&id.key())
            && operation.id == operation_id
        {
            let state = DeviceRegistrationResult::bare(id.as_str(), RegistrationStatus::Assigning);
            return Ok(self.accepted(RegistrationOperationStatus {
                operation_id: operation_id.to_owned(),
                status: RegistrationStatus::Assigning,
                registration_state: Some(state),
            }));
        }
        match self.registrations.get(&id.key()) {
            Some(registration) if registration.operation_id == operation_id => Ok(Answer {
                body: registration.operation_status(),
                retry_after: None,
            }),
            _ => Err(RequestError::NotFound(Missing::Operation)),
        }
    }

    /// What is known of the device.
    ///
    /// # Errors
    /// The request is refused.
    pub fn look_up(
        &mut self,
        at: &RequestContext,
        caller: &Caller,
    ) -> Result<Answer<DeviceRegistrationResult>, RequestError> {
        let id = self.poll(at, caller)?;
        let body = if self.operations.contains_key(&id.key()) {
            DeviceRegistrationResult::bare(id.as_str(), RegistrationStatus::Assigning)
        } else if let Some(registration) = self.registrations.get(&id.key()) {
            registration.result()
        } else {
            DeviceRegistrationResult::bare(id.as_str(), RegistrationStatus::Unassigned)
        };
        Ok(Answer {
            body,
            retry_after: None,
        })
    }

    /// What to do next for an unfinished registration.
    #[must_use]
    pub fn step(&mut self, key: &OperationKey, at: &RequestContext) -> Step {
        let Some(operation) = self.operations.get_mut(&key.0) else {
            return Step::Stop;
        };
        let previous = self.registrations.get(&key.0);
        let least = self.settings.assign_after.mul_f64(self.settings.time_scale);
        match &operation.progress {
            Progress::BackingOff { until, .. } if at.now < *until => Step::Wait { until: *until },
            Progress::Asking { retries, url } | Progress::BackingOff { retries, url, .. } => {
                let call = WebhookCall {
                    url: url.clone(),
                    request: operation.allocation_request(previous),
                };
                operation.progress = Progress::Asking {
                    retries: *retries,
                    url: url.clone(),
                };
                Step::Ask(Box::new(call))
            }
            Progress::Decided(_) if at.now < operation.started.after(least) => Step::Wait {
                until: operation.started.after(least),
            },
            Progress::Decided(decision) => {
                let settlement = operation.settle(decision, previous, &self.hubs, at);
                Step::Save(Box::new(settlement))
            }
        }
    }

    /// Tells what the webhook answered to the question of the last [step](Service::step).
    pub fn answered(&mut self, key: &OperationKey, outcome: WebhookOutcome, now: Timestamp) {
        if let Some(operation) = self.operations.get_mut(&key.0) {
            operation
                .progress
                .answered(outcome, now, self.settings.time_scale);
        }
    }

    /// Makes a registration known that was saved.
    pub fn commit(&mut self, settlement: Settlement) {
        let key = settlement.registration.key();
        self.operations.remove(&key);
        for change in settlement.hub_changes {
            self.hubs.apply(change);
        }
        self.registrations.insert(key, settlement.registration);
    }

    /// Forgets a registration that couldn't be saved; the device has to register again.
    pub fn abandon(&mut self, key: &OperationKey) {
        self.operations.remove(&key.0);
    }

    fn attest(&self, at: &RequestContext, caller: &Caller) -> Result<Attested, RequestError> {
        let Settings {
            id_scope,
            enrollments,
            ..
        } = &self.settings;
        attest(enrollments, &self.nonces, id_scope, caller, at.now)
    }

    /// Refuses a device with a TPM that has no nonce to sign with, and sends it one.
    fn challenge(
        &mut self,
        at: &RequestContext,
        caller: &Caller,
        tpm: Option<&RawValue>,
    ) -> Result<(), RequestError> {
        // What else is wrong with these, attestation says.
        let Ok(id) = RegistrationId::parse(&caller.registration_id) else {
            return Ok(());
        };
        if !caller
            .id_scope
            .eq_ignore_ascii_case(&self.settings.id_scope)
            || caller.transport == Transport::Mqtt
        {
            return Ok(());
        }
        let Some(enrollment) = self.settings.enrollments.of_device(&id) else {
            // No group has TPMs.
            return match (tpm, &caller.sas_token, &caller.certificate) {
                (Some(_), None, None) => Err(RequestError::NotFound(Missing::Enrollment)),
                _ => Ok(()),
            };
        };
        let Attestation::Tpm(enrolled) = &enrollment.attestation else {
            return Ok(());
        };
        let running = self.operations.contains_key(&id.key());
        let reason = match caller.sas_token {
            None => Some(Reason::NoToken),
            Some(_) => self.nonces.lacking(&id, running),
        };
        let Some(reason) = reason else {
            return Ok(());
        };
        let challenge = self.nonces.challenge(&id, enrolled, tpm, reason, at.id)?;
        Err(RequestError::Challenge(Box::new(challenge)))
    }

    /// Lets a device ask, but not too often.
    fn poll(
        &mut self,
        at: &RequestContext,
        caller: &Caller,
    ) -> Result<RegistrationId, RequestError> {
        let id = self.attest(at, caller)?.registration_id;
        if self.settings.throttled {
            let rate = POLLS.hurried(self.settings.time_scale);
            if self.polling.len() >= POLLS_KEPT {
                self.polling
                    .retain(|_, polls| !polls.is_quiet(rate, at.now));
            }
            let polls = self.polling.entry(id.key()).or_default();
            polls.admit(rate, at.now).map_err(RequestError::Throttled)?;
        }
        Ok(id)
    }

    fn accepted<T>(&self, body: T) -> Answer<T> {
        let wait = RETRY_AFTER.mul_f64(self.settings.time_scale);
        Answer {
            body,
            retry_after: Some(whole_seconds(wait).min(RETRY_AFTER_MAX)),
        }
    }

    fn start(
        &mut self,
        at: &RequestContext,
        key: String,
        attested: Attested,
        payload: Option<Box<RawValue>>,
    ) -> String {
        let previous = self.registrations.get(&key);
        let operation =
            Operation::start(at, attested, payload, previous, &self.settings.linked_hubs);
        let id = operation.id.clone();
        self.operations.insert(key, operation);
        id
    }
}

fn check_same_id(id: &RegistrationId, in_body: Option<&str>) -> Result<(), RequestError> {
    match in_body {
        Some(in_body) if !in_body.eq_ignore_ascii_case(id.as_str()) => {
            Err(RequestError::Malformed(format!(
                "registrationId in the body is {in_body:?}, and {id} registers"
            )))
        }
        _ => Ok(()),
    }
}

fn disabled(id: &RegistrationId) -> Registered {
    let state = DeviceRegistrationResult::bare(id.as_str(), RegistrationStatus::Disabled);
    Registered {
        answer: Answer {
            body: RegistrationOperationStatus {
                operation_id: String::new(),
                status: RegistrationStatus::Disabled,
                registration_state: Some(state),
            },
            retry_after: None,
        },
        started: None,
    }
}
