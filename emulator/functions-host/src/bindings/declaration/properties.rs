//! The bindings of a function.json, each as properties whose names ignore case.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The only connection of those that name none.
const DEFAULT_CONNECTION: &str = "Storage";

#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default)]
    bindings: Vec<Map<String, Value>>,
}

impl File {
    /// `None` when the text isn't one. Whoever reads the rest of the file says what is wrong with
    /// it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The bindings in the file's order.
    pub(super) fn bindings(&self) -> Vec<Properties<'_>> {
        self.bindings.iter().map(Properties).collect()
    }
}

/// A binding's properties, found in any case.
pub(super) struct Properties<'a>(&'a Map<String, Value>);

impl<'a> Properties<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        // Of two spellings the last counts.
        let mut found = self
            .0
            .iter()
            .rev()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// A text, or what a scalar prints as.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<String, String> {
        self.text(name).ok_or_else(|| {
            format!(
                "Unable to configure binding '{}' of type '{}'. This may indicate invalid function.json properties. Can't figure \
                 out which ctor to call.",
                self.text("name").unwrap_or_default(),
                self.text("type").unwrap_or_default()
            )
        })
    }

    pub(super) fn connection(&self) -> String {
        let named = self.text("connection").filter(|text| !text.is_empty());
        named.unwrap_or_else(|| DEFAULT_CONNECTION.to_owned())
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name)
            .is_some_and(|text| text.eq_ignore_ascii_case(value))
    }
}
