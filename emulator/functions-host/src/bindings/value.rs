//! What an input binding brings, and how the envelope shows it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::newtonsoft::{JToken, quote};

/// A value as the extension hands it over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BoundValue {
    Rows(Vec<JToken>),
    /// One row by itself, which only extension bundles before 3 bring.
    Row(JToken),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
}

impl BoundValue {
    /// `Data.NAME`: a JSON string, which holds JSON for all but bytes; an object for a row by
    /// itself.
    pub(crate) fn to_data(&self) -> JToken {
        if let Self::Row(row) = self {
            return row.clone();
        }
        JToken::String(match self {
            Self::Rows(rows) => JToken::Array(rows.clone()).to_json(),
            Self::Row(row) => row.to_json(),
            Self::Text(text) => quote(text),
            Self::Bytes(bytes) => STANDARD.encode(bytes),
            Self::Nothing => "null".to_owned(),
        })
    }
}
