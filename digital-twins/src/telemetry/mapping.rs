//! Which members of a message go to which properties of a twin.

use std::str::FromStr;
use thiserror::Error;

/// Pairs of a message's member and a twin's property, as in `Temperature,hum=Humidity`: a member alone goes to the property of
/// the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping(Vec<(String, String)>);

impl Mapping {
    /// The pairs: member, property.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(member, property)| (member.as_str(), property.as_str()))
    }
}

impl FromStr for Mapping {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in text.split(',').map(str::trim) {
            let (member, property) = pair.split_once('=').unwrap_or((pair, pair));
            let (member, property) = (member.trim(), property.trim());
            if member.is_empty() || !is_property_name(property) {
                return Err(MappingError::NotAPair(pair.to_owned()));
            }
            if pairs.iter().any(|(_, other)| other == property) {
                return Err(MappingError::Twice(property.to_owned()));
            }
            pairs.push((member.to_owned(), property.to_owned()));
        }
        Ok(Self(pairs))
    }
}

/// Whether `text` can be the name of a property in a model.
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
    /// A part of it names no property that a model can have.
    #[error("{0:?} is neither a member nor member=property")]
    NotAPair(String),
    /// Two members go to one property.
    #[error("two members go to the property {0:?}")]
    Twice(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_goes_to_the_property_of_its_name_or_to_the_one_that_is_named() {
        let mapping: Mapping = "Temperature, hum = Humidity,env temp=T2".parse().unwrap();
        assert_eq!(
            mapping.iter().collect::<Vec<_>>(),
            [
                ("Temperature", "Temperature"),
                ("hum", "Humidity"),
                ("env temp", "T2")
            ]
        );
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
            ("a,b=a", r#"two members go to the property "a""#),
        ] {
            assert_eq!(text.parse::<Mapping>().unwrap_err().to_string(), expected);
        }
    }
}
