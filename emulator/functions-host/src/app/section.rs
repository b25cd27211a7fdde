//! A section of a settings file as .NET's configuration sees it: keys in any case, and every scalar
//! a text.
//!
//! Source: <https://learn.microsoft.com/dotnet/core/extensions/configuration>.

use serde_json::{Map, Value};

/// A section; one that isn't there is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a>(Option<&'a Map<String, Value>>);

impl<'a> Section<'a> {
    pub(crate) fn of(value: &'a Value) -> Self {
        Self(value.as_object())
    }

    /// A section without a single scalar in it counts as absent.
    pub(crate) fn is_empty(self) -> bool {
        fn has_scalar(value: &Value) -> bool {
            match value {
                Value::Array(items) => items.iter().any(has_scalar),
                Value::Object(members) => members.values().any(has_scalar),
                _ => true,
            }
        }
        !self
            .0
            .is_some_and(|members| members.values().any(has_scalar))
    }

    /// The last member of that name.
    fn member(self, name: &str) -> Option<&'a Value> {
        let mut members = self.0?.iter();
        members
            .rfind(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn section(self, name: &str) -> Section<'a> {
        Section(self.member(name).and_then(Value::as_object))
    }

    /// A scalar as text; `null` is an empty one.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        scalar(self.member(name)?)
    }

    /// A list's scalars as texts. Nulls are left out, and what is no list is no item.
    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        let items = self.member(name).and_then(Value::as_array);
        let items = items.into_iter().flatten();
        items
            .filter(|item| !item.is_null())
            .filter_map(scalar)
            .collect()
    }

    /// All scalars.
    pub(crate) fn scalars(self) -> impl Iterator<Item = (&'a str, String)> {
        let members = self.0.into_iter().flatten();
        members.filter_map(|(name, value)| Some((name.as_str(), scalar(value)?)))
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Number(number) => Some(number.as_f64().map_or_else(
            || number.to_string(),
            |float| {
                if number.is_f64() {
                    float.to_string()
                } else {
                    number.to_string()
                }
            },
        )),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_texts_and_keys_have_no_case() {
        let value = json!({"A": "x", "b": 2.0, "c": true, "d": null, "e": {"f": 1}, "g": [1, "y", false, null, []]});
        let section = Section::of(&value);
        for (name, text) in [
            ("a", Some("x")),
            ("B", Some("2")),
            ("c", Some("True")),
            ("d", Some("")),
            ("e", None),
            ("h", None),
        ] {
            assert_eq!(section.text(name).as_deref(), text, "{name}");
        }
        assert_eq!(section.section("E").text("F").as_deref(), Some("1"));
        assert_eq!(section.texts("g"), ["1", "y", "False"]);
        assert!(section.texts("a").is_empty() && section.section("a").is_empty());
        assert_eq!(section.section("e").scalars().count(), 1);
    }
}
