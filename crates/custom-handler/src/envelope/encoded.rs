//! How the host writes a value of `Data` or `Metadata`: an object as it is, anything else as a
//! string that holds its JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json;

/// A value of `Data` or `Metadata`, as the JSON text that it is behind the host's encoding: the
/// array `[1]` arrives as the string `"[1]"`, the text `a` as the string `"\"a\""`, and an object
/// as itself.
///
/// Its `Debug` shows the length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded<'a>(Cow<'a, str>);

impl Encoded<'_> {
    /// The value's JSON text. It has not been read yet, so it may be none.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Encoded<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = if raw.starts_with('"') {
            json::text(raw)
        } else {
            Some(raw.into())
        };
        text.map(Self)
            .ok_or_else(|| D::Error::custom("half of a character"))
    }
}

impl fmt::Debug for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({} bytes)", self.0.len())
    }
}

/// Reads a value of `Data` as what it is behind the host's encoding, for the shape of a function's
/// own bindings.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Data {
///     #[serde(deserialize_with = "custom_handler::decoded")]
///     order: u64,
/// }
/// let data: Data = serde_json::from_str(r#"{"order": "42"}"#)?;
/// assert_eq!(data.order, 42);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// # Errors
/// When it is something else.
pub fn decoded<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let encoded = Encoded::deserialize(deserializer)?;
    serde_json::from_str(encoded.json()).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_holds_json_and_an_object_is_json_itself() {
        for (written, expected) in [
            (r#""[1,{\"a\":2}]""#, r#"[1,{"a":2}]"#),
            (r#""\"text\"""#, r#""text""#),
            (r#""42""#, "42"),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("[1]", "[1]"),
        ] {
            let encoded: Encoded<'_> = serde_json::from_str(written).unwrap();
            assert_eq!(encoded.json(), expected);
        }
    }

    #[test]
    fn debug_shows_none_of_it() {
        let encoded: Encoded<'_> = serde_json::from_str(r#""[1]""#).unwrap();
        assert_eq!(format!("{encoded:?}"), "Encoded(3 bytes)");
    }
}
