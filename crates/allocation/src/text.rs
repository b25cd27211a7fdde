//! Text that is made once and told often: names of rules, sentences.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A text that is quick to clone: a literal, or one that is shared.
#[derive(Clone)]
pub struct Text(Inner);

#[derive(Clone)]
enum Inner {
    Literal(&'static str),
    Shared(Arc<str>),
    Owned(String),
}

impl Text {
    /// The text as a string of its own.
    #[must_use]
    pub fn into_owned(self) -> String {
        match self.0 {
            Inner::Owned(text) => text,
            other => Self(other).to_string(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Inner::Literal(""))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Inner::Literal(text) => text,
            Inner::Shared(text) => text,
            Inner::Owned(text) => text,
        }
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(Inner::Literal(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Inner::Owned(text))
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self(Inner::Shared(text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_wherever_it_comes_from() {
        let shared: Arc<str> = "a".into();
        for text in [
            Text::from("a"),
            Text::from("a".to_owned()),
            Text::from(shared),
        ] {
            assert_eq!(text, "a");
            assert_eq!(text, Text::from("a"));
            assert_eq!(
                (text.to_string(), format!("{text:?}")),
                ("a".to_owned(), "\"a\"".to_owned())
            );
            assert_eq!(text.into_owned(), "a");
        }
        assert_eq!(Text::default(), "");
    }
}
