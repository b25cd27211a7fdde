//! Every way in which a request never comes to the policy, or its decision never to an answer, with
//! status and sentence.

use std::borrow::Cow;
use std::fmt;

use custom_handler::BodyError;

use super::MAX_REQUEST;
use crate::dps::RequestError;
use crate::request::MissingError;

/// Why there is no answer of the policy's. Its `Display` is the answer: one sentence.
#[derive(Debug)]
pub(super) enum WebhookError {
    /// The request has no body.
    NoBody,
    /// The request is not text.
    Unreadable(BodyError),
    /// The request, or the envelope around it, is too large.
    TooLarge {
        /// For which function.
        function: &'static str,
    },
    /// Too many large requests are under way.
    OverBudget,
    /// The body did not arrive whole, or not in time.
    Incomplete,
    /// The request is not an allocation request.
    Malformed(RequestError),
    /// The request lacks what every policy needs.
    Missing(MissingError),
    /// A mistake of ours: the policy's hub is not one of the request's.
    NotLinked,
    /// A mistake of ours: the response can't be written.
    Unwritable(serde_json::Error),
}

impl WebhookError {
    /// It decides what the service does: after 4xx it fails the device at once, after 5xx it asks
    /// again.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::NoBody | Self::Unreadable(_) | Self::Malformed(_) | Self::Missing(_) => 400,
            Self::TooLarge { .. } => 413,
            Self::NotLinked | Self::Unwritable(_) => 500,
            Self::OverBudget | Self::Incomplete => 503,
        }
    }

    /// What the log says of it, if that is something else than the answer.
    pub(super) fn log_line(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Missing(error) => Some(error.log_line().into()),
            Self::NotLinked => Some("the policy's hub is not linked to the request".into()),
            Self::Unwritable(error) => Some(format!("cannot write the response: {error}").into()),
            _ => None,
        }
    }

    /// Whether the request is a JSON object nonetheless, in which secrets can be told from the
    /// rest.
    pub(super) fn is_about_json(&self) -> bool {
        match self {
            Self::Malformed(error) => error.is_json_object(),
            Self::Missing(_) | Self::NotLinked | Self::Unwritable(_) => true,
            _ => false,
        }
    }

    /// What a caller hears of our own mistakes.
    pub(super) const fn failed() -> &'static str {
        "The function failed; its log says why."
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBody => f.write_str(
                "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the \
                 body of a chunked request.",
            ),
            Self::Unreadable(error) => write!(f, "The request body can't be read: {error}."),
            Self::TooLarge { function } => write!(
                f,
                "The request body is too large: {function} serves up to {MAX_REQUEST} bytes."
            ),
            Self::OverBudget => f.write_str("Too many large requests are under way: try again."),
            Self::Incomplete => f.write_str("The request body did not arrive whole: try again."),
            Self::Malformed(error) => {
                write!(f, "The request body is no AllocationRequest: {error}.")
            }
            Self::Missing(error) => error.fmt(f),
            Self::NotLinked | Self::Unwritable(_) => f.write_str(Self::failed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status_its_sentence_and_its_line_in_the_log() {
        let not_json = || serde_json::from_str::<()>("x").unwrap_err();
        let failed = "The function failed; its log says why.";
        for (error, status, sentence, log_line, is_about_json) in [
            (
                WebhookError::NoBody,
                400,
                "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the body of a chunked request.",
                "",
                false,
            ),
            (
                WebhookError::Unreadable(BodyError::NotBase64),
                400,
                "The request body can't be read: it has a binary Content-Type, and is not base64.",
                "",
                false,
            ),
            (
                WebhookError::TooLarge { function: "F" },
                413,
                "The request body is too large: F serves up to 1048576 bytes.",
                "",
                false,
            ),
            (
                WebhookError::OverBudget,
                503,
                "Too many large requests are under way: try again.",
                "",
                false,
            ),
            (
                WebhookError::Incomplete,
                503,
                "The request body did not arrive whole: try again.",
                "",
                false,
            ),
            (
                WebhookError::Malformed(RequestError::NotJson(not_json())),
                400,
                "The request body is no AllocationRequest: it is not JSON (expected value at line 1 column 1).",
                "",
                false,
            ),
            (
                WebhookError::Malformed(RequestError::TooDeep { member: None }),
                400,
                "The request body is no AllocationRequest: it is nested more than 128 levels deep.",
                "",
                true,
            ),
            (
                WebhookError::Missing(MissingError::LinkedHubs),
                400,
                "No hub group defined for the enrollment.",
                "linkedHubs : NULL",
                true,
            ),
            (
                WebhookError::NotLinked,
                500,
                failed,
                "the policy's hub is not linked to the request",
                true,
            ),
            (
                WebhookError::Unwritable(not_json()),
                500,
                failed,
                "cannot write the response: expected value at line 1 column 1",
                true,
            ),
        ] {
            let log_line = (!log_line.is_empty()).then_some(log_line);
            assert_eq!(error.to_string(), sentence);
            assert_eq!(error.status(), status, "{error:?}");
            assert_eq!(error.log_line().as_deref(), log_line, "{error:?}");
            assert_eq!(error.is_about_json(), is_about_json, "{error:?}");
        }
    }
}
