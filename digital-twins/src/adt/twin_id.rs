//! The id of a digital twin.

use std::fmt;

/// The service's limit, in characters.
const MAX: usize = 128;

/// The id of a digital twin, which the service compares with the case. It is safe as one segment of
/// a URL's path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TwinId(String);

impl TwinId {
    /// Reads an id; `None` for text that can't be one, or that a path would take for something else
    /// (`..`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let length = text.chars().count();
        let fits = (1..=MAX).contains(&length)
            && !matches!(text, "." | "..")
            && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TwinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        let long = "é".repeat(128);
        for text in ["a", "WioTerminal", "a/b", "a%2f", "...", "it's", &long] {
            assert_eq!(TwinId::parse(text).unwrap().as_str(), text);
        }
        let too_long = "a".repeat(129);
        for text in ["", ".", "..", "a\nb", "a\0", &too_long] {
            assert_eq!(TwinId::parse(text), None, "{text:?}");
        }
    }
}
