//! Reading: text to [`JToken`].

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{JObject, JToken, NetDateTime};

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadError {
    NotJson(String),
    TooDeep(usize),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(detail) => write!(f, "it is not JSON: {detail}"),
            Self::TooDeep(limit) => write!(f, "it is nested deeper than {limit} levels"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        Self::NotJson(error.to_string())
    }
}

impl JToken {
    /// Reads a text that is one JSON value, as `JToken.Parse` does.
    pub(crate) fn parse(text: &str, max_depth: usize) -> Result<Self, ReadError> {
        let raw: &RawValue = serde_json::from_str(text)?;
        token(raw.get(), max_depth, max_depth)
    }

    /// Reads the first JSON value of a text, and says whether more than blanks follows it.
    pub(crate) fn parse_first(text: &str, max_depth: usize) -> Result<(Self, bool), ReadError> {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let Some(raw) = stream.next() else {
            return Err(ReadError::NotJson("it is blank".to_owned()));
        };
        let token = token(raw?.get(), max_depth, max_depth)?;
        let rest = text.get(stream.byte_offset()..).unwrap_or_default();
        Ok((token, !rest.trim().is_empty()))
    }
}

/// Reads one value whose syntax was checked before.
fn token(text: &str, levels_left: usize, max_depth: usize) -> Result<JToken, ReadError> {
    let text = text.trim();
    let inner_levels = || {
        levels_left
            .checked_sub(1)
            .ok_or(ReadError::TooDeep(max_depth))
    };
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let levels = inner_levels()?;
            let mut object = JObject::default();
            for (name, value) in serde_json::from_str::<Members>(text)?.0 {
                object.insert(name, token(value.get(), levels, max_depth)?);
            }
            JToken::Object(object)
        }
        Some(b'[') => {
            let levels = inner_levels()?;
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            JToken::Array(
                items
                    .into_iter()
                    .map(|item| token(item.get(), levels, max_depth))
                    .collect::<Result<_, _>>()?,
            )
        }
        Some(b'"') => string(serde_json::from_str(text)?),
        Some(b't' | b'f') => JToken::Boolean(text == "true"),
        Some(b'n') => JToken::Null,
        _ => number(text)?,
    })
}

fn string(text: String) -> JToken {
    match NetDateTime::parse(&text) {
        Some(date) => JToken::Date(date),
        None => JToken::String(text),
    }
}

fn number(text: &str) -> Result<JToken, ReadError> {
    if text.contains(['.', 'e', 'E']) {
        let value = text
            .parse()
            .map_err(|_| ReadError::NotJson(format!("{text} is not a number")))?;
        return Ok(JToken::Float(value));
    }
    Ok(JToken::Integer(
        if text == "-0" { "0" } else { text }.to_owned(),
    ))
}

/// All members of an object in order, those with equal names too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> JToken {
        JToken::parse(text, 64).unwrap()
    }

    #[test]
    fn the_last_of_equal_members_wins_in_the_place_of_the_first() {
        assert_eq!(
            parse(r#"{"a":1,"b":2,"a":3}"#).to_json(),
            r#"{"a":3,"b":2}"#
        );
    }

    #[test]
    fn whole_numbers_keep_all_their_digits_and_fractions_become_doubles() {
        assert_eq!(
            parse("123456789012345678901234567890"),
            JToken::Integer("123456789012345678901234567890".to_owned())
        );
        assert_eq!(parse("-0"), JToken::Integer("0".to_owned()));
        assert_eq!(parse("1e2"), JToken::Float(100.0));
        assert_eq!(parse("1e400"), JToken::Float(f64::INFINITY));
    }

    #[test]
    fn the_deepest_allowed_nesting_is_read_and_one_more_is_not() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(JToken::parse(&nested(64), 64).is_ok());
        assert_eq!(JToken::parse(&nested(65), 64), Err(ReadError::TooDeep(64)));
        assert_eq!(
            JToken::parse(&nested(100_000), 64),
            Err(ReadError::TooDeep(64))
        );
    }

    #[test]
    fn what_follows_the_first_value_is_noticed() {
        assert_eq!(
            JToken::parse_first("{} \n", 64).map(|(_, more)| more),
            Ok(false)
        );
        assert_eq!(
            JToken::parse_first("{} {}", 64).map(|(_, more)| more),
            Ok(true)
        );
        assert!(JToken::parse("{} {}", 64).is_err());
        assert!(JToken::parse_first("  ", 64).is_err());
    }

    #[test]
    fn dates_are_recognised_in_values_and_not_in_names() {
        let JToken::Object(object) = parse(r#"{"2022-07-05T21:27:16Z":"2022-07-05T21:27:16Z"}"#)
        else {
            panic!("not an object")
        };
        assert!(matches!(
            object.get("2022-07-05T21:27:16Z"),
            Some(JToken::Date(_))
        ));
    }
}
