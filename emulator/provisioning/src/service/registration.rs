//! One registration: the record that is left of it, and the steps that lead there.
//!
//! While a webhook is asked, a registration is [`Progress`]: a value that an answer moves on.
//! Source of the steps: <https://learn.microsoft.com/azure/iot-dps/how-to-troubleshoot-dps>.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::clock::Timestamp;
use crate::keys::wrapped_key::WrappedKey;
use crate::service::reprovision::Assignment;
use crate::webhook::outcome::{
    RETRY_COUNT, RETRY_INCREMENT, RETRY_INITIAL_INTERVAL, WebhookOutcome,
};
use crate::webhook::webhook_url::WebhookUrl;
use crate::wire::device_api::{
    DeviceRegistrationResult, RegistrationOperationStatus, RegistrationStatus,
    SymmetricKeyRegistrationResult, TpmRegistrationResult, X509RegistrationResult,
};

/// Where an unfinished registration stands.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// The webhook is being asked.
    Asking {
        /// How often it was asked before.
        retries: u32,
        /// Where it is.
        url: WebhookUrl,
    },
    /// The webhook couldn't answer and is given time.
    BackingOff {
        /// How often it will have been asked when the time is over.
        retries: u32,
        /// Where it is.
        url: WebhookUrl,
        /// When to ask again.
        until: Timestamp,
    },
    /// It is known what becomes of the device.
    Decided(Decision),
}

/// What becomes of a device.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It gets a hub.
    Assign {
        /// The hub.
        hub: String,
        /// The twin that the webhook wants, if any.
        initial_twin: Option<Box<RawValue>>,
        /// What the webhook tells the device, if anything.
        payload: Option<Box<RawValue>>,
    },
    /// It gets none.
    Fail {
        /// Why, as a number.
        error_code: u32,
        /// Why, as a sentence.
        message: String,
    },
}

impl Progress {
    /// Moves on by the webhook's answer. An answer that nobody waits for changes nothing.
    pub(crate) fn answered(&mut self, outcome: WebhookOutcome, now: Timestamp, time_scale: f64) {
        let Self::Asking { retries, url } = self else {
            return;
        };
        *self = match outcome {
            WebhookOutcome::Assigned {
                iot_hub_host_name,
                initial_twin,
                payload,
                remarks: _,
            } => Self::Decided(Decision::Assign {
                hub: iot_hub_host_name,
                initial_twin,
                payload,
            }),
            WebhookOutcome::Retry { .. } if *retries < RETRY_COUNT => Self::BackingOff {
                retries: *retries + 1,
                url: url.clone(),
                until: now.after(retry_delay(*retries).mul_f64(time_scale)),
            },
            WebhookOutcome::Failed {
                error_code,
                message,
                ..
            }
            | WebhookOutcome::Retry {
                error_code,
                message,
            } => Self::Decided(Decision::Fail {
                error_code,
                message,
            }),
        };
    }
}

/// How long the service waits after so many retries.
fn retry_delay(retries: u32) -> Duration {
    Duration::from_secs(u64::from(
        RETRY_INITIAL_INTERVAL + RETRY_INCREMENT * retries,
    ))
}

/// A finished registration, as it is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the service's")]
pub struct Registration {
    /// The device's id, as it was spelt last.
    pub registration_id: String,
    /// The operation that finished last.
    pub operation_id: String,
    /// When the device registered first.
    pub created: Timestamp,
    /// When it registered last.
    pub last_updated: Timestamp,
    /// The version of this record.
    pub etag: String,
    /// How the device proved itself.
    pub proof: Proof,
    /// The hubs that the device had before the one where it is now.
    pub earlier_hubs: Vec<String>,
    /// How the last registration ended.
    pub outcome: Outcome,
}

/// How a device proved itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// With a symmetric key, derived from this group's if there is one.
    SymmetricKey(Option<String>),
    /// With a TPM.
    #[serde(rename_all = "camelCase")]
    Tpm {
        /// The device's key for the hub, which only the TPM can unwrap.
        hub_key: WrappedKey,
    },
    /// With a certificate of its own.
    X509,
    /// With a certificate of this group.
    X509Group(String),
}

