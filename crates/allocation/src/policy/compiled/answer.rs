//! What a rule puts into the answer beside the hub.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::path::PathId;
use super::template::Template;
use crate::redacted;

/// A value of the answer.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// JSON that is the same for all devices.
    Constant(String),
    Copy(PathId),
    /// Left out with its member or element when it is missing.
    CopyIfThere(PathId),
    Text(Template),
    /// Each name is JSON.
    Object(Vec<(String, Output)>),
    Array(Vec<Output>),
}

/// The members of the answer behind the hub, in the file's order.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) members: Vec<AnswerMember>,
    /// Whether the log may show them: no device makes a difference, and nothing is secret.
    pub(crate) is_plain: bool,
}

/// A member of the answer, and what it is.
#[derive(Debug)]
pub(crate) struct AnswerMember {
    pub(crate) member: Member,
    pub(crate) output: Output,
    /// Its JSON when no device makes a difference.
    pub(crate) constant: Option<Arc<RawValue>>,
}

/// A member of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    InitialTwin,
    Payload,
}

impl Member {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InitialTwin => "initialTwin",
            Self::Payload => "payload",
        }
    }
}

impl Answer {
    pub(crate) fn new(members: Vec<(Member, Output)>) -> Self {
        let members: Vec<_> = members
            .into_iter()
            .map(|(member, output)| {
                let constant = match &output {
                    Output::Constant(json) => raw(json.clone()),
                    _ => None,
                };
                AnswerMember {
                    member,
                    output,
                    constant,
                }
            })
            .collect();
        let is_plain = |one: &AnswerMember| {
            let json = one.constant.as_ref().map(|json| json.get());
            json.is_some_and(|json| matches!(redacted(json, usize::MAX), Cow::Borrowed(_)))
        };
        Self {
            is_plain: members.iter().all(is_plain),
            members,
        }
    }
}

/// The JSON of what has been written, which is JSON.
pub(crate) fn raw(json: String) -> Option<Arc<RawValue>> {
    RawValue::from_string(json).ok().map(Arc::from)
}

impl Output {
    /// The paths that the value takes.
    pub(crate) fn paths(&self, add: &mut impl FnMut(PathId)) {
        match self {
            Self::Constant(_) => {}
            Self::Copy(path) | Self::CopyIfThere(path) => add(*path),
            Self::Text(template) => template.paths().for_each(add),
            Self::Object(members) => members.iter().for_each(|(_, value)| value.paths(add)),
            Self::Array(elements) => elements.iter().for_each(|element| element.paths(add)),
        }
    }
}
