//! Walks over text that is valid JSON already: a member, what a value is, a copy of it.
//!
//! Text that is not valid makes no panic; what is then found means nothing.

use std::borrow::Cow;

use super::number::Number;

/// A value of a request, of a row or of a certificate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// Absent, null, or behind something that is not an object.
    Missing,
    Boolean(bool),
    /// As it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    /// A string with half of a character in it: it is there, and that is all that can be said of
    /// it.
    HalfText,
    /// Its JSON.
    Object(&'a str),
    /// Its JSON.
    Array(&'a str),
}

impl<'a> Value<'a> {
    /// The value that a JSON text is.
    pub(crate) fn of(json: &'a str) -> Self {
        let json = json.trim_ascii();
        match json.as_bytes().first() {
            Some(b'"') => string(json).map_or(Self::HalfText, Self::Text),
            Some(b'{') => Self::Object(json),
            Some(b'[') => Self::Array(json),
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            None | Some(b'n') => Self::Missing,
            Some(_) => Self::Number(json),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The value behind these names.
    pub(crate) fn at(json: &'a str, names: &[String]) -> Self {
        let mut json = json;
        for name in names {
            match member(json, name) {
                Some(value) => json = value,
                None => return Self::Missing,
            }
        }
        Self::of(json)
    }
}

/// What the JSON string says; `None` when it escapes half of a character.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// The JSON of the member `name` of the object that `json` is. Of a repeated one the last counts.
pub(crate) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    for (quoted, value) in Members::of(json)? {
        if is_named(quoted, name) {
            found = Some(value);
        }
    }
    found
}

fn is_named(quoted: &str, name: &str) -> bool {
    let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if inside.len() == name.len() && inside == name {
        // A name that is searched for holds no backslash, or one that stands escaped in the text.
        return !inside.contains('\\');
    }
    inside.contains('\\') && string(quoted).is_some_and(|text| text == name)
}

/// The members of an object, each as its quoted name and its value's JSON.
pub(crate) struct Members<'a> {
    json: &'a str,
    place: usize,
}

impl<'a> Members<'a> {
    /// `None` when the value is not an object.
    pub(crate) fn of(json: &'a str) -> Option<Self> {
        let json = json.trim_ascii();
        json.starts_with('{').then_some(Self { json, place: 1 })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.json.as_bytes();
        let start = skip(bytes, self.place);
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let end = end_of_value(bytes, start);
        let value = skip(bytes, end);
        let value_end = end_of_value(bytes, value);
        self.place = value_end;
        Some((self.json.get(start..end)?, self.json.get(value..value_end)?))
    }
}

/// The elements of an array.
pub(crate) struct Elements<'a> {
    json: &'a str,
    place: usize,
}

impl<'a> Elements<'a> {
    /// `None` when the value is not an array.
    pub(crate) fn of(json: &'a str) -> Option<Self> {
        let json = json.trim_ascii();
        json.starts_with('[').then_some(Self { json, place: 1 })
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.json.as_bytes();
        let start = skip(bytes, self.place);
        if matches!(bytes.get(start), None | Some(b']')) {
            return None;
        }
        self.place = end_of_value(bytes, start);
        self.json.get(start..self.place)
    }
}

/// The place of the next value, behind blanks, commas and colons.
fn skip(bytes: &[u8], mut place: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') = bytes.get(place) {
        place += 1;
    }
    place
}

