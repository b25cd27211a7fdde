//! The errors: what a call is answered with, and what is wrong with a model.

use serde_json::{Value, json};
use thiserror::Error;

/// An error response: a status and the service's error code, with a sentence for a person.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct InstanceError {
    /// The status of the response.
    pub status: u16,
    /// The service's code, which is also in the header `x-ms-error-code`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
}

impl InstanceError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidArgument", message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationFailed", message)
    }

    pub(crate) fn patch(message: impl Into<String>) -> Self {
        Self::new(400, "JsonPatchInvalid", message)
    }

    pub(crate) fn no_twin(id: &str) -> Self {
        Self::new(
            404,
            "DigitalTwinNotFound",
            format!("There is no digital twin {id:?}."),
        )
    }

    pub(crate) fn precondition(id: &str) -> Self {
        Self::new(
            412,
            "PreconditionFailed",
            format!("The digital twin {id:?} is not as the If-Match or If-None-Match header says."),
        )
    }

    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// The body of the response.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({"error": {
            "code": self.code,
            "message": self.message,
            "details": [],
            "innererror": null,
        }})
    }
}

/// Why a JSON value is not a model that the instance can use.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ModelError {
    /// It has no DTMI.
    #[error("a model lacks its \"@id\"")]
    MissingId,
    /// It is another DTDL element.
    #[error("{model} is no Interface")]
    NotAnInterface {
        /// The model's id.
        model: String,
    },
    /// It inherits from another model.
    #[error("{model} extends another model, which the local instance doesn't know")]
    Extends {
        /// The model's id.
        model: String,
    },
    /// One of its contents has no name.
    #[error("{model} has a content without a name")]
    UnnamedContent {
        /// The model's id.
        model: String,
    },
    /// A property whose schema is an object, an array, an enum or a map.
    #[error("{model}: the schema of {name} is not a primitive one")]
    PropertySchema {
        /// The model's id.
        model: String,
        /// The property.
        name: String,
    },
    /// A component whose schema is not the id of a model.
    #[error("{model}: the schema of {name} is not a model's id")]
    ComponentSchema {
        /// The model's id.
        model: String,
        /// The component.
        name: String,
    },
    /// A content of another kind than DTDL 2 has.
    #[error("{model}: the local instance doesn't know what {name} is")]
    UnknownContent {
        /// The model's id.
        model: String,
        /// The content.
        name: String,
    },
}
