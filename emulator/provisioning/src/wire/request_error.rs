//! Errors of the device API: their statuses, codes and bodies.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/how-to-troubleshoot-dps#common-error-codes>.
//! The finer codes are those of captured answers; where there is none, the emulator's README says
//! what is assumed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::clock::{RequestContext, whole_seconds};
use crate::wire::certificate_error::CertificateError;
use crate::wire::tpm_challenge::TpmChallenge;

/// Why a request gets an error instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The request is wrong, and this sentence says what.
    #[error("Invalid argument: {0}")]
    Malformed(String),
    /// The body can't be read. The log says why; the device isn't told.
    #[error("Deserialization error.")]
    Unreadable(String),
    /// The signature is missing, wrong, or has run out. The log says which; the device isn't told.
    #[error("Unauthorized")]
    BadSignature(String),
    /// The device's TPM has to sign with this nonce first.
    #[error("Unauthorized")]
    Challenge(Box<TpmChallenge>),
    /// The certificate is missing or isn't good enough.
    #[error("{0}")]
    BadCertificate(CertificateError),
    /// There is no such thing.
    #[error("{0} not found.")]
    NotFound(Missing),
    /// The resource is there, and not for this HTTP method.
    #[error("Method not allowed.")]
    Method,
    /// The body isn't JSON by its type.
    #[error("The media type must be application/json.")]
    MediaType,
    /// Too many requests; try again after this time.
    #[error("Operations are being throttled for this tenant.")]
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

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdScope => "ID scope",
            Self::Enrollment => "Enrollment",
            Self::Operation => "Operation",
            Self::Resource => "Resource",
        })
    }
}

impl Missing {
    /// What to do about it. For an address, what the address looks like decides.
    fn remedy(self) -> &'static str {
        match self {
            Self::IdScope => {
                "The service's own is printed when it starts; idScope in the configuration sets it."
            }
            Self::Enrollment => {
                "The configuration has no enrollment under the registration id and no group for it."
            }
            Self::Operation => {
                "The operationId must be that of the device's last registration; let it register again."
            }
            Self::Resource => "",
        }
    }
}

