//! What a rule puts into the answer beside the hub.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::facts::Facts;
use super::json::text::{Value, copy, quote};
use super::path::PathId;
use super::template::Template;
use super::twin::{self, TwinProblem};
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

/// Why the answer can't be made for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerError {
    /// This path can't be filled.
    Path(PathId),
    Twin(TwinProblem),
    PayloadNotAnObject,
    /// A mistake of ours.
    Unwritable,
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

impl AnswerMember {
    /// The member's JSON for a device; `None` when it is left out.
    pub(crate) fn json(&self, facts: &Facts<'_>) -> Result<Option<Arc<RawValue>>, AnswerError> {
        if let Some(constant) = &self.constant {
            return Ok(Some(constant.clone()));
        }
        let mut json = String::new();
        if !self
            .output
            .write(facts, &mut json)
            .map_err(AnswerError::Path)?
        {
            return Ok(None);
        }
        match self.member {
            Member::InitialTwin => twin::check(&json).map_err(AnswerError::Twin)?,
            Member::Payload if !json.starts_with('{') => {
                return Err(AnswerError::PayloadNotAnObject);
            }
            Member::Payload => {}
        }
        raw(json).map(Some).ok_or(AnswerError::Unwritable)
    }
}

/// What has been written is JSON.
fn raw(json: String) -> Option<Arc<RawValue>> {
    RawValue::from_string(json).ok().map(Arc::from)
}

impl Output {
    /// Appends the value. Returns whether there is one; fails with the path that can't be filled.
    ///
    /// Recurses as deeply as the file is nested.
    fn write(&self, facts: &Facts<'_>, json: &mut String) -> Result<bool, PathId> {
        match self {
            Self::Constant(constant) => json.push_str(constant),
            Self::Text(template) => quote(&template.fill(facts)?, json),
            Self::CopyIfThere(path) if facts.value(*path).is_missing() => return Ok(false),
            Self::Copy(path) | Self::CopyIfThere(path) => {
                if !copy_value(facts.value(*path), json) {
                    return Err(*path);
                }
            }
            Self::Object(members) => {
                json.push('{');
                let mut is_first = true;
                for (name, value) in members {
                    let start = json.len();
                    if !is_first {
                        json.push(',');
                    }
                    json.push_str(name);
                    json.push(':');
                    if value.write(facts, json)? {
                        is_first = false;
                    } else {
                        json.truncate(start);
                    }
                }
                json.push('}');
            }
            Self::Array(elements) => {
                json.push('[');
                let mut is_first = true;
                for element in elements {
                    let start = json.len();
                    if !is_first {
                        json.push(',');
                    }
                    if element.write(facts, json)? {
                        is_first = false;
                    } else {
                        json.truncate(start);
                    }
                }
                json.push(']');
            }
        }
        Ok(true)
    }

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

/// Appends a copy of a value; returns whether that could be done.
fn copy_value(value: &Value<'_>, json: &mut String) -> bool {
    match value {
        Value::Missing | Value::HalfText => false,
        Value::Boolean(value) => {
            json.push_str(if *value { "true" } else { "false" });
            true
        }
        Value::Text(text) => {
            quote(text, json);
            true
        }
        Value::Number(text) | Value::Object(text) | Value::Array(text) => copy(text, json),
    }
}
