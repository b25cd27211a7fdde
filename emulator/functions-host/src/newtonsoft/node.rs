//! JSON as it is written: what Newtonsoft's reader sees before it makes values of it.
//!
//! Numbers keep their spelling and objects all of their members, because what becomes of these
//! depends on who reads: a list of strings takes a number as it is spelt, and of two members with
//! one name the last counts, in one or the other's place.

use serde_json::Value;

use super::{JObject, JToken, NetDateTime, ReadError};

/// A value as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Undefined,
    Boolean(bool),
    /// The spelling.
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// `new Date(0)`
    Constructor(String, Vec<Node>),
}

/// What becomes of members with equal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duplicates {
    /// The last value stands in the first one's place: `JObject.Load`.
    StayInPlace,
    /// The last one stands where it is: `JTokenWriter`, through which members of a class are read.
    MoveToTheEnd,
}

impl Node {
    /// The value as `JToken.Parse` makes it.
    pub(crate) fn into_token(self) -> Result<JToken, ReadError> {
        self.convert(Duplicates::StayInPlace)
    }

    /// The value as a member of type `object` gets it. Dates may be written as constructors here.
    pub(crate) fn into_member(self) -> Result<JToken, ReadError> {
        self.convert(Duplicates::MoveToTheEnd)
    }

    /// What the value is called in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null | Self::Undefined => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "text",
            Self::Array(_) => "an array",
            Self::Object(_) | Self::Constructor(..) => "an object",
        }
    }

    /// Whether it counts as null where a class is expected.
    pub(crate) fn is_nothing(&self) -> bool {
        match self {
            Self::Null | Self::Undefined => true,
            Self::String(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The value for those who read settings: what JSON doesn't know is null, and of equal members
    /// the last counts.
    pub(crate) fn into_json(self) -> Value {
        match self {
            Self::Null | Self::Undefined | Self::Constructor(..) => Value::Null,
            Self::Boolean(value) => Value::Bool(value),
            Self::Number(spelling) => match number(&spelling) {
                Ok(JToken::Integer(digits)) => serde_json::from_str(&digits).unwrap_or_default(),
                Ok(JToken::Float(value)) => Value::from(value),
                _ => Value::Null,
            },
            Self::String(text) => Value::String(text),
            Self::Array(items) => items.into_iter().map(Self::into_json).collect(),
            Self::Object(members) => members
                .into_iter()
                .map(|(name, value)| (name, value.into_json()))
                .collect(),
        }
    }

    fn convert(self, duplicates: Duplicates) -> Result<JToken, ReadError> {
        Ok(match self {
            Self::Null => JToken::Null,
            Self::Undefined => JToken::Undefined,
            Self::Boolean(value) => JToken::Boolean(value),
            Self::Number(spelling) => number(&spelling)?,
            Self::String(text) => match NetDateTime::parse(&text) {
                Some(date) => JToken::Date(date),
                None => JToken::String(text),
            },
            Self::Array(items) => JToken::Array(convert_all(items, duplicates)?),
            Self::Object(members) => {
                let mut object = JObject::default();
                for (name, value) in members {
                    let value = value.convert(duplicates)?;
                    if duplicates == Duplicates::MoveToTheEnd {
                        object.remove(&name);
                    }
                    object.insert(name, value);
                }
                JToken::Object(object)
            }
            Self::Constructor(name, arguments) => {
                let arguments = convert_all(arguments, duplicates)?;
                match (duplicates, name.as_str(), arguments.as_slice()) {
                    (Duplicates::MoveToTheEnd, "Date", [JToken::Integer(milliseconds)]) => {
                        let date = NetDateTime::parse(&format!("/Date({milliseconds})/"));
                        date.map_or(JToken::Null, JToken::Date)
                    }
                    _ => JToken::Constructor(name, arguments),
                }
            }
        })
    }
}

fn convert_all(nodes: Vec<Node>, duplicates: Duplicates) -> Result<Vec<JToken>, ReadError> {
    nodes
        .into_iter()
        .map(|node| node.convert(duplicates))
        .collect()
}

/// The number that a spelling stands for. Zeros in front make it octal, `0x` hexadecimal.
pub(super) fn number(spelling: &str) -> Result<JToken, ReadError> {
    let wrong = || ReadError::NotJson(format!("{spelling} is not a number"));
    let whole = |digits: Result<i64, _>| {
        digits
            .map(|value| JToken::Integer(value.to_string()))
            .map_err(|_: std::num::ParseIntError| wrong())
    };
    match spelling {
        "NaN" => return Ok(JToken::Float(f64::NAN)),
        "Infinity" => return Ok(JToken::Float(f64::INFINITY)),
        "-Infinity" => return Ok(JToken::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    if let Some(rest) = spelling.strip_prefix('0')
        && !rest.is_empty()
        && !rest.starts_with(['.', 'e', 'E'])
    {
        return match rest.strip_prefix(['x', 'X']) {
            Some(digits) => whole(u64::from_str_radix(digits, 16).map(u64::cast_signed)),
            None => whole(i64::from_str_radix(rest, 8)),
        };
    }
    let digits = spelling.strip_prefix('-').unwrap_or(spelling);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let significant = digits.trim_start_matches('0');
        let sign = if spelling.len() > digits.len() {
            "-"
        } else {
            ""
        };
        return Ok(JToken::Integer(if significant.is_empty() {
            "0".to_owned()
        } else {
            format!("{sign}{significant}")
        }));
    }
    let is_float = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let value = is_float.then(|| spelling.parse().ok()).flatten();
    value.map(JToken::Float).ok_or_else(wrong)
}
