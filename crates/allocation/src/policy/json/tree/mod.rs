//! A JSON document as a tree in which every value knows where it stands, and every number how it is
//! written.

mod parse;

pub(crate) use parse::parse;

/// A value and where it starts, in bytes from the document's start.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) start: usize,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object. A name that is there twice is two members.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where the name starts.
    pub(crate) start: usize,
    pub(crate) value: Node,
}

impl Node {
    /// What it is, with its article.
    pub(crate) fn article(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Boolean(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
        }
    }

    /// The value as compact JSON, its numbers as they are written.
    pub(crate) fn write(&self, json: &mut String) {
        match &self.kind {
            Kind::Null => json.push_str("null"),
            Kind::Boolean(value) => json.push_str(if *value { "true" } else { "false" }),
            Kind::Number(number) => json.push_str(number),
            Kind::Text(text) => super::text::quote(text, json),
            Kind::Array(elements) => {
                json.push('[');
                for (place, element) in elements.iter().enumerate() {
                    if place > 0 {
                        json.push(',');
                    }
                    element.write(json);
                }
                json.push(']');
            }
            Kind::Object(members) => {
                json.push('{');
                for (place, member) in members.iter().enumerate() {
                    if place > 0 {
                        json.push(',');
                    }
                    super::text::quote(&member.name, json);
                    json.push(':');
                    member.value.write(json);
                }
                json.push('}');
            }
        }
    }
}

/// The line and the column, both from 1, of a place in a text. Columns count characters.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}