impl RequestError {
    /// The HTTP status, which MQTT carries in the topic.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Unreadable(_) => 400,
            Self::BadSignature(_) | Self::Challenge(_) | Self::BadCertificate(_) => 401,
            Self::NotFound(_) => 404,
            Self::Method => 405,
            Self::MediaType => 415,
            Self::Throttled(_) => 429,
        }
    }

    /// The service's own, finer code, the same on every transport.
    #[must_use]
    pub fn error_code(&self) -> u32 {
        match self {
            Self::Malformed(_) => 400_004,
            Self::Unreadable(_) => 400_012,
            Self::BadSignature(_) | Self::Challenge(_) | Self::BadCertificate(_) => 401_002,
            Self::NotFound(Missing::IdScope | Missing::Enrollment) => 404_201,
            Self::NotFound(Missing::Operation) => 404_202,
            Self::NotFound(Missing::Resource) => 404_000,
            Self::Method => 405_000,
            Self::MediaType => 415_000,
            Self::Throttled(_) => 429_001,
        }
    }

    /// What is wrong, for the log: all that the device hears, and what only the log may say.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::BadSignature(reason) => reason.clone(),
            Self::Challenge(challenge) => challenge.reason.to_owned(),
            Self::BadCertificate(refusal) => refusal.reason().to_owned(),
            Self::Unreadable(reason) => format!("{self} {reason}"),
            Self::NotFound(missing) => format!("{self} {}", missing.remedy()).trim_end().to_owned(),
            Self::Method => format!(
                "{self} A device registers with PUT, polls with GET and looks itself up with POST."
            ),
            Self::Throttled(_) => {
                format!("{self} Let the device wait, or start the emulator with --no-throttle.")
            }
            other => other.to_string(),
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
    pub fn body(&self, at: &RequestContext) -> ErrorBody {
        ErrorBody {
            error_code: self.error_code(),
            tracking_id: at.id,
            message: self.to_string(),
            timestamp_utc: at.now.to_string(),
        }
    }
}

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
    use super::*;
    use crate::clock::Timestamp;

    fn bad_certificate() -> RequestError {
        RequestError::BadCertificate(CertificateError::Invalid(String::new()))
    }

    #[test]
    fn each_refusal_has_its_status_code_and_message() {
        #[track_caller]
        fn check(refusal: &RequestError, status: u16, code: u32, message: &str) {
            assert_eq!(refusal.status(), status);
            assert_eq!(refusal.error_code(), code);
            assert_eq!(refusal.to_string(), message);
        }
        check(
            &RequestError::Malformed("the body is empty".to_owned()),
            400,
            400_004,
            "Invalid argument: the body is empty",
        );
        check(
            &RequestError::Unreadable("trailing characters".to_owned()),
            400,
            400_012,
            "Deserialization error.",
        );
        check(
            &RequestError::BadSignature("expired".to_owned()),
            401,
            401_002,
            "Unauthorized",
        );
        check(&bad_certificate(), 401, 401_002, "Invalid certificate.");
        for (missing, code, message) in [
            (Missing::IdScope, 404_201, "ID scope not found."),
            (Missing::Enrollment, 404_201, "Enrollment not found."),
            (Missing::Operation, 404_202, "Operation not found."),
            (Missing::Resource, 404_000, "Resource not found."),
        ] {
            check(&RequestError::NotFound(missing), 404, code, message);
        }
        check(&RequestError::Method, 405, 405_000, "Method not allowed.");
        check(
            &RequestError::MediaType,
            415,
            415_000,
            "The media type must be application/json.",
        );
        check(
            &RequestError::Throttled(Duration::from_millis(1_500)),
            429,
            429_001,
            "Operations are being throttled for this tenant.",
        );
    }

    #[test]
    fn the_log_hears_what_the_device_does_not() {
        let unreadable = RequestError::Unreadable("trailing characters".to_owned());
        assert_eq!(
            unreadable.reason(),
            "Deserialization error. trailing characters"
        );
        let expired = RequestError::BadSignature("the token has expired".to_owned());
        assert_eq!(expired.reason(), "the token has expired");
        for (error, reason) in [
            (
                RequestError::Method,
                "Method not allowed. A device registers with PUT, polls with GET and looks itself up with POST.",
            ),
            (
                RequestError::Throttled(Duration::ZERO),
                "Operations are being throttled for this tenant. Let the device wait, or start the emulator with \
                 --no-throttle.",
            ),
            (
                RequestError::NotFound(Missing::IdScope),
                "ID scope not found. The service's own is printed when it starts; idScope in the configuration sets it.",
            ),
            (
                RequestError::NotFound(Missing::Enrollment),
                "Enrollment not found. The configuration has no enrollment under the registration id and no group for it.",
            ),
            (
                RequestError::NotFound(Missing::Operation),
                "Operation not found. The operationId must be that of the device's last registration; let it register \
                 again.",
            ),
            (
                RequestError::NotFound(Missing::Resource),
                "Resource not found.",
            ),
        ] {
            assert_eq!(error.reason(), reason);
        }
    }

    #[test]
    fn only_a_throttled_device_is_told_when_to_come_back() {
        let throttled = RequestError::Throttled(Duration::from_millis(1_500));
        assert_eq!(throttled.retry_after(), Some(2));
        assert_eq!(
            RequestError::Throttled(Duration::ZERO).retry_after(),
            Some(1)
        );
        assert_eq!(bad_certificate().retry_after(), None);
    }

    #[test]
    fn an_error_body_has_the_captured_members() {
        let at = RequestContext {
            now: Timestamp::from_unix(0).unwrap(),
            id: Uuid::nil(),
        };
        assert_eq!(
            serde_json::to_string(&bad_certificate().body(&at)).unwrap(),
            r#"{"errorCode":401002,"trackingId":"00000000-0000-0000-0000-000000000000","message":"Invalid certificate.","timestampUtc":"1970-01-01T00:00:00.0000000Z"}"#
        );
    }
}
