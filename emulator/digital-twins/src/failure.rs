//! What the instance answers when it doesn't do what it is asked.

use serde_json::{Value, json};

/// A status and the service's error code, with a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The status of the answer.
    pub status: u16,
    /// The service's code, which is also in the header `x-ms-error-code`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Failure {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidArgument", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationFailed", message)
    }

    pub(super) fn patch(message: impl Into<String>) -> Self {
        Self::new(400, "JsonPatchInvalid", message)
    }

    pub(super) fn no_twin(id: &str) -> Self {
        Self::new(
            404,
            "DigitalTwinNotFound",
            format!("There is no digital twin {id:?}."),
        )
    }

    pub(super) fn precondition(id: &str) -> Self {
        Self::new(
            412,
            "PreconditionFailed",
            format!("The digital twin {id:?} is not as the If-Match or If-None-Match header says."),
        )
    }

    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message, "details": [], "innererror": null}})
    }
}
