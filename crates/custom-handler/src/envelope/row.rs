//! The value of an input binding, as the Functions host puts it into `Data`.
//!
//! The host writes an object as it is, and all else as a string that holds JSON: an array once
//! encoded, a text twice. One decoder serves all stores.

use std::fmt;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::json;

/// How deeply a row may be nested.
const MAX_DEPTH: usize = 128;

/// What an input binding has brought from a store.
#[derive(Clone, PartialEq, Eq)]
pub enum StoredRow {
    /// Nothing: the member is not there. The host always sends it, so `function.json` lacks the
    /// binding, or the request did not come through the host.
    Absent,
    /// The store has no such row.
    NotFound,
    /// The JSON of an object.
    Found(String),
    /// Several rows.
    Several,
    /// Something that is not a row.
    Unreadable,
}

impl StoredRow {
    /// Decodes the value of a binding, if there is one.
    #[must_use]
    pub fn decode(value: Option<&RawValue>) -> Self {
        let Some(value) = value else {
            return Self::Absent;
        };
        let mut json = value.get().to_owned();
        for _ in 0..2 {
            match json::text(&json) {
                Some(text) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => {
                    json = text.trim_ascii().to_owned();
                }
                _ => break,
            }
        }
        match json::kind(&json) {
            "null" => Self::NotFound,
            "an object" => Self::row(&json),
            "an array" => match serde_json::from_str::<Vec<&RawValue>>(&json).as_deref() {
                Ok([]) => Self::NotFound,
                Ok([row]) => Self::row(row.get()),
                Ok(_) => Self::Several,
                Err(_) => Self::Unreadable,
            },
            _ => Self::Unreadable,
        }
    }

    fn row(json: &str) -> Self {
        if json.starts_with('{') && !json::nests_deeper_than(json, MAX_DEPTH) {
            Self::Found(json.to_owned())
        } else {
            Self::Unreadable
        }
    }
}

/// Shows nothing of the row.
impl fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::NotFound => f.write_str("NotFound"),
            Self::Found(json) => write!(f, "Found({} bytes)", json.len()),
            Self::Several => f.write_str("Several"),
            Self::Unreadable => f.write_str("Unreadable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(json: Option<&str>) -> StoredRow {
        let value = json.map(|json| serde_json::from_str(json).unwrap());
        StoredRow::decode(value)
    }

    #[test]
    fn every_store_s_encoding_is_decoded() {
        let row = |json: &str| StoredRow::Found(json.to_owned());
        for (json, expected, why) in [
            (None, StoredRow::Absent, "no such member"),
            (Some("null"), StoredRow::NotFound, "JSON null"),
            (Some(r#""null""#), StoredRow::NotFound, "blob, Cosmos DB"),
            (
                Some(r#""\"null\"""#),
                StoredRow::NotFound,
                "a blob that says null",
            ),
            (Some(r#""[]""#), StoredRow::NotFound, "table"),
            (Some(r#""\"[]\"""#), StoredRow::NotFound, "sql"),
            (Some("[]"), StoredRow::NotFound, "a bare array"),
            (Some(r#"{"a":1}"#), row(r#"{"a":1}"#), "old table"),
            (Some(r#""{\"a\":1}""#), row(r#"{"a":1}"#), "once encoded"),
            (
                Some(r#""\"{\\\"a\\\":1}\"""#),
                row(r#"{"a":1}"#),
                "blob, Cosmos DB",
            ),
            (Some(r#""[{\"a\":1}]""#), row(r#"{"a":1}"#), "table"),
            (
                Some(r#""\"[{\\\"a\\\":1.0}]\"""#),
                row(r#"{"a":1.0}"#),
                "sql",
            ),
            (
                Some(r#""[{\"a\":1},{\"a\":2}]""#),
                StoredRow::Several,
                "two rows",
            ),
            (Some(r#""\"\"""#), StoredRow::Unreadable, "an empty blob"),
            (Some(r#""""#), StoredRow::Unreadable, "an empty binary blob"),
            (Some(r#""eyJhIjoxfQ==""#), StoredRow::Unreadable, "base64"),
            (Some(r#""text""#), StoredRow::Unreadable, "text"),
            (Some("5"), StoredRow::Unreadable, "a number"),
            (Some(r#""5""#), StoredRow::Unreadable, "a number as text"),
            (
                Some(r#""[5]""#),
                StoredRow::Unreadable,
                "an array of a number",
            ),
            (
                Some(r#""[null]""#),
                StoredRow::Unreadable,
                "an array of null",
            ),
            (
                Some(r#""\"\\\"{}\\\"\"""#),
                StoredRow::Unreadable,
                "encoded three times",
            ),
            (
                Some(r#""\ud800""#),
                StoredRow::Unreadable,
                "half of a character",
            ),
        ] {
            assert_eq!(decode(json), expected, "{why}");
        }
        let deep = format!(
            "{}{}",
            "{\"a\":".repeat(129),
            "1".to_owned() + &"}".repeat(129)
        );
        assert_eq!(decode(Some(&deep)), StoredRow::Unreadable, "too deep");
    }

    #[test]
    fn debug_shows_nothing_of_a_row() {
        let shown = [
            Some(r#"{"a":1}"#),
            None,
            Some("null"),
            Some("[1,2]"),
            Some("5"),
        ]
        .map(|json| format!("{:?}", decode(json)));
        assert_eq!(
            shown,
            [
                "Found(7 bytes)",
                "Absent",
                "NotFound",
                "Several",
                "Unreadable"
            ]
        );
    }
}
