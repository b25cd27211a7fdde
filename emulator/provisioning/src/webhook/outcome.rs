//! What the service does with a webhook's answer.
//!
//! A pure function from the answer to what becomes of the registration. It doesn't retry, and it
//! doesn't know whether the device is new, which decides whether the twin is used.
//!
//! Sources: <https://learn.microsoft.com/azure/iot-dps/how-to-troubleshoot-dps> for statuses, codes
//! and retries, <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation> for the
//! answer's members. What neither says is our assumption, and [`Evidence::Assumed`] marks it.

use std::fmt;

use serde_json::value::RawValue;

use emulator_text::printable;
use iot_hub::{InitialTwin, Members};

/// `CustomAllocationFailed`: the webhook refused, or its answer was of no use.
pub(crate) const CUSTOM_ALLOCATION_FAILED: u32 = 400_207;
/// `CustomAllocationIotHubNotSpecified`: the webhook answered 200 without naming a hub.
pub(crate) const CUSTOM_ALLOCATION_IOT_HUB_NOT_SPECIFIED: u32 = 400_208;
/// `CustomAllocationUnauthorizedAccess`: the webhook answered 401, as the Functions host does for a
/// missing or wrong function key.
pub(crate) const CUSTOM_ALLOCATION_UNAUTHORIZED_ACCESS: u32 = 400_209;

/// How often the service calls the webhook again before it gives up.
pub(crate) const RETRY_COUNT: u32 = 10;
/// How long the service waits before the first retry, in seconds.
pub(crate) const RETRY_INITIAL_INTERVAL: u32 = 1;
/// How many seconds each later wait is longer than the one before it.
pub(crate) const RETRY_INCREMENT: u32 = 9;

/// The answer's fate.
#[derive(Clone, Debug)]
pub enum WebhookOutcome {
    /// The device is assigned.
    Assigned {
        /// The hub, spelled as in `linkedHubs`.
        iot_hub_host_name: String,
        /// The twin that the webhook wants the device to start with; without it, the enrollment's
        /// own is used.
        initial_twin: Option<Box<RawValue>>,
        /// What the device gets as `registrationState.payload`.
        payload: Option<Box<RawValue>>,
        /// What in the answer is probably not meant so, each in a sentence.
        remarks: Vec<String>,
    },
    /// The registration fails at once.
    Failed {
        /// The code that the device sees as `registrationState.errorCode`.
        error_code: u32,
        /// The sentence that it sees as `registrationState.errorMessage`.
        message: String,
        /// Whether the service is known to do so.
        evidence: Evidence,
    },
    /// The device stays *assigning* and the webhook is called again, ten times; then
    /// the registration fails.
    Retry {
        /// The code of the failure after the last retry.
        error_code: u32,
        /// Its sentence.
        message: String,
    },
}

/// Where a row of the table comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A page of the service's documentation, or a capture.
    Documented,
    /// Nobody says what the service does: this is our assumption.
    Assumed,
}

/// A webhook's 200. Names of members are read in any case.
struct AllocationResponse {
    iot_hub_host_name: Option<String>,
    initial_twin: Option<Box<RawValue>>,
    payload: Option<Box<RawValue>>,
    unknown: Vec<String>,
}

impl AllocationResponse {
    fn parse(body: &[u8]) -> serde_json::Result<Self> {
        let mut members: Members = serde_json::from_slice(body)?;
        let hub = members.take("iotHubHostName");
        let mut given = |name| members.take(name).filter(|value| value.get() != "null");
        let (initial_twin, payload) = (given("initialTwin"), given("payload"));
        Ok(Self {
            iot_hub_host_name: match hub {
                Some(hub) => serde_json::from_str(hub.get())?,
                None => None,
            },
            initial_twin,
            payload,
            unknown: members.names().map(str::to_owned).collect(),
        })
    }

    /// What is probably not meant so.
    fn remarks(&self) -> Vec<String> {
        let unknown = self.unknown.iter().map(|name| {
            format!(
                "{name} is not a member of the answer and is ignored; iotHubHostName, initialTwin and payload are"
            )
        });
        let twin: Option<InitialTwin> = self
            .initial_twin
            .as_ref()
            .and_then(|twin| serde_json::from_str(twin.get()).ok());
        let ignored = twin.into_iter().flat_map(|twin| twin.ignored);
        let payload = self
            .payload
            .iter()
            .filter(|value| !value.get().starts_with('{'));
        unknown
            .chain(ignored.map(|name| not_of_a_twin(&name)))
            .chain(payload.map(|_| {
                "payload is not an object, which the documentation asks for; the device gets it as it is".to_owned()
            }))
            .map(|remark| printable(&remark))
            .collect()
    }
}

fn not_of_a_twin(name: &str) -> String {
    let instead = InitialTwin::members_beside(name);
    format!("initialTwin.{name} is not a twin's member and is ignored; {instead}")
}

