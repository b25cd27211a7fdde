//! Finds the row of a device, or says why it can't be had.

use super::test::Outcome;
use super::values::Values;
use crate::policy::compiled::rows::{RowSource, Rows};
use crate::policy::compiled::test::{Case, Test};
use crate::policy::json::text::Value;

/// Why a row can't be had. It is a mistake of deployment or a passing failure, never a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowError {
    Absent,
    Several,
    Unreadable,
    Unverified,
    MangledId,
}

impl RowError {
    /// What the service and the log are told.
    pub(crate) fn sentence(self, rows: &str) -> String {
        match self {
            Self::Absent => format!(
                "The row {rows:?} did not come with the request: its binding is missing from function.json."
            ),
            Self::Several => format!("There is more than one row {rows:?} for the device."),
            Self::Unreadable => format!("The row {rows:?} is not a JSON object."),
            Self::Unverified => format!("The row {rows:?} is not the device's own."),
            Self::MangledId => format!(
                "The row {rows:?} can't be looked up: the Functions host rewrites a registration id that reads as a date."
            ),
        }
    }
}

impl Rows {
    /// The key of the table's row for these values, if there is such a row. A value that is not
    /// text is no key.
    pub(crate) fn key(&self, values: &impl Values) -> Option<String> {
        let RowSource::Table { key, case, rows } = &self.source else {
            return None;
        };
        let mut key = key.key(values)?;
        if *case == Case::Ignored {
            key.make_ascii_lowercase();
        }
        rows.contains_key(&key).then_some(key)
    }
}

/// Whether a row that a binding brought is the one that was asked for.
pub(crate) fn is_verified(row: &str, verify: &[(Vec<String>, Test)], values: &impl Values) -> bool {
    verify
        .iter()
        .all(|(names, test)| test.of(&Value::at(row, names), values) == Outcome::Holds)
}

/// Whether the Functions host rewrites a text in a binding expression: an ISO 8601 date and time
/// with a capital T and seconds, and perhaps a fraction and a zone; or `/Date(…)/`.
pub(crate) fn reads_as_date(text: &str) -> bool {
    if text.starts_with("/Date(") && text.ends_with(")/") {
        return true;
    }
    let pattern = b"dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let (Some(start), Some(mut rest)) = (bytes.get(..pattern.len()), bytes.get(pattern.len()..))
    else {
        return false;
    };
    let fits = start
        .iter()
        .zip(pattern)
        .all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            _ => byte == wanted,
        });
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        rest = &fraction[digits..];
    }
    let is_zone = match rest {
        [] | [b'Z'] => true,
        [b'+' | b'-', zone @ ..] => zone
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b':'),
        _ => false,
    };
    fits && is_zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_the_host_rewrites_are_known() {
        for (text, expected) in [
            ("2026-09-01T10:15:30", true),
            ("2026-09-01T10:15:30Z", true),
            ("2026-09-01T10:15:30.123Z", true),
            ("2026-09-01T10:15:30+02:00", true),
            ("/Date(1790000000000)/", true),
            ("2026-09-01t10:15:30", false),
            ("2026-09-01T10:15", false),
            ("2026-09-01", false),
            ("2026-09-01T10:15:30-press", false),
            ("dev-1", false),
            ("", false),
        ] {
            assert_eq!(reads_as_date(text), expected, "{text}");
        }
    }

    #[test]
    fn each_failure_has_its_sentence() {
        for (error, expected) in [
            (
                RowError::Absent,
                "The row \"device\" did not come with the request: its binding is missing from function.json.",
            ),
            (
                RowError::Several,
                "There is more than one row \"device\" for the device.",
            ),
            (
                RowError::Unreadable,
                "The row \"device\" is not a JSON object.",
            ),
            (
                RowError::Unverified,
                "The row \"device\" is not the device's own.",
            ),
            (
                RowError::MangledId,
                "The row \"device\" can't be looked up: the Functions host rewrites a registration id that reads as a date.",
            ),
        ] {
            assert_eq!(error.sentence("device"), expected);
        }
    }
}
