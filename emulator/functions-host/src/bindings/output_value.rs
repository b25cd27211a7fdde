//! What the handler answers for an output binding, as the content of a blob, as messages or as
//! entities.

use super::error::BindingError;
use crate::newtonsoft::{JToken, MAX_DEPTH};

/// What the handler answers for an output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OutputValue {
    /// Text that was base64.
    Bytes(Vec<u8>),
    Json(JToken),
}

impl OutputValue {
    /// Whether nothing is written for it.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Json(JToken::Null | JToken::Undefined))
    }

    /// The content of a blob; `None` where the host has no bytes for the value.
    pub(super) fn to_content(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Json(JToken::String(text)) => text.clone().into_bytes(),
            Self::Json(JToken::Boolean(value)) => vec![u8::from(*value)],
            // A whole number is cut down to 32 bits; a bigger type than 64 bits has no bytes.
            Self::Json(JToken::Integer(digits)) => {
                let value: i64 = digits.parse().ok()?;
                value.to_le_bytes()[..4].to_vec()
            }
            Self::Json(JToken::Float(value)) => value.to_le_bytes().to_vec(),
            Self::Json(JToken::Date(_) | JToken::Null | JToken::Undefined) => return None,
            Self::Json(token) => token.to_json().into_bytes(),
        })
    }

    /// The items that a collection of messages or entities gets: those of an array, also of one
    /// that is text.
    pub(super) fn into_items(self) -> Result<Vec<Self>, BindingError> {
        let token = match self {
            Self::Bytes(_) => return Ok(vec![self]),
            Self::Json(JToken::String(text)) if is_json(&text) => parse(&text)?,
            Self::Json(token) => token,
        };
        Ok(match token {
            JToken::Array(items) => items.into_iter().map(Self::Json).collect(),
            token => vec![Self::Json(token)],
        })
    }

    pub(super) fn into_message(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Json(token) => token.to_invariant_string().into_bytes(),
        }
    }

    pub(super) fn into_text(self) -> String {
        String::from_utf8_lossy(&self.into_message()).into_owned()
    }
}

/// Whether the host tries to read a text as JSON.
fn is_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

fn parse(text: &str) -> Result<JToken, BindingError> {
    JToken::parse(text, MAX_DEPTH).map_err(|error| BindingError::json_reader(text, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> OutputValue {
        OutputValue::Json(JToken::parse(text, MAX_DEPTH).unwrap())
    }

    #[test]
    fn a_blob_gets_text_the_bytes_of_a_scalar_or_compact_json() {
        for (value, content) in [
            (json(r#""a b""#), Some(&b"a b"[..])),
            (OutputValue::Bytes(vec![1, 2]), Some(&[1, 2])),
            (json("5"), Some(&[5, 0, 0, 0])),
            (json("4294967297"), Some(&[1, 0, 0, 0])),
            (json("99999999999999999999"), None),
            (json("1.5"), Some(&[0, 0, 0, 0, 0, 0, 0xf8, 0x3f])),
            (json("false"), Some(&[0])),
            (json(r#"[1, {"a": 2}]"#), Some(br#"[1,{"a":2}]"#)),
            (json(r#""2026-09-01T10:15:30Z""#), None),
        ] {
            assert_eq!(value.to_content().as_deref(), content, "{value:?}");
        }
    }

    #[test]
    fn a_queue_gets_a_message_for_each_item() {
        for (value, messages) in [
            (
                json(r#"["x", {"y": 1}, null]"#),
                vec!["x", "{\n  \"y\": 1\n}", ""],
            ),
            (json(r#""[1, 2.0, true]""#), vec!["1", "2", "True"]),
            (json(r#""{\"a\":1}""#), vec!["{\n  \"a\": 1\n}"]),
            (json(r#""[1""#), vec!["[1"]),
            (json("[]"), vec![]),
        ] {
            let items = value.into_items().unwrap().into_iter();
            assert_eq!(
                items.map(OutputValue::into_text).collect::<Vec<_>>(),
                messages
            );
        }
        assert!(json(r#""{x""#).into_items().is_ok());
        let error = json(r#""{x}""#).into_items().unwrap_err();
        assert!(error.chain()[0].starts_with("Newtonsoft.Json.JsonReaderException: "));
    }
}
