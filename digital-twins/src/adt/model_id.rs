//! The id of a model.

use std::fmt;

/// The language's limit, in characters.
const MAX: usize = 2048;

/// A digital twin model identifier (DTMI), such as `dtmi:contosocom:DigitalTwins:Thermostat;2`. The
/// case counts.
///
/// Source:
/// <https://github.com/Azure/opendigitaltwins-dtdl/blob/master/DTDL/v3/DTDL.v3.md#digital-twin-model-identifier>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelId(String);

impl ModelId {
    /// Reads a DTMI with a version; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (path, version) = text.strip_prefix("dtmi:")?.split_once(';')?;
        let fits = text.len() <= MAX && path.split(':').all(is_segment) && is_version(version);
        fits.then(|| Self(text.to_owned()))
    }

    /// Whether this is a newer version of the model `other`. A minor version that isn't there
    /// counts as 0.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let ((path, version), (other_path, other_version)) = (self.parts(), other.parts());
        path == other_path && version > other_version
    }

    /// The id without its version, and the version.
    fn parts(&self) -> (&str, (u32, u32)) {
        let (path, version) = self.0.split_once(';').unwrap_or((&self.0, "0"));
        let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
        let number = |text: &str| text.parse().unwrap_or_default();
        (path, (number(major), number(minor)))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_segment(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !text.ends_with('_')
}

/// `2`, or `2.1` as of the language's version 3.
fn is_version(text: &str) -> bool {
    let is_number = |text: &str| {
        !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    is_number(major) && !major.starts_with('0') && is_number(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_is_a_dtmi_with_a_version() {
        for text in [
            "dtmi:contosocom:DigitalTwins:Thermostat;2",
            "dtmi:a;1",
            "dtmi:a_b:C9;12",
            "dtmi:a;1.0",
        ] {
            assert_eq!(ModelId::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "dtmi",
            "dtmi:a",
            "dtmi:;1",
            "dtmi:a;",
            "dtmi:a;0",
            "dtmi:a;1.",
            "dtmi:a;x",
            "DTMI:a;1",
            "dtmi:a b;1",
            "dtmi:a::b;1",
            "dtmi:9a;1",
            "dtmi:a_;1",
            "dtmi:a;1 ",
            "dtmi:a;1' OR '1'='1",
            "dtmi:é;1",
        ] {
            assert_eq!(ModelId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_version_is_newer_by_its_numbers_and_of_the_same_model() {
        for (text, other, expected) in [
            ("dtmi:a;2", "dtmi:a;1", true),
            ("dtmi:a;10", "dtmi:a;9", true),
            ("dtmi:a;1.1", "dtmi:a;1", true),
            ("dtmi:a;2", "dtmi:a;1.999999999", true),
            ("dtmi:a;1", "dtmi:a;1", false),
            ("dtmi:a;1.0", "dtmi:a;1", false),
            ("dtmi:a;1", "dtmi:a;2", false),
            ("dtmi:b;2", "dtmi:a;1", false),
            ("dtmi:A;2", "dtmi:a;1", false),
            ("dtmi:a:b;2", "dtmi:a;1", false),
        ] {
            let [model, old] = [text, other].map(|text| ModelId::parse(text).unwrap());
            assert_eq!(model.is_newer_than(&old), expected, "{text} after {other}");
        }
    }
}
