//! What IoT Hub takes as a device twin, counted as it counts.
//!
//! Source: <https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins>.

use std::fmt;

use super::json::number::{Number, is_integer};
use super::json::text::{Elements, Members, Value, string};

/// The most bytes that `tags` may have.
pub(crate) const MAX_TAGS: usize = 8_192;
/// The most bytes that `properties.desired` may have.
pub(crate) const MAX_DESIRED: usize = 32_768;
/// The most bytes of a string.
const MAX_STRING: usize = 4_096;
/// The most bytes of a name.
const MAX_NAME: usize = 1_024;
/// How many objects or arrays may stand within each other below `tags` or `desired`.
pub(crate) const MAX_DEPTH: usize = 10;
/// Integers have 53 bits.
const MAX_INTEGER: i128 = (1 << 52) - 1;

/// What IoT Hub does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TwinProblem {
    NotAnObject(&'static str),
    UnknownMember(&'static str),
    EmptyName,
    LongName,
    NameCharacter,
    LongString,
    Integer,
    Number,
    HalfText,
    Null,
    Depth,
    Size(&'static str, usize),
}

impl fmt::Display for TwinProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject(part) => write!(f, "{part} is not an object"),
            Self::UnknownMember(part) => write!(
                f,
                "{part} has a member other than {}",
                if *part == "properties" {
                    "desired"
                } else {
                    "tags and properties"
                }
            ),
            Self::EmptyName => f.write_str("a name is empty"),
            Self::LongName => write!(f, "a name is longer than {MAX_NAME} bytes"),
            Self::NameCharacter => {
                f.write_str("a name contains a dot, a dollar sign, a space or a control character")
            }
            Self::LongString => write!(f, "a string is longer than {MAX_STRING} bytes"),
            Self::Integer => write!(
                f,
                "a whole number is not between -{} and {MAX_INTEGER}",
                MAX_INTEGER + 1
            ),
            Self::Number => f.write_str("a number is too large"),
            Self::HalfText => {
                f.write_str("a string contains half of a character (a lone surrogate)")
            }
            Self::Null => f.write_str("a value is null"),
            Self::Depth => write!(f, "it is nested more than {MAX_DEPTH} levels deep"),
            Self::Size(part, limit) => write!(f, "{part} is larger than {limit} bytes"),
        }
    }
}

/// How many bytes a name or a string counts.
pub(crate) fn size_of(text: &str) -> usize {
    text.chars()
        .filter(|character| !character.is_control())
        .map(char::len_utf8)
        .sum()
}

/// What is wrong with a member's name.
pub(crate) fn check_name(name: &str) -> Result<usize, TwinProblem> {
    if name.is_empty() {
        return Err(TwinProblem::EmptyName);
    }
    if name.len() > MAX_NAME {
        return Err(TwinProblem::LongName);
    }
    if name.contains(|c: char| matches!(c, '.' | '$' | ' ') || c.is_control()) {
        return Err(TwinProblem::NameCharacter);
    }
    Ok(name.len())
}

/// How many bytes a string counts.
pub(crate) fn check_string(text: &str) -> Result<usize, TwinProblem> {
    if text.len() > MAX_STRING {
        return Err(TwinProblem::LongString);
    }
    Ok(size_of(text))
}

/// How many bytes a number counts.
pub(crate) fn check_number(json: &str) -> Result<usize, TwinProblem> {
    const SIZE: usize = 8;
    if is_integer(json) {
        match json.parse::<i128>() {
            Ok(integer) if (-MAX_INTEGER - 1..=MAX_INTEGER).contains(&integer) => Ok(SIZE),
            _ => Err(TwinProblem::Integer),
        }
    } else if Number::parse(json).is_some() {
        Ok(SIZE)
    } else {
        Err(TwinProblem::Number)
    }
}

/// How many bytes a boolean counts.
pub(crate) const BOOLEAN_SIZE: usize = 4;

/// Checks a whole twin, the JSON of a value without repeated members.
pub(crate) fn check(json: &str) -> Result<(), TwinProblem> {
    let members = Members::of(json).ok_or(TwinProblem::NotAnObject("initialTwin"))?;
    for (name, value) in members {
        match string(name).as_deref() {
            Some("tags") => check_part(value, "tags", MAX_TAGS)?,
            Some("properties") => {
                let members = Members::of(value).ok_or(TwinProblem::NotAnObject("properties"))?;
                for (name, value) in members {
                    if string(name).as_deref() != Some("desired") {
                        return Err(TwinProblem::UnknownMember("properties"));
                    }
                    check_part(value, "desired", MAX_DESIRED)?;
                }
            }
            _ => return Err(TwinProblem::UnknownMember("initialTwin")),
        }
    }
    Ok(())
}

fn check_part(json: &str, part: &'static str, limit: usize) -> Result<(), TwinProblem> {
    if Members::of(json).is_none() {
        return Err(TwinProblem::NotAnObject(part));
    }
    if measure(json, 0)? > limit {
        return Err(TwinProblem::Size(part, limit));
    }
    Ok(())
}