impl WebhookOutcome {
    /// Judges an answer as the service would.
    #[must_use]
    pub fn judge(status: u16, body: &[u8], linked_hubs: &[String]) -> Self {
        match status {
            200 => Self::judge_ok(body, linked_hubs),
            401 => Self::failed(
                CUSTOM_ALLOCATION_UNAUTHORIZED_ACCESS,
                failed_with_status(status),
                Evidence::Documented,
            ),
            429.. => Self::Retry {
                error_code: CUSTOM_ALLOCATION_FAILED,
                message: failed_with_status(status),
            },
            _ => Self::failed(
                CUSTOM_ALLOCATION_FAILED,
                failed_with_status(status),
                Evidence::Documented,
            ),
        }
    }

    /// The outcome when no answer came at all.
    #[must_use]
    pub fn unreachable() -> Self {
        Self::Retry {
            error_code: CUSTOM_ALLOCATION_FAILED,
            message: "An error occurred while sending the request.".to_owned(),
        }
    }

    fn judge_ok(body: &[u8], linked_hubs: &[String]) -> Self {
        let response = match AllocationResponse::parse(body) {
            Ok(response) => response,
            Err(error) => {
                let message = format!(
                    "Custom allocation failed: the response is not an AllocationResponse ({error})"
                );
                return Self::failed(CUSTOM_ALLOCATION_FAILED, message, Evidence::Assumed);
            }
        };
        let named = response.iot_hub_host_name.clone().unwrap_or_default();
        if named.is_empty() {
            let message =
                "Custom allocation failed: the response does not specify iotHubHostName".to_owned();
            return Self::failed(
                CUSTOM_ALLOCATION_IOT_HUB_NOT_SPECIFIED,
                message,
                Evidence::Documented,
            );
        }
        let Some(hub) = linked_hubs
            .iter()
            .find(|hub| hub.eq_ignore_ascii_case(&named))
        else {
            let message =
                format!("Custom allocation failed: {named} is not one of the linked hubs");
            return Self::failed(CUSTOM_ALLOCATION_FAILED, message, Evidence::Assumed);
        };
        Self::Assigned {
            iot_hub_host_name: hub.clone(),
            remarks: response.remarks(),
            initial_twin: response.initial_twin,
            payload: response.payload,
        }
    }

    /// What in the answer is probably not meant so, each in a sentence.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        match self {
            Self::Assigned { remarks, .. } => remarks,
            Self::Failed { .. } | Self::Retry { .. } => &[],
        }
    }

    fn failed(error_code: u32, message: String, evidence: Evidence) -> Self {
        Self::Failed {
            error_code,
            message,
            evidence,
        }
    }
}

/// The sentence of the service, as devices and logs show it.
fn failed_with_status(status: u16) -> String {
    format!("Custom allocation failed with status code: {status}")
}

