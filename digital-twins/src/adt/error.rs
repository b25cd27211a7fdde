//! How a call can end badly, and whether it may end better later.

use std::fmt;

use reqwest::StatusCode;
use thiserror::Error;

use super::printable;
use super::shapes::{ErrorDetail, ErrorResponse};
use super::transport::MAX_ANSWER;

/// A call to Digital Twins failed.
#[derive(Debug, Error)]
pub enum AdtError {
    /// There is no HTTP client, as the machine has no certificates to trust.
    #[error("there is no HTTP client: {}", Chain(.0))]
    NoClient(reqwest::Error),
    /// There is no token for the call.
    #[error("signing in failed: {}", Chain(.0))]
    SignIn(azure_core::Error),
    /// No token came in time.
    #[error("signing in took too long")]
    SignInTimedOut,
    /// No answer came.
    #[error("Digital Twins can't be reached: {}", Chain(.0))]
    Unreachable(reqwest::Error),
    /// The time for the call was over.
    #[error("Digital Twins did not answer in time")]
    TimedOut,
    /// The service answered with an error.
    #[error("Digital Twins answered {}{}", .status.as_u16(), explained(.code, .message))]
    Status {
        /// The status.
        status: StatusCode,
        /// The service's code, such as `DigitalTwinNotFound`, made printable; empty where it gives
        /// none.
        code: String,
        /// The service's sentence, made printable.
        message: String,
    },
    /// The answer has another shape than the service's.
    #[error("Digital Twins answered something else than documented: {}", printable(&.0.to_string()))]
    Malformed(serde_json::Error),
    /// The answer is larger than any of the service's.
    #[error("Digital Twins answered more than {MAX_ANSWER} bytes")]
    TooLarge,
    /// The next page is said to be on another host, which gets no token.
    #[error("Digital Twins answered a link to another host, which is not followed")]
    ForeignLink,
    /// What others do came in between, again and again.
    #[error("others changed the twin again and again meanwhile")]
    Contended,
}

impl AdtError {
    pub(super) fn from_answer(status: StatusCode, body: &[u8]) -> Self {
        let ErrorResponse {
            error: ErrorDetail { code, message },
        } = serde_json::from_slice(body).unwrap_or_default();
        Self::Status {
            status,
            code: printable(&code),
            message: printable(&message),
        }
    }

    /// Whether the same call may succeed later. What the service says is wrong with the call itself
    /// stays wrong; a missing permission, which somebody has to give, does not.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoClient(_)
            | Self::SignIn(_)
            | Self::SignInTimedOut
            | Self::Unreachable(_)
            | Self::TimedOut
            | Self::Contended => true,
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::UNAUTHORIZED
                            | StatusCode::FORBIDDEN
                            | StatusCode::REQUEST_TIMEOUT
                            | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            Self::Malformed(_) | Self::TooLarge | Self::ForeignLink => false,
        }
    }

    /// Whether the service answered with `status`.
    #[must_use]
    pub fn is_status(&self, expected: StatusCode) -> bool {
        matches!(self, Self::Status { status, .. } if *status == expected)
    }

    /// Whether the service gave this code.
    #[must_use]
    pub fn is_code(&self, expected: &str) -> bool {
        matches!(self, Self::Status { code, .. } if code == expected)
    }
}

/// What an error's answer says behind its status, if anything.
fn explained(code: &str, message: &str) -> String {
    if code.is_empty() {
        String::new()
    } else {
        format!(" {code}: {}", message.trim_end_matches('.'))
    }
}

/// An error with what is behind it, down to the one that says why, on one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chain = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        f.write_str(&printable(&chain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> AdtError {
        let body =
            br#"{"error":{"code":"Some","message":"Some sentence.","details":[],"innererror":{}}}"#;
        AdtError::from_answer(StatusCode::from_u16(status).unwrap(), body)
    }

    #[test]
    fn what_may_succeed_later_is_transient() {
        for (status, expected) in [
            (400, false),
            (404, false),
            (409, false),
            (412, false),
            (302, false),
            (401, true),
            (403, true),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
        ] {
            assert_eq!(answered(status).is_transient(), expected, "{status}");
        }
        assert!(AdtError::TimedOut.is_transient() && !AdtError::ForeignLink.is_transient());
    }

    #[test]
    fn the_service_s_code_and_sentence_are_told() {
        let error = answered(404);
        assert!(error.is_status(StatusCode::NOT_FOUND) && error.is_code("Some"));
        assert_eq!(
            error.to_string(),
            "Digital Twins answered 404 Some: Some sentence"
        );
        let error = AdtError::from_answer(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(error.to_string(), "Digital Twins answered 502");
    }
}
