//! Every way in which the function answers no hub, with its status and its sentence.

use std::borrow::Cow;
use std::fmt;

use super::{MAX_REQUEST, NAME};
use crate::allocation::Refusal;
use crate::body::ReadError;
use crate::dps::RequestError;
use crate::host::BodyError;

/// Why no hub is answered. Its `Display` is the answer: one sentence.
#[derive(Debug)]
pub(super) enum Denial {
    /// There is no request.
    NoBody,
    /// The request is no text.
    Unreadable(BodyError),
    /// The request, or the envelope around it, is too large.
    TooLarge,
    /// Too many large requests are under way.
    NoRoom,
    /// The body did not arrive whole, or not in time.
    Incomplete,
    /// The request is no allocation request.
    Malformed(RequestError),
    /// The policy has no hub for the device.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The registration id for the log.
        device: String,
    },
    /// A mistake of ours.
    Bug(serde_json::Error),
}

impl Denial {
    /// It decides what the service does: after 4xx it fails the device at once, after 5xx it asks again.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::NoBody | Self::Unreadable(_) | Self::Malformed(_) | Self::Refused { .. } => 400,
            Self::TooLarge => 413,
            Self::Bug(_) => 500,
            Self::NoRoom | Self::Incomplete => 503,
        }
    }

    /// The registration id for the log, or a dash.
    pub(super) fn into_device(self) -> String {
        match self {
            Self::Refused { device, .. } => device,
            _ => "-".to_owned(),
        }
    }

    /// How it came to that, for the log.
    pub(super) fn decision(&self) -> Cow<'static, str> {
        match self {
            Self::Refused { refusal, .. } => refusal.log_line().into(),
            Self::Bug(error) => format!("cannot write the response: {error}").into(),
            _ => self.to_string().into(),
        }
    }

    /// Whether the request is a JSON object nonetheless, in which secrets can be told from the rest.
    pub(super) fn is_about_json(&self) -> bool {
        match self {
            Self::Malformed(error) => error.is_json_object(),
            Self::Refused { .. } | Self::Bug(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBody => f.write_str(
                "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the \
                 body of a chunked request.",
            ),
            Self::Unreadable(error) => write!(f, "The request body can't be read: {error}."),
            Self::TooLarge => write!(
                f,
                "The request body is too large: {NAME} serves up to {MAX_REQUEST} bytes."
            ),
            Self::NoRoom => f.write_str("Too many large requests are under way: try again."),
            Self::Incomplete => f.write_str("The request body did not arrive whole: try again."),
            Self::Malformed(error) => {
                write!(f, "The request body is no AllocationRequest: {error}.")
            }
            Self::Refused { refusal, .. } => refusal.fmt(f),
            Self::Bug(_) => f.write_str("The function failed; its log says why."),
        }
    }
}

impl From<ReadError> for Denial {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => Self::TooLarge,
            ReadError::NoRoom => Self::NoRoom,
            ReadError::Incomplete => Self::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_denial_has_its_status_its_line_in_the_log_and_its_device() {
        let not_json = || serde_json::from_str::<()>("x").unwrap_err();
        let no_body = "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the body of a chunked request.";
        for (denial, status, decision, is_about_json, device) in [
            (Denial::NoBody, 400, no_body, false, "-"),
            (
                Denial::Unreadable(BodyError::NotBase64),
                400,
                "The request body can't be read: it has a binary Content-Type, and is not base64.",
                false,
                "-",
            ),
            (
                Denial::TooLarge,
                413,
                "The request body is too large: HttpTrigger1 serves up to 1048576 bytes.",
                false,
                "-",
            ),
            (
                Denial::NoRoom,
                503,
                "Too many large requests are under way: try again.",
                false,
                "-",
            ),
            (
                Denial::Incomplete,
                503,
                "The request body did not arrive whole: try again.",
                false,
                "-",
            ),
            (
                Denial::Malformed(RequestError::NotJson(not_json())),
                400,
                "The request body is no AllocationRequest: it is not JSON (expected value at line 1 column 1).",
                false,
                "-",
            ),
            (
                Denial::Malformed(RequestError::TooDeep { member: None }),
                400,
                "The request body is no AllocationRequest: it is nested more than 128 levels deep.",
                true,
                "-",
            ),
            (
                Denial::Refused {
                    refusal: Refusal::NoLinkedHubs,
                    device: "d".to_owned(),
                },
                400,
                "linkedHubs : NULL",
                true,
                "d",
            ),
            (
                Denial::Bug(not_json()),
                500,
                "cannot write the response: expected value at line 1 column 1",
                true,
                "-",
            ),
        ] {
            assert_eq!(denial.status(), status, "{denial:?}");
            assert_eq!(denial.decision(), decision, "{denial:?}");
            assert_eq!(denial.is_about_json(), is_about_json, "{denial:?}");
            assert_eq!(denial.into_device(), device);
        }
        assert_eq!(
            Denial::Bug(not_json()).to_string(),
            "The function failed; its log says why."
        );
    }
}
