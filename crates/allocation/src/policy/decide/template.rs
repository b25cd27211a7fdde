//! Fills templates: puts values into text.

use std::borrow::Cow;

use super::values::Values;
use crate::policy::compiled::path::PathId;
use crate::policy::compiled::template::{Piece, Template};
use crate::policy::json::number::Number;
use crate::policy::json::text::Value;

impl Template {
    /// The text with its values put in.
    ///
    /// # Errors
    /// With the first path that can't be filled.
    pub(crate) fn fill(&self, values: &impl Values) -> Result<String, PathId> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Value(path) => {
                    let value = values.value(*path);
                    text.push_str(&text_of(value).ok_or(*path)?);
                }
            }
        }
        Ok(text)
    }

    /// The text as a row's key. `{path}` alone must be a text; within text any value may stand that
    /// can.
    pub(crate) fn key(&self, values: &impl Values) -> Option<String> {
        match &self.pieces[..] {
            [Piece::Value(path)] => match values.value(*path) {
                Value::Text(text) => Some(text.to_string()),
                _ => None,
            },
            _ => self.fill(values).ok(),
        }
    }
}

/// What a value is within a text: a number as it is written. `None` for what can't stand there.
pub(crate) fn text_of<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => {
            Number::parse(number)?;
            Some(Cow::Borrowed(number))
        }
        Value::Boolean(true) => Some("true".into()),
        Value::Boolean(false) => Some("false".into()),
        Value::Missing | Value::HalfText | Value::Object(_) | Value::Array(_) => None,
    }
}