/// How a registration ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The device was assigned.
    Assigned {
        /// To this hub.
        assignment: Assignment,
        /// And told this.
        payload: Option<Box<RawValue>>,
    },
    /// The device was refused.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// Where an earlier registration brought it, and where it stays.
        assignment: Option<Assignment>,
        /// Why, as a number.
        error_code: u32,
        /// Why, as a sentence.
        message: String,
    },
}

impl Registration {
    /// The answer to whoever asks for the operation.
    #[must_use]
    pub fn operation_status(&self) -> RegistrationOperationStatus {
        let result = self.result();
        RegistrationOperationStatus {
            operation_id: self.operation_id.clone(),
            status: result.status,
            registration_state: Some(result),
        }
    }

    /// The answer to whoever looks the registration up.
    #[must_use]
    pub fn result(&self) -> DeviceRegistrationResult {
        let bare = DeviceRegistrationResult {
            tpm: match (&self.proof, &self.outcome) {
                (Proof::Tpm { hub_key }, Outcome::Assigned { .. }) => Some(TpmRegistrationResult {
                    authentication_key: hub_key.clone(),
                }),
                _ => None,
            },
            x509: match &self.proof {
                Proof::X509 => Some(X509RegistrationResult::default()),
                Proof::X509Group(group) => Some(X509RegistrationResult {
                    enrollment_group_id: Some(group.clone()),
                }),
                Proof::SymmetricKey(_) | Proof::Tpm { .. } => None,
            },
            symmetric_key: match &self.proof {
                Proof::SymmetricKey(Some(group)) => Some(SymmetricKeyRegistrationResult {
                    enrollment_group_id: group.clone(),
                }),
                Proof::SymmetricKey(None)
                | Proof::Tpm { .. }
                | Proof::X509
                | Proof::X509Group(_) => None,
            },
            created_date_time_utc: Some(self.created.to_string()),
            last_updated_date_time_utc: Some(self.last_updated.to_string()),
            etag: Some(self.etag.clone()),
            ..DeviceRegistrationResult::bare(&self.registration_id, self.status())
        };
        match &self.outcome {
            Outcome::Assigned {
                assignment,
                payload,
            } => DeviceRegistrationResult {
                assigned_hub: Some(assignment.hub.clone()),
                device_id: Some(assignment.device_id.clone()),
                substatus: Some(assignment.substatus),
                payload: payload.clone(),
                ..bare
            },
            Outcome::Failed {
                error_code,
                message,
                ..
            } => DeviceRegistrationResult {
                error_code: Some(*error_code),
                error_message: Some(message.clone()),
                ..bare
            },
        }
    }

    /// Where the device is, if it was ever assigned.
    #[must_use]
    pub fn assignment(&self) -> Option<&Assignment> {
        match &self.outcome {
            Outcome::Assigned { assignment, .. } => Some(assignment),
            Outcome::Failed { assignment, .. } => assignment.as_ref(),
        }
    }

    /// What all spellings of the device's id have in common.
    #[must_use]
    pub fn key(&self) -> String {
        self.registration_id.to_ascii_lowercase()
    }

    fn status(&self) -> RegistrationStatus {
        match self.outcome {
            Outcome::Assigned { .. } => RegistrationStatus::Assigned,
            Outcome::Failed { .. } => RegistrationStatus::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::device_api::Substatus;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds).unwrap()
    }

    #[test]
    fn a_busy_webhook_is_asked_ten_more_times_at_growing_intervals() {
        let mut now = at(0);
        let mut waits = Vec::new();
        let mut progress = Progress::Asking {
            retries: 0,
            url: "http://localhost".into(),
        };
        let decision = loop {
            progress.answered(WebhookOutcome::judge(503, b"", &[]), now, 1.0);
            match progress {
                Progress::BackingOff {
                    retries,
                    url,
                    until,
                } => {
                    waits.push(until.since(now).as_secs());
                    now = until;
                    progress = Progress::Asking { retries, url };
                }
                Progress::Decided(decision) => break decision,
                Progress::Asking { .. } => panic!("the answer was lost"),
            }
        };
        assert_eq!(waits, [1, 10, 19, 28, 37, 46, 55, 64, 73, 82]);
        let Decision::Fail {
            error_code,
            message,
        } = decision
        else {
            panic!("assigned by a busy webhook");
        };
        assert_eq!(error_code, 400_207);
        assert_eq!(message, "Custom allocation failed with status code: 503");
    }

