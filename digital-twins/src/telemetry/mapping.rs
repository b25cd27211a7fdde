//! Which members of a message go to which properties of a twin, and of what kind their values are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

/// Pairs of a message's member and a twin's property, as in
/// `Temperature,env.hum=Humidity,fw=FirmwareVersion:string`. A member alone goes to the property of
/// the same name; dots lead into nested objects; a kind other than a number stands behind a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping(Vec<Pair>);

/// A member, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The member: its name, or the names that lead to it with dots between them.
    pub member: String,
    /// The property.
    pub property: String,
    /// What the member's value must be.
    pub kind: Kind,
}

/// Of what kind a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    #[default]
    Number,
    /// A string.
    String,
    /// True or false.
    Boolean,
}

/// The members of a JSON object. What a value is, is read only when it is needed. A member whose
/// name can't be read, as it escapes half of a character, is passed over.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl Mapping {
    /// The pairs.
    pub fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.0.iter()
    }
}

impl fmt::Display for Mapping {
    /// The members, for a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, pair) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{}", pair.member)?;
        }
        Ok(())
    }
}

impl Pair {
    /// Whether the member is there, if only as null.
    pub(super) fn is_in(&self, members: &Members<'_>) -> bool {
        find(members, &self.member).is_some()
    }

    /// The member's value; `None` where it is absent or null. A member whose whole name has dots
    /// comes before nested ones.
    pub(super) fn value<'a>(&self, members: &Members<'a>) -> Option<&'a str> {
        let value = find(members, &self.member)?;
        (value != "null").then_some(value)
    }
}

fn find<'a>(members: &Members<'a>, path: &str) -> Option<&'a str> {
    let Members(by_name) = members;
    if let Some(value) = by_name.get(path) {
        return Some(value.get());
    }
    let (first, rest) = path.split_once('.')?;
    let nested = Members::parse(by_name.get(first)?.get())?;
    find(&nested, rest)
}

impl<'a> Members<'a> {
    /// Reads an object; `None` for any other text.
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The members, by their names. The last of a name counts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if let Ok(name) = serde_json::from_str(name.get()) {
                members.insert(name, value);
            }
        }
        Ok(Members(members))
    }
}

impl Kind {
    /// The value of a JSON text; `None` where it is of another kind.
    pub(super) fn value(self, json: &str) -> Option<Value> {
        let value: Value = serde_json::from_str(json).ok()?;
        let fits = match self {
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Boolean => value.is_boolean(),
        };
        fits.then_some(value)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::String => "string",
            Self::Boolean => "boolean",
        })
    }
}

impl FromStr for Kind {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        [Self::Number, Self::String, Self::Boolean]
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| MappingError::NotAKind(text.to_owned()))
    }
}

impl FromStr for Mapping {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        let mut pairs: Vec<Pair> = Vec::new();
        for text in text.split(',').map(str::trim) {
            let pair = pair(text)?;
            if pairs.iter().any(|other| other.property == pair.property) {
                return Err(MappingError::Twice(pair.property));
            }
            pairs.push(pair);
        }
        Ok(Self(pairs))
    }
}

fn pair(text: &str) -> Result<Pair, MappingError> {
    let (member, target) = match text.split_once('=') {
        Some((member, target)) => (Some(member), target),
        None => (None, text),
    };
    let (property, kind) = match target.split_once(':') {
        Some((property, kind)) => (property.trim(), kind.trim().parse()?),
        None => (target.trim(), Kind::default()),
    };
    let member = member.map_or(property, str::trim);
    if member.is_empty() || !is_property_name(property) {
        return Err(MappingError::NotAPair(text.to_owned()));
    }
    Ok(Pair {
        member: member.to_owned(),
        property: property.to_owned(),
        kind,
    })
}

