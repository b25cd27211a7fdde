//! Errors of the device API: their statuses, codes and bodies.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/how-to-troubleshoot-dps#common-error-codes>. The finer codes are those of
//! captured answers; where there is none, the emulator's README says what is assumed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::service::moment::{Moment, whole_seconds};
use crate::wire::certificate_refusal::CertificateRefusal;

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
    /// The certificate is missing or isn't good enough.
    BadCertificate(CertificateRefusal),
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
            Self::BadSignature(_) | Self::BadCertificate(_) => 401,
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
            (Self::BadSignature(_), Transport::Https) | (Self::BadCertificate(_), _) => 401_002,
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
            Self::Throttled(wait) => Some(whole_seconds(*wait)),
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
            Self::BadCertificate(refusal) => refusal.fmt(formatter),
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

#[cfg(test)]
mod tests {
    fn bad_certificate() -> Refusal {
        Refusal::BadCertificate(CertificateRefusal::Invalid(String::new()))
    }

    use super::*;
    use crate::service::moment::Timestamp;

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
                bad_certificate(),
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
        assert_eq!(bad_certificate().retry_after(), None);
    }

    #[test]
    fn an_error_body_has_the_captured_members() {
        let at = Moment {
            now: Timestamp::from_unix(0).unwrap(),
            id: Uuid::nil(),
        };
        assert_eq!(
            serde_json::to_string(&bad_certificate().body(Transport::Mqtt, &at)).unwrap(),
            r#"{"errorCode":401002,"trackingId":"00000000-0000-0000-0000-000000000000","message":"Invalid certificate.","timestampUtc":"1970-01-01T00:00:00.0000000Z"}"#
        );
    }
}
