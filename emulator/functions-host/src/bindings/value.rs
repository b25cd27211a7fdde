//! What an input binding brings, and how the envelope shows it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::newtonsoft::{JToken, quote};

/// A value as the extension hands it over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BoundValue {
    Rows(Vec<JToken>),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
}

impl BoundValue {
    /// `Data.NAME`: always a JSON string, which holds JSON for all but bytes.
    pub(crate) fn to_data(&self) -> JToken {
        JToken::String(match self {
            Self::Rows(rows) => JToken::Array(rows.clone()).to_json(),
            Self::Text(text) => quote(text),
            Self::Bytes(bytes) => STANDARD.encode(bytes),
            Self::Nothing => "null".to_owned(),
        })
    }
}
