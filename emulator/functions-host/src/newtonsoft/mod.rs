//! JSON as the Functions host reads and writes it.
//!
//! The host uses Newtonsoft.Json with its defaults, which change what they read: a string that
//! looks like a date becomes a date, a number with a fraction becomes a double, and both are
//! printed in their own way. A custom handler sees the results, so they are rebuilt here. What JSON
//! doesn't allow but Newtonsoft does is read as it reads it.
//!
//! Source: <https://www.newtonsoft.com/json/help/html/SerializingJSON.htm>.

pub(crate) mod base64;
mod date;
mod node;
mod number;
mod read;
mod read_error;
mod write;

use indexmap::IndexMap;

pub(crate) use date::NetDateTime;
pub(crate) use node::Node;
pub(crate) use read_error::{ReadError, unexpected_start};
pub(crate) use write::quote;

/// The depth at which `JObject.Parse` gives up.
pub(crate) const MAX_DEPTH: usize = 64;

/// A value that Newtonsoft has read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum JToken {
    Null,
    Undefined,
    Boolean(bool),
    /// The digits: the host keeps whole numbers of any length.
    Integer(String),
    Float(f64),
    Date(NetDateTime),
    String(String),
    Array(Vec<JToken>),
    Object(JObject),
    /// `new Date(0)`, with its arguments.
    Constructor(String, Vec<JToken>),
}

impl JToken {
    /// What the value is called in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null | Self::Undefined => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Date(_) => "a date",
            Self::String(_) => "text",
            Self::Array(_) => "an array",
            Self::Object(_) | Self::Constructor(..) => "an object",
        }
    }
}

impl From<&str> for JToken {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for JToken {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

/// An object whose members keep their order. Of members with the same name the last value stays, in
/// the first one's place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct JObject(IndexMap<String, JToken>);

impl JObject {
    pub(crate) fn insert(&mut self, name: impl Into<String>, value: impl Into<JToken>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes a member out; the others stay in their order.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.shift_remove(name);
    }

    /// The same object with one more member, to build one in an expression.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<JToken>) -> Self {
        self.insert(name, value);
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&JToken> {
        self.0.get(name)
    }

    /// The member of that name in any case, as Newtonsoft finds the members of a class.
    pub(crate) fn get_ignoring_case(&self, name: &str) -> Option<&JToken> {
        self.get(name).or_else(|| {
            self.iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &JToken)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<JObject> for JToken {
    fn from(object: JObject) -> Self {
        Self::Object(object)
    }
}
