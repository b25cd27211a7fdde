//! JSON as it is written: numbers keep their digits, objects their order and their repeated
//! members, strings the halves of characters. `serde_json::Value` keeps none of these.

use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(String),
    Text(String),
    /// A string with half of a character, as it is written between its quotes.
    Half(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(digits: impl fmt::Display) -> Self {
        Self::Number(digits.to_string())
    }

    pub(crate) fn object(members: impl IntoIterator<Item = (&'static str, Json)>) -> Self {
        let members = members.into_iter();
        Self::Object(
            members
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The value of a member; of a repeated one the last.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => {
                let mut found = members.iter().rev();
                found
                    .find(|(other, _)| other == name)
                    .map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub(crate) fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Sets what is behind these names, through objects that are made where there are none.
    pub(crate) fn set(&mut self, path: &[&str], value: Json) {
        let Some((name, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        if let Self::Object(members) = self {
            let place = members.iter().rposition(|(other, _)| other == name);
            let place = place.unwrap_or_else(|| {
                members.push(((*name).to_owned(), Self::Null));
                members.len() - 1
            });
            members[place].1.set(rest, value);
        }
    }

    /// Every string within, names excluded.
    pub(crate) fn strings(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Array(elements) => elements.iter().flat_map(Self::strings).collect(),
            Self::Object(members) => members
                .iter()
                .flat_map(|(_, value)| value.strings())
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => f.write_str(&serde_json::Value::from(&**text).to_string()),
            Self::Half(escaped) => write!(f, "\"{escaped}\""),
            Self::Array(elements) => {
                let elements: Vec<String> = elements.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", elements.join(","))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Json)| {
                    format!("{}:{value}", serde_json::Value::from(&**name))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                write!(f, "{{{}}}", members.join(","))
            }
        }
    }
}
