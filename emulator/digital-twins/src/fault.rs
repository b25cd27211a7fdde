//! Trouble that is injected: throttling, failures, silence, and what others do meanwhile.

use std::fmt;

use super::instance::Instance;

/// An operation of the data plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `POST /query`.
    Query,
    /// `GET /digitaltwins/{id}`.
    GetTwin,
    /// `PUT /digitaltwins/{id}`.
    PutTwin,
    /// `PATCH /digitaltwins/{id}`.
    PatchTwin,
    /// `DELETE /digitaltwins/{id}`.
    DeleteTwin,
    /// `GET /digitaltwins/{id}/relationships`.
    ListRelationships,
    /// `GET /digitaltwins/{id}/incomingrelationships`.
    ListIncomingRelationships,
    /// `PUT /digitaltwins/{id}/relationships/{relationship}`.
    PutRelationship,
    /// `DELETE /digitaltwins/{id}/relationships/{relationship}`.
    DeleteRelationship,
}

/// Trouble for the next calls.
#[derive(Debug)]
pub struct Fault {
    /// Which calls; `None` is any.
    pub call: Option<Call>,
    /// The twin of those calls; `None` is any.
    pub twin: Option<String>,
    /// How many calls it strikes before it is over.
    pub times: u32,
    /// What happens to them.
    pub effect: Effect,
}

/// What happens to a call.
pub enum Effect {
    /// It is answered with an error.
    Status {
        /// The status, such as 429.
        status: u16,
        /// The header `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// It is never answered.
    Silence,
    /// It is served, but before that somebody else has changed the instance.
    Meanwhile(fn(&mut Instance)),
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                status,
                retry_after,
            } => write!(f, "Status({status}, {retry_after:?})"),
            Self::Silence => f.write_str("Silence"),
            Self::Meanwhile(_) => f.write_str("Meanwhile"),
        }
    }
}

impl Fault {
    /// The next `times` calls of the kind are answered with `status`.
    #[must_use]
    pub fn status(call: Call, times: u32, status: u16) -> Self {
        Self {
            call: Some(call),
            twin: None,
            times,
            effect: Effect::Status {
                status,
                retry_after: None,
            },
        }
    }

    /// The next `times` calls of the kind are throttled.
    #[must_use]
    pub fn throttling(call: Call, times: u32, retry_after: u32) -> Self {
        let effect = Effect::Status {
            status: 429,
            retry_after: Some(retry_after),
        };
        Self {
            call: Some(call),
            twin: None,
            times,
            effect,
        }
    }

    /// The next `times` calls of the kind are never answered.
    #[must_use]
    pub fn silence(call: Call, times: u32) -> Self {
        Self {
            call: Some(call),
            twin: None,
            times,
            effect: Effect::Silence,
        }
    }

    /// Right before the next call of the kind is served, somebody else changes the instance.
    #[must_use]
    pub fn meanwhile(call: Call, change: fn(&mut Instance)) -> Self {
        Self {
            call: Some(call),
            twin: None,
            times: 1,
            effect: Effect::Meanwhile(change),
        }
    }

    /// The same for calls about one twin alone.
    #[must_use]
    pub fn of(self, twin: &str) -> Self {
        Self {
            twin: Some(twin.to_owned()),
            ..self
        }
    }

    pub(super) fn strikes(&self, call: Call, twin: Option<&str>) -> bool {
        self.times > 0
            && self.call.is_none_or(|struck| struck == call)
            && self
                .twin
                .as_deref()
                .is_none_or(|struck| Some(struck) == twin)
    }
}