/// Whether `text` can be the name of a property or of a component in a model.
#[must_use]
pub fn is_property_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Why a text is no [`Mapping`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MappingError {
    /// A part of it is not a valid property name.
    #[error("{0:?} is neither a member nor member=property")]
    NotAPair(String),
    /// The text behind a colon is not one of the kinds.
    #[error("{0:?} behind a colon is none of number, string and boolean")]
    NotAKind(String),
    /// Two members go to one property.
    #[error("two members go to the property {0:?}")]
    Twice(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_goes_to_the_property_of_its_name_or_to_the_one_that_is_named() {
        let text = "Temperature, hum = Humidity,env temp=T2,fw=Firmware:string, Door : boolean,a:b=C:number";
        let mapping: Mapping = text.parse().unwrap();
        let pairs = mapping
            .iter()
            .map(|pair| (pair.member.as_str(), pair.property.as_str(), pair.kind));
        assert_eq!(
            pairs.collect::<Vec<_>>(),
            [
                ("Temperature", "Temperature", Kind::Number),
                ("hum", "Humidity", Kind::Number),
                ("env temp", "T2", Kind::Number),
                ("fw", "Firmware", Kind::String),
                ("Door", "Door", Kind::Boolean),
                ("a:b", "C", Kind::Number),
            ]
        );
        assert_eq!(
            mapping.to_string(),
            "Temperature, hum, env temp, fw, Door, a:b"
        );
    }

    #[test]
    fn dots_lead_into_nested_objects_unless_a_name_has_them() {
        let body = r#"{"a":{"b":{"c":1},"b.c":2},"d.e":3,"d":{"e":4},"n":{"x":null},"list":[{"x":1}],"twice":0,"\ud800":1,"twice":5,"o":{"\udfff":1,"x":6}}"#;
        let members = Members::parse(body).unwrap();
        for (path, expected) in [
            ("a.b.c", Some("2")),
            ("a.b", Some(r#"{"c":1}"#)),
            ("d.e", Some("3")),
            ("twice", Some("5")),
            ("o.x", Some("6")),
            ("n.x", None),
            ("n.y", None),
            ("list.x", None),
            ("d.e.f", None),
            ("", None),
            (".", None),
        ] {
            let pair = Pair {
                member: path.to_owned(),
                property: "P".to_owned(),
                kind: Kind::Number,
            };
            assert_eq!(pair.value(&members), expected, "{path}");
        }
    }

    #[test]
    fn a_value_is_of_the_kind_that_the_setting_says() {
        for (json, kinds) in [
            ("21.5", [true, false, false]),
            ("1e999", [false, false, false]),
            (r#""21""#, [false, true, false]),
            (r#""\ud800""#, [false, false, false]),
            ("false", [false, false, true]),
            ("{}", [false, false, false]),
            ("[1]", [false, false, false]),
        ] {
            let fits =
                [Kind::Number, Kind::String, Kind::Boolean].map(|kind| kind.value(json).is_some());
            assert_eq!(fits, kinds, "{json}");
        }
    }

    #[test]
    fn what_names_no_property_is_told() {
        for (text, expected) in [
            ("", r#""" is neither a member nor member=property"#),
            ("a,,b", r#""" is neither a member nor member=property"#),
            ("=a", r#""=a" is neither a member nor member=property"#),
            (
                "a=b/c",
                r#""a=b/c" is neither a member nor member=property"#,
            ),
            ("9a", r#""9a" is neither a member nor member=property"#),
            ("a.b", r#""a.b" is neither a member nor member=property"#),
            (
                "a=:string",
                r#""a=:string" is neither a member nor member=property"#,
            ),
            (
                "a=b:text",
                r#""text" behind a colon is none of number, string and boolean"#,
            ),
            (
                "a:",
                r#""" behind a colon is none of number, string and boolean"#,
            ),
            ("a,b=a", r#"two members go to the property "a""#),
        ] {
            assert_eq!(text.parse::<Mapping>().unwrap_err().to_string(), expected);
        }
    }
}
