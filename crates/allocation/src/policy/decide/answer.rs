//! Writes what a rule puts into the answer beside the hub.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::values::Values;
use crate::policy::compiled::answer::{AnswerMember, Member, Output, raw};
use crate::policy::compiled::path::PathId;
use crate::policy::json::text::{Value, copy, quote};
use crate::policy::twin::{self, TwinProblem};

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

impl AnswerMember {
    /// The member's JSON for a device; `None` when it is left out.
    pub(crate) fn json(&self, values: &impl Values) -> Result<Option<Arc<RawValue>>, AnswerError> {
        if let Some(constant) = &self.constant {
            return Ok(Some(constant.clone()));
        }
        let mut json = String::new();
        if !self
            .output
            .write(values, &mut json)
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

impl Output {
    /// Appends the value. Returns whether there is one; fails with the path that can't be filled.
    ///
    /// Recurses as deeply as the file is nested.
    fn write(&self, values: &impl Values, json: &mut String) -> Result<bool, PathId> {
        match self {
            Self::Constant(constant) => json.push_str(constant),
            Self::Text(template) => quote(&template.fill(values)?, json),
            Self::CopyIfThere(path) if values.value(*path).is_missing() => return Ok(false),
            Self::Copy(path) | Self::CopyIfThere(path) => {
                if !copy_value(values.value(*path), json) {
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
                    if value.write(values, json)? {
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
                    if element.write(values, json)? {
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
