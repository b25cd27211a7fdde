//! Every way in which the function answers no hub, with its status and its sentence.

use std::fmt;

use custom_allocation::body::ReadError;
use custom_allocation::dps::RequestError;
use custom_allocation::host::BodyError;
use log::Level;

use super::{MAX_REQUEST, NAME};
use crate::adt::AdtError;
use crate::provisioning::{ProvisioningError, Refusal};

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
    /// The device gets no twin, and would get none if it asked again.
    Refused(Refusal),
    /// Digital Twins doesn't do what we ask.
    Adt(AdtError),
    /// A mistake of ours.
    Bug(serde_json::Error),
}

impl Denial {
    /// What the service makes of it: it fails the device at once, except behind 500 and 503, where it asks again.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::NoBody | Self::Unreadable(_) | Self::Malformed(_) | Self::Refused(_) => 400,
            Self::TooLarge => 413,
            Self::NoRoom | Self::Incomplete => 503,
            Self::Adt(error) if error.is_transient() => 503,
            Self::Adt(_) | Self::Bug(_) => 500,
        }
    }

    pub(super) fn level(&self) -> Level {
        match self.status() {
            500 => Level::Error,
            503 => Level::Warn,
            _ => Level::Info,
        }
    }

    pub(super) fn decision(&self) -> String {
        match self {
            Self::Adt(error) => error.to_string(),
            Self::Bug(error) => format!("cannot write the response: {error}"),
            _ => self.to_string(),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        match self {
            Self::NoBody
            | Self::Unreadable(_)
            | Self::TooLarge
            | Self::NoRoom
            | Self::Incomplete => false,
            Self::Malformed(error) => error.is_json_object(),
            Self::Refused(_) | Self::Adt(_) | Self::Bug(_) => true,
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
            Self::TooLarge => write!(f, "The request body is too large: {NAME} serves up to {MAX_REQUEST} bytes."),
            Self::NoRoom => f.write_str("Too many large requests are under way; ask again later."),
            Self::Incomplete => f.write_str("The request's body did not arrive whole; ask again."),
            Self::Malformed(error) => write!(f, "The request body is no AllocationRequest: {error}."),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Adt(error) if error.is_transient() => {
                f.write_str("Digital Twins is not available at the moment; ask again later.")
            }
            Self::Adt(_) | Self::Bug(_) => f.write_str("The function failed; its log says why."),
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

impl From<ProvisioningError> for Denial {
    fn from(error: ProvisioningError) -> Self {
        match error {
            ProvisioningError::Refused(refusal) => Self::Refused(refusal),
            ProvisioningError::Adt(error) => Self::Adt(error),
        }
    }
}