    #[test]
    fn the_time_scale_shortens_the_wait() {
        let mut progress = Progress::Asking {
            retries: 1,
            url: "http://localhost".into(),
        };
        progress.answered(WebhookOutcome::unreachable(), at(0), 0.5);
        assert!(
            matches!(progress, Progress::BackingOff { retries: 2, until, .. } if until == at(5)),
            "{progress:?}"
        );
    }

    #[test]
    fn a_record_answers_as_the_captured_service_did() {
        let created = serde_json::from_str("\"2022-08-31T22:02:50.5163352Z\"").unwrap();
        let last_updated = serde_json::from_str("\"2022-08-31T22:02:50.7370676Z\"").unwrap();
        let mut registration = Registration {
            registration_id: "my-symkey-device".to_owned(),
            operation_id: "5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550".to_owned(),
            created,
            last_updated,
            etag: "IjY5MDAzNTUyLTAwMDAtMDMwMC0wMDAwLTYzMGZkYThhMDAwMCI=".to_owned(),
            proof: Proof::SymmetricKey(None),
            earlier_hubs: Vec::new(),
            outcome: Outcome::Assigned {
                assignment: Assignment {
                    hub: "MyExampleHub.azure-devices.net".to_owned(),
                    device_id: "my-symkey-device".to_owned(),
                    substatus: Substatus::InitialAssignment,
                },
                payload: None,
            },
        };
        assert_eq!(
            serde_json::to_string(&registration.operation_status()).unwrap(),
            concat!(
                r#"{"operationId":"5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550","status":"assigned","#,
                r#""registrationState":{"registrationId":"my-symkey-device","createdDateTimeUtc":"2022-08-31T22:02:50.5163352Z","#,
                r#""assignedHub":"MyExampleHub.azure-devices.net","deviceId":"my-symkey-device","status":"assigned","#,
                r#""substatus":"initialAssignment","lastUpdatedDateTimeUtc":"2022-08-31T22:02:50.7370676Z","#,
                r#""etag":"IjY5MDAzNTUyLTAwMDAtMDMwMC0wMDAwLTYzMGZkYThhMDAwMCI="}}"#
            )
        );
        registration.proof = Proof::X509;
        registration.outcome = Outcome::Failed {
            assignment: None,
            error_code: 400_207,
            message: "Custom allocation failed with status code: 400".to_owned(),
        };
        assert_eq!(
            serde_json::to_string(&registration.result()).unwrap(),
            concat!(
                r#"{"x509":{},"registrationId":"my-symkey-device","createdDateTimeUtc":"2022-08-31T22:02:50.5163352Z","#,
                r#""status":"failed","errorCode":400207,"errorMessage":"Custom allocation failed with status code: 400","#,
                r#""lastUpdatedDateTimeUtc":"2022-08-31T22:02:50.7370676Z","#,
                r#""etag":"IjY5MDAzNTUyLTAwMDAtMDMwMC0wMDAwLTYzMGZkYThhMDAwMCI="}"#
            )
        );
    }

    #[test]
    fn a_device_of_a_group_hears_which_group_its_proof_was_for() {
        let text = r#"{"registrationId":"a","operationId":"1","created":"2022-08-31T22:02:50.5163352Z","lastUpdated":"2022-08-31T22:02:50.5163352Z","etag":"e","proof":{"x509Group":"g"},"earlierHubs":[],"outcome":{"failed":{"assignment":null,"errorCode":1,"message":""}}}"#;
        let registration: Registration = serde_json::from_str(text).unwrap();
        let result = serde_json::to_value(registration.result()).unwrap();
        assert_eq!(
            result["x509"],
            serde_json::json!({"enrollmentGroupId": "g"})
        );
        assert!(result.get("symmetricKey").is_none());
    }

    #[test]
    fn a_record_comes_back_from_its_text() {
        let text = r#"{"registrationId":"a","operationId":"1","created":"2022-08-31T22:02:50.5163352Z","lastUpdated":"2022-08-31T22:02:50.5163352Z","etag":"e","proof":{"symmetricKey":"g"},"earlierHubs":["x"],"outcome":{"assigned":{"assignment":{"hub":"h","device_id":"a","substatus":"deviceDataReset"},"payload":{"n":1e2}}}}"#;
        let registration: Registration = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&registration).unwrap(), text);
        assert_eq!(
            registration.assignment().map(|at| at.hub.as_str()),
            Some("h")
        );
    }
}
