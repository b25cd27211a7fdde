//! The bodies of the device API, the same on every transport.
//!
//! Shapes: <https://learn.microsoft.com/rest/api/iot-dps/device/runtime-registration>. Members come in the order of the
//! service's captured answers, and those without a value are left out.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::moment::Moment;

/// The most that a device may send in one message, and that its registration may hold.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/about-iot-dps#quotas-and-limits>.
pub const MAX_MESSAGE_BYTES: usize = 96 * 1024;

/// The first and the last version of the API that is emulated. Versions are dates, so text compares as they do.
const API_VERSIONS: [&str; 2] = ["2018-11-01", "2021-10-01"];

/// What a device sends to register.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRegistration {
    /// Its registration id, once more.
    pub registration_id: Option<String>,
    /// What it tells the webhook.
    pub payload: Option<Box<RawValue>>,
    /// The keys of its TPM.
    pub tpm: Option<serde::de::IgnoredAny>,
}

/// How far a registration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RegistrationStatus {
    /// The device never registered.
    Unassigned,
    /// A hub is being chosen.
    Assigning,
    /// It has a hub.
    Assigned,
    /// It was refused, or nothing could be found for it.
    Failed,
    /// Its enrollment is disabled.
    Disabled,
}

/// How an assignment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Substatus {
    /// It is the first.
    InitialAssignment,
    /// The device moved to another hub, and its twin with it.
    DeviceDataMigrated,
    /// The device moved to another hub and started afresh.
    DeviceDataReset,
    /// The device moved back to a hub that it had before.
    ReprovisionedToInitialAssignment,
}

/// The answer to a registration and to a question after it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationOperationStatus {
    /// What to ask for.
    pub operation_id: String,
    /// How far it has come.
    pub status: RegistrationStatus,
    /// The particulars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_state: Option<DeviceRegistrationResult>,
}

/// The particulars of a registration.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRegistrationResult {
    /// `{}` when the device proved itself with a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x509: Option<X509RegistrationResult>,
    /// The device's group, when it proved itself with a key derived from the group's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symmetric_key: Option<SymmetricKeyRegistrationResult>,
    /// The registration id.
    pub registration_id: String,
    /// When the device registered first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<String>,
    /// The hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_hub: Option<String>,
    /// The device's id in the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// How far it has come.
    pub status: RegistrationStatus,
    /// How the assignment came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substatus: Option<Substatus>,
    /// Why it failed, as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
    /// Why it failed, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// When the registration changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<String>,
    /// The version of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// What the webhook tells the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Box<RawValue>>,
}

impl DeviceRegistrationResult {
    /// A registration of which nothing is known but how far it has come.
    #[must_use]
    pub fn bare(registration_id: &str, status: RegistrationStatus) -> Self {
        Self {
            x509: None,
            symmetric_key: None,
            registration_id: registration_id.to_owned(),
            created_date_time_utc: None,
            assigned_hub: None,
            device_id: None,
            status,
            substatus: None,
            error_code: None,
            error_message: None,
            last_updated_date_time_utc: None,
            etag: None,
            payload: None,
        }
    }
}

/// What the service tells of a device's certificate: that there was one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct X509RegistrationResult {}

/// What the service tells of a device's key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SymmetricKeyRegistrationResult {
    /// The group that the key was derived from.
    pub enrollment_group_id: String,
}

/// An answer that isn't a refusal.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    /// When to ask again, in seconds; `None` when there is nothing to wait for.
    pub retry_after: Option<u64>,
}

impl<T> Answer<T> {
    /// The status: *accepted* while there is something to wait for.
    #[must_use]
    pub fn status(&self) -> u16 {
        if self.retry_after.is_some() { 202 } else { 200 }
    }
}

/// The way that a request came, which some error codes depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The REST API.
    Https,
    /// MQTT, over TLS or a WebSocket.
    Mqtt,
}

/// Why a request gets an error instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is wrong, and this sentence says what.
    Malformed(String),
    /// The signature is missing, wrong, or has run out. The log says which; the device isn't told.
    BadSignature(String),
    /// The certificate is missing or isn't the enrollment's.
    BadCertificate,
    /// There is no such thing.
    NotFound(Missing),
    /// The resource is there, and not for this HTTP method.
    Method,
    /// The body isn't JSON by its type.
    MediaType,
    /// Too many requests; try again after this time.
    Throttled(Duration),
}

/// What a request named in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The ID scope isn't this service's.
    IdScope,
    /// Nothing enrolls the device.
    Enrollment,
    /// The operation is not the device's last one.
    Operation,
    /// The address isn't one of the device API.
    Resource,
}