/// Where the value that starts at `start` ends.
fn end_of_value(bytes: &[u8], start: usize) -> usize {
    let mut place = start;
    match bytes.get(start) {
        Some(b'"') => end_of_string(bytes, start),
        Some(b'{' | b'[') => {
            let mut depth = 0_usize;
            while let Some(byte) = bytes.get(place) {
                match byte {
                    b'"' => {
                        place = end_of_string(bytes, place);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                place += 1;
                if depth == 0 {
                    break;
                }
            }
            place
        }
        _ => {
            while let Some(byte) = bytes.get(place)
                && !matches!(
                    byte,
                    b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | b':'
                )
            {
                place += 1;
            }
            // Text that is not JSON must not hold the walk up.
            place.max(start + 1).min(bytes.len())
        }
    }
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut place = start + 1;
    while let Some(byte) = bytes.get(place) {
        place += 1;
        match byte {
            b'"' => return place,
            b'\\' => place += 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Appends the JSON string that says `text`.
pub(crate) fn quote(text: &str, json: &mut String) {
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        // A `&str` can always be written.
        json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// Appends a compact copy of a value: numbers as they are written, of a repeated member the last.
/// Returns whether that could be done: a number that no double holds and half of a character can't
/// be copied.
///
/// Recurses as deeply as the value is nested, which its reader has bounded.
pub(crate) fn copy(json: &str, into: &mut String) -> bool {
    match Value::of(json) {
        Value::Missing => into.push_str("null"),
        Value::Boolean(value) => into.push_str(if value { "true" } else { "false" }),
        Value::Number(number) => {
            into.push_str(number);
            return Number::parse(number).is_some();
        }
        Value::Text(text) => quote(&text, into),
        Value::HalfText => return false,
        Value::Array(json) => {
            into.push('[');
            for (place, element) in Elements::of(json).into_iter().flatten().enumerate() {
                if place > 0 {
                    into.push(',');
                }
                if !copy(element, into) {
                    return false;
                }
            }
            into.push(']');
        }
        Value::Object(json) => {
            let mut members: Vec<(Cow<'_, str>, &str)> = Vec::new();
            for (name, value) in Members::of(json).into_iter().flatten() {
                let Some(name) = string(name) else {
                    return false;
                };
                members.push((name, value));
            }
            into.push('{');
            let mut is_first = true;
            let last = last_of_each(&members);
            for (place, (name, value)) in members.iter().enumerate() {
                if !last.as_ref().is_none_or(|last| last[place]) {
                    continue;
                }
                if !is_first {
                    into.push(',');
                }
                is_first = false;
                quote(name, into);
                into.push(':');
                if !copy(value, into) {
                    return false;
                }
            }
            into.push('}');
        }
    }
    true
}

/// Of each member whether it is the last of its name; `None` when no name is repeated.
fn last_of_each(members: &[(Cow<'_, str>, &str)]) -> Option<Vec<bool>> {
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    let mut last = vec![true; members.len()];
    for (place, (name, _)) in members.iter().enumerate().rev() {
        last[place] = seen.insert(&**name);
    }
    last.contains(&false).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_by_its_name_and_the_last_one_counts() {
        let json =
            r#" { "a" : 1 , "b":{"a":[2,{"x":"}"}]} ,"c":"\"a\":3","a":4, "\u0064":null, "e\\":5}"#;
        for (name, expected) in [
            ("a", Some("4")),
            ("b", Some(r#"{"a":[2,{"x":"}"}]}"#)),
            ("c", Some(r#""\"a\":3""#)),
            ("d", Some("null")),
            ("e\\", Some("5")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(member(json, name), expected, "{name}");
        }
        for json in [
            "[]", "5", "\"a\"", "null", "", "{", "{\"a\"", "{\"a\":", "{,,", "{\"a",
        ] {
            assert!(member(json, "b").is_none(), "{json}");
        }
    }

    #[test]
    fn values_are_what_their_json_says() {
        for (json, expected) in [
            ("null", Value::Missing),
            (" true ", Value::Boolean(true)),
            ("false", Value::Boolean(false)),
            ("-1.50", Value::Number("-1.50")),
            (r#""a\u0062""#, Value::Text("ab".into())),
            (r#""\ud800""#, Value::HalfText),
            (" {} ", Value::Object("{}")),
            ("[1]", Value::Array("[1]")),
        ] {
            assert_eq!(Value::of(json), expected);
        }
        let names = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let json = r#"{"a":{"b":1},"c":[{"d":1}]}"#;
        assert_eq!(Value::at(json, &names("a.b")), Value::Number("1"));
        for path in ["a.b.c", "c.0", "c.d", "x.y"] {
            assert_eq!(Value::at(json, &names(path)), Value::Missing, "{path}");
        }
    }

    #[test]
    fn a_copy_keeps_numbers_and_the_last_of_repeated_members() {
        let copied = |json| {
            let mut into = String::new();
            copy(json, &mut into).then_some(into)
        };
        for (json, expected) in [
            (
                r#"{ "a" : 1.0 , "b":[ true , null, "\u0041\n" ] }"#,
                Some(r#"{"a":1.0,"b":[true,null,"A\n"]}"#),
            ),
            (r#"{"a":1,"b":2,"\u0061":3}"#, Some(r#"{"b":2,"a":3}"#)),
            ("{}", Some("{}")),
            ("[]", Some("[]")),
            ("1e400", None),
            ("[1e400]", None),
            (r#"{"a":"\ud800"}"#, None),
            (r#"{"\ud800":1}"#, None),
        ] {
            assert_eq!(copied(json).as_deref(), expected, "{json}");
        }
    }
}