/// The bytes that a value counts. Recurses no deeper than a twin may be.
fn measure(json: &str, depth: usize) -> Result<usize, TwinProblem> {
    match Value::of(json) {
        Value::Array(_) | Value::Object(_) if depth > MAX_DEPTH => Err(TwinProblem::Depth),
        Value::Missing => Err(TwinProblem::Null),
        Value::Boolean(_) => Ok(BOOLEAN_SIZE),
        Value::Number(json) => check_number(json),
        Value::Text(text) => check_string(&text),
        Value::HalfText => Err(TwinProblem::HalfText),
        Value::Array(json) => {
            let mut size = 0;
            for element in Elements::of(json).into_iter().flatten() {
                size += measure(element, depth + 1)?;
            }
            Ok(size)
        }
        Value::Object(json) => {
            let mut size = 0;
            for (name, value) in Members::of(json).into_iter().flatten() {
                size += check_name(&string(name).ok_or(TwinProblem::HalfText)?)?;
                size += measure(value, depth + 1)?;
            }
            Ok(size)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twin(tags: &str) -> Result<(), TwinProblem> {
        check(&format!("{{\"tags\":{tags}}}"))
    }

    #[test]
    fn what_a_hub_takes_passes() {
        let deep = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
        // The object of the tags themselves doesn't count.
        assert_eq!(twin(&deep(10 + 1)), Ok(()));
        assert_eq!(twin(&deep(11 + 1)), Err(TwinProblem::Depth));
        for tags in [
            "{}",
            r#"{"a":1.5,"b":true,"c":["x",{"d":{}}],"e":-4503599627370496,"f":4503599627370495,"g":1e300}"#,
        ] {
            assert_eq!(twin(tags), Ok(()), "{tags}");
        }
        for json in [
            "{}",
            r#"{"properties":{}}"#,
            r#"{"properties":{"desired":{}},"tags":{}}"#,
        ] {
            assert_eq!(check(json), Ok(()), "{json}");
        }
    }

    #[test]
    fn sizes_are_counted_as_the_hub_counts() {
        let tags = |length: usize| format!(r#"{{"s":"{}"}}"#, "y".repeat(length));
        // é 2, text 4,000, n and number 9, b and boolean 5, s 1: 4,175 are left.
        let rest = |wanted: usize| {
            let first = wanted.min(4_000);
            format!(
                r#"{{"é":"{}\n","n":5,"b":[false],"s":["{}","{}"]}}"#,
                "x".repeat(4_000),
                "y".repeat(first),
                "z".repeat(wanted - first)
            )
        };
        assert_eq!(twin(&rest(4_175)), Ok(()));
        assert_eq!(twin(&rest(4_176)), Err(TwinProblem::Size("tags", MAX_TAGS)));
        assert_eq!(twin(&tags(4_097)), Err(TwinProblem::LongString));
        let desired = |length: usize| {
            let texts = vec![format!("\"{}\"", "x".repeat(4_096)); 7].join(",");
            format!(
                r#"{{"properties":{{"desired":{{"a":[{texts},"{}"]}}}}}}"#,
                "x".repeat(length)
            )
        };
        assert_eq!(check(&desired(4_095)), Ok(()));
        assert_eq!(
            check(&desired(4_096)),
            Err(TwinProblem::Size("desired", MAX_DESIRED))
        );
    }

    #[test]
    fn what_a_hub_does_not_take_is_told() {
        let long_name = format!("{{\"{}\":1}}", "n".repeat(1_025));
        for (tags, expected) in [
            ("5", "tags is not an object"),
            ("[]", "tags is not an object"),
            ("null", "tags is not an object"),
            (r#"{"":1}"#, "a name is empty"),
            (&long_name, "a name is longer than 1024 bytes"),
            (
                r#"{"a.b":1}"#,
                "a name contains a dot, a dollar sign, a space or a control character",
            ),
            (
                r#"{"$a":1}"#,
                "a name contains a dot, a dollar sign, a space or a control character",
            ),
            (
                r#"{"a b":1}"#,
                "a name contains a dot, a dollar sign, a space or a control character",
            ),
            (
                r#"{"a":{"\u0007":1}}"#,
                "a name contains a dot, a dollar sign, a space or a control character",
            ),
            (
                r#"{"a":4503599627370496}"#,
                "a whole number is not between -4503599627370496 and 4503599627370495",
            ),
            (
                r#"{"a":-4503599627370497}"#,
                "a whole number is not between -4503599627370496 and 4503599627370495",
            ),
            (r#"{"a":1e400}"#, "a number is too large"),
            (
                r#"{"a":"\ud800"}"#,
                "a string contains half of a character (a lone surrogate)",
            ),
            (r#"{"a":[null]}"#, "a value is null"),
        ] {
            assert_eq!(twin(tags).unwrap_err().to_string(), expected, "{tags}");
        }
        assert_eq!(
            TwinProblem::LongString.to_string(),
            "a string is longer than 4096 bytes"
        );
        assert_eq!(
            TwinProblem::Depth.to_string(),
            "it is nested more than 10 levels deep"
        );
        assert_eq!(
            TwinProblem::Size("tags", 8192).to_string(),
            "tags is larger than 8192 bytes"
        );
        for (json, expected) in [
            ("[]", "initialTwin is not an object"),
            (r#"{"properties":[]}"#, "properties is not an object"),
            (
                r#"{"properties":{"desired":5}}"#,
                "desired is not an object",
            ),
            (
                r#"{"properties":{"reported":{}}}"#,
                "properties has a member other than desired",
            ),
            (
                r#"{"desired":{}}"#,
                "initialTwin has a member other than tags and properties",
            ),
        ] {
            assert_eq!(check(json).unwrap_err().to_string(), expected, "{json}");
        }
    }
}
