//! Fault injection: throttling, error responses, silence, and what others do meanwhile.

use crate::instance::Instance;

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

/// A fault that the next calls meet.
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
#[derive(Clone, Copy, Debug)]
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

impl Effect {
    /// The service is throttled: 429, with `Retry-After` in seconds.
    #[must_use]
    pub fn throttled(retry_after: u32) -> Self {
        Self::Status {
            status: 429,
            retry_after: Some(retry_after),
        }
    }
}

impl Fault {
    /// The next `times` calls of any kind meet `effect`.
    #[must_use]
    pub fn any(times: u32, effect: Effect) -> Self {
        Self {
            call: None,
            twin: None,
            times,
            effect,
        }
    }

    /// The next `times` calls of the kind are answered with `status`.
    #[must_use]
    pub fn status(call: Call, times: u32, status: u16) -> Self {
        let retry_after = None;
        Self::at(
            call,
            times,
            Effect::Status {
                status,
                retry_after,
            },
        )
    }

    /// The next `times` calls of the kind are throttled.
    #[must_use]
    pub fn throttling(call: Call, times: u32, retry_after: u32) -> Self {
        Self::at(call, times, Effect::throttled(retry_after))
    }

    /// The next `times` calls of the kind are never answered.
    #[must_use]
    pub fn silence(call: Call, times: u32) -> Self {
        Self::at(call, times, Effect::Silence)
    }

    /// Right before the next call of the kind is served, somebody else changes the instance.
    #[must_use]
    pub fn meanwhile(call: Call, change: fn(&mut Instance)) -> Self {
        Self::at(call, 1, Effect::Meanwhile(change))
    }

    fn at(call: Call, times: u32, effect: Effect) -> Self {
        Self {
            call: Some(call),
            ..Self::any(times, effect)
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