impl fmt::Display for WebhookOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assigned {
                iot_hub_host_name, ..
            } => write!(f, "assigned to {iot_hub_host_name}"),
            Self::Failed {
                error_code,
                message,
                evidence: Evidence::Documented,
            } => write!(f, "failed {error_code}: {}", printable(message)),
            Self::Failed {
                error_code,
                message,
                evidence: Evidence::Assumed,
            } => {
                write!(
                    f,
                    "failed {error_code}: {} (the service's own code for this is not published)",
                    printable(message)
                )
            }
            Self::Retry {
                error_code,
                message,
            } => write!(
                f,
                "retried {RETRY_COUNT} times over about seven minutes, then failed {error_code}: {message}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked() -> Vec<String> {
        vec![
            "PVDemo-IoTHub.azure-devices.net".to_owned(),
            "b.azure-devices.net".to_owned(),
        ]
    }

    #[track_caller]
    fn check(status: u16, body: &str, sentence: &str) {
        assert_eq!(
            WebhookOutcome::judge(status, body.as_bytes(), &linked()).to_string(),
            sentence,
            "{status} {body}"
        );
    }

    #[test]
    fn each_row_of_the_status_table_has_its_outcome() {
        check(
            200,
            r#"{"iotHubHostName":"b.azure-devices.net"}"#,
            "assigned to b.azure-devices.net",
        );
        for body in [
            "{}",
            r#"{"iotHubHostName":null}"#,
            r#"{"iotHubHostName":""}"#,
            r#"{"iotHub":"b.azure-devices.net"}"#,
        ] {
            check(
                200,
                body,
                "failed 400208: Custom allocation failed: the response does not specify iotHubHostName",
            );
        }
        check(
            400,
            "no",
            "failed 400207: Custom allocation failed with status code: 400",
        );
        check(
            403,
            "",
            "failed 400207: Custom allocation failed with status code: 403",
        );
        check(
            404,
            "",
            "failed 400207: Custom allocation failed with status code: 404",
        );
        check(
            204,
            "",
            "failed 400207: Custom allocation failed with status code: 204",
        );
        check(
            401,
            "",
            "failed 400209: Custom allocation failed with status code: 401",
        );
        for status in [429, 500, 503] {
            let sentence = format!(
                "retried 10 times over about seven minutes, then failed 400207: Custom allocation failed with status code: {status}"
            );
            check(status, "", &sentence);
        }
    }

    #[test]
    fn what_is_not_documented_says_so() {
        check(
            200,
            r#"{"iotHubHostName":"c.azure-devices.net"}"#,
            "failed 400207: Custom allocation failed: c.azure-devices.net is not one of the linked hubs \
             (the service's own code for this is not published)",
        );
        for body in [
            "",
            "text",
            "[]",
            r#"["b.azure-devices.net",null,{"p":1}]"#,
            r#"{"iotHubHostName":7}"#,
        ] {
            let outcome = WebhookOutcome::judge(200, body.as_bytes(), &linked());
            assert!(
                matches!(
                    outcome,
                    WebhookOutcome::Failed {
                        error_code: 400_207,
                        evidence: Evidence::Assumed,
                        ..
                    }
                ),
                "{body}: {outcome}"
            );
        }
    }

    #[test]
    fn what_is_shown_of_an_answer_is_short_and_keeps_to_its_line() {
        check(
            200,
            r#"{"iotHubHostName":"\u001b[2J\nb"}"#,
            "failed 400207: Custom allocation failed: \\u{1b}[2J\\nb is not one of the linked hubs \
             (the service's own code for this is not published)",
        );
        let body = format!(r#"{{"iotHubHostName":"{}"}}"#, "b".repeat(1_000));
        let shown = WebhookOutcome::judge(200, body.as_bytes(), &linked()).to_string();
        assert!(shown.len() < 400, "{shown}");
    }

    #[test]
    fn a_hub_is_found_whatever_its_case_and_keeps_the_spelling_of_linked_hubs() {
        check(
            200,
            r#"{"iotHubHostName":"pvdemo-iothub.AZURE-devices.net"}"#,
            "assigned to PVDemo-IoTHub.azure-devices.net",
        );
    }

    #[test]
    fn twin_and_payload_come_through_as_they_were_sent() {
        let body = r#"{"iotHubHostName":"b.azure-devices.net","initialTwin":{"tags":{"z":1.0,"a":2}},"payload":{"n":1e2}}"#;
        let WebhookOutcome::Assigned {
            initial_twin,
            payload,
            ..
        } = WebhookOutcome::judge(200, body.as_bytes(), &linked())
        else {
            panic!("not assigned");
        };
        assert_eq!(initial_twin.unwrap().get(), r#"{"tags":{"z":1.0,"a":2}}"#);
        assert_eq!(payload.unwrap().get(), r#"{"n":1e2}"#);
    }

    #[test]
    fn names_of_members_are_read_in_any_case() {
        let body = r#"{"IotHubHostName":"b.azure-devices.net","INITIALTWIN":{"Tags":{"A":1}},"Payload":{}}"#;
        let outcome = WebhookOutcome::judge(200, body.as_bytes(), &linked());
        assert!(outcome.remarks().is_empty(), "{outcome:?}");
        let WebhookOutcome::Assigned {
            initial_twin: Some(twin),
            payload: Some(_),
            ..
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        let twin: InitialTwin = serde_json::from_str(twin.get()).unwrap();
        assert_eq!(serde_json::json!(twin.tags), serde_json::json!({"A": 1}));
    }

    #[test]
    fn what_is_ignored_of_an_answer_or_taken_as_it_is_gets_a_remark() {
        #[track_caller]
        fn check(members: &str, remarks: &[&str]) {
            let body = format!(r#"{{"iotHubHostName":"b.azure-devices.net",{members}}}"#);
            let outcome = WebhookOutcome::judge(200, body.as_bytes(), &linked());
            assert_eq!(outcome.to_string(), "assigned to b.azure-devices.net");
            assert_eq!(outcome.remarks(), remarks, "{members}");
        }
        check(r#""initialTwin":{"properties":{"desired":{"$x":1}}}"#, &[]);
        check(
            r#""initialTwin":{"tags":{"a":1},"desired":{"b":2}}"#,
            &[
                "initialTwin.desired is not a twin's member and is ignored; initialTwin.properties.desired is",
            ],
        );
        check(
            r#""initialTwin":{"properties":{"reported":{"b":2}}}"#,
            &[
                "initialTwin.properties.reported is not a twin's member and is ignored; tags and properties.desired are",
            ],
        );
        check(
            r#""payload":"text""#,
            &[
                "payload is not an object, which the documentation asks for; the device gets it as it is",
            ],
        );
        check(
            r#""deviceId":"a""#,
            &[
                "deviceId is not a member of the answer and is ignored; iotHubHostName, initialTwin and payload are",
            ],
        );
    }

    #[test]
    fn null_members_are_absent_ones() {
        let body = r#"{"iotHubHostName":"b.azure-devices.net","initialTwin":null,"payload":null}"#;
        assert!(matches!(
            WebhookOutcome::judge(200, body.as_bytes(), &linked()),
            WebhookOutcome::Assigned {
                initial_twin: None,
                payload: None,
                ..
            }
        ));
    }

    #[test]
    fn a_webhook_that_cannot_be_reached_is_tried_again() {
        assert!(matches!(
            WebhookOutcome::unreachable(),
            WebhookOutcome::Retry { .. }
        ));
    }
}