impl Refusal {
    /// The HTTP status, which MQTT carries in the topic.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::BadSignature(_) | Self::BadCertificate => 401,
            Self::NotFound(_) => 404,
            Self::Method => 405,
            Self::MediaType => 415,
            Self::Throttled(_) => 429,
        }
    }

    /// The service's own, finer code.
    #[must_use]
    pub fn error_code(&self, transport: Transport) -> u32 {
        match (self, transport) {
            (Self::Malformed(_), _) => 400_004,
            (Self::BadSignature(_), Transport::Mqtt) => 401_000,
            (Self::BadSignature(_), Transport::Https) | (Self::BadCertificate, _) => 401_002,
            (Self::NotFound(Missing::IdScope | Missing::Enrollment), _) => 404_201,
            (Self::NotFound(Missing::Operation), _) => 404_202,
            (Self::NotFound(Missing::Resource), _) => 404_000,
            (Self::Method, _) => 405_000,
            (Self::MediaType, _) => 415_000,
            (Self::Throttled(_), _) => 429_001,
        }
    }

    /// When to try again, in whole seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(wait) => {
                Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
            }
            _ => None,
        }
    }

    /// The body that tells the device.
    #[must_use]
    pub fn body(&self, transport: Transport, at: &Moment) -> ErrorBody {
        ErrorBody {
            error_code: self.error_code(transport),
            tracking_id: at.id,
            message: self.to_string(),
            timestamp_utc: at.now.to_string(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(problem) => write!(formatter, "Invalid argument: {problem}"),
            Self::BadSignature(_) => formatter.write_str("Unauthorized"),
            Self::BadCertificate => formatter.write_str("Invalid certificate."),
            Self::NotFound(Missing::IdScope) => formatter.write_str("ID scope not found."),
            Self::NotFound(Missing::Enrollment) => formatter.write_str("Enrollment not found."),
            Self::NotFound(Missing::Operation) => formatter.write_str("Operation not found."),
            Self::NotFound(Missing::Resource) => formatter.write_str("Resource not found."),
            Self::Method => formatter.write_str("Method not allowed."),
            Self::MediaType => formatter.write_str("The media type must be application/json."),
            Self::Throttled(_) => {
                formatter.write_str("Operations are being throttled for this tenant.")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The body of an error.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The service's own, finer code.
    pub error_code: u32,
    /// What to quote in a request for support.
    pub tracking_id: Uuid,
    /// What went wrong.
    pub message: String,
    /// When.
    pub timestamp_utc: String,
}

/// Checks the version of the API that a request names.
///
/// # Errors
/// It names none, or one that isn't emulated.
pub fn check_api_version(version: Option<&str>) -> Result<(), Refusal> {
    let [first, last] = API_VERSIONS;
    match version {
        Some(version) if version.len() == first.len() && (first..=last).contains(&version) => {
            Ok(())
        }
        Some(version) => Err(Refusal::Malformed(format!(
            "api-version {version} isn't emulated; those from {first} to {last} are"
        ))),
        None => Err(Refusal::Malformed("api-version is missing".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dps::moment::Timestamp;

    /// Status, code over HTTPS and MQTT, and message of each refusal.
    #[test]
    fn each_refusal_has_its_status_codes_and_message() {
        let sentence = "the body is empty".to_owned();
        for (refusal, status, https, mqtt, message) in [
            (
                Refusal::Malformed(sentence),
                400,
                400_004,
                400_004,
                "Invalid argument: the body is empty",
            ),
            (
                Refusal::BadSignature("expired".to_owned()),
                401,
                401_002,
                401_000,
                "Unauthorized",
            ),
            (
                Refusal::BadCertificate,
                401,
                401_002,
                401_002,
                "Invalid certificate.",
            ),
            (
                Refusal::NotFound(Missing::IdScope),
                404,
                404_201,
                404_201,
                "ID scope not found.",
            ),
            (
                Refusal::NotFound(Missing::Enrollment),
                404,
                404_201,
                404_201,
                "Enrollment not found.",
            ),
            (
                Refusal::NotFound(Missing::Operation),
                404,
                404_202,
                404_202,
                "Operation not found.",
            ),
            (
                Refusal::Throttled(Duration::from_millis(1_500)),
                429,
                429_001,
                429_001,
                "Operations are being throttled for this tenant.",
            ),
            (
                Refusal::NotFound(Missing::Resource),
                404,
                404_000,
                404_000,
                "Resource not found.",
            ),
            (
                Refusal::Method,
                405,
                405_000,
                405_000,
                "Method not allowed.",
            ),
            (
                Refusal::MediaType,
                415,
                415_000,
                415_000,
                "The media type must be application/json.",
            ),
        ] {
            assert_eq!(refusal.status(), status, "{message}");
            assert_eq!(refusal.error_code(Transport::Https), https, "{message}");
            assert_eq!(refusal.error_code(Transport::Mqtt), mqtt, "{message}");
            assert_eq!(refusal.to_string(), message);
        }
    }

    #[test]
    fn only_a_throttled_device_is_told_when_to_come_back() {
        let throttled = Refusal::Throttled(Duration::from_millis(1_500));
        assert_eq!(throttled.retry_after(), Some(2));
        assert_eq!(Refusal::Throttled(Duration::ZERO).retry_after(), Some(1));
        assert_eq!(Refusal::BadCertificate.retry_after(), None);
    }

    #[test]
    fn an_error_body_has_the_captured_members() {
        let at = Moment {
            now: Timestamp::from_unix(0).unwrap(),
            id: Uuid::nil(),
        };
        assert_eq!(
            serde_json::to_string(&Refusal::BadCertificate.body(Transport::Mqtt, &at)).unwrap(),
            r#"{"errorCode":401002,"trackingId":"00000000-0000-0000-0000-000000000000","message":"Invalid certificate.","timestampUtc":"1970-01-01T00:00:00.0000000Z"}"#
        );
    }

    #[test]
    fn api_versions_from_2018_to_2021_are_emulated() {
        for version in ["2018-11-01", "2019-03-31", "2021-06-01", "2021-10-01"] {
            assert_eq!(check_api_version(Some(version)), Ok(()));
        }
        for (version, sentence) in [
            (
                Some("2025-07-01-preview"),
                "Invalid argument: api-version 2025-07-01-preview isn't emulated; those from 2018-11-01 to 2021-10-01 are",
            ),
            (None, "Invalid argument: api-version is missing"),
        ] {
            let error = check_api_version(version).unwrap_err();
            assert_eq!(error.to_string(), sentence);
        }
    }
}
