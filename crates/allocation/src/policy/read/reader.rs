//! What reading has found so far, and what all that is read has in common.

use std::fmt::Display;

use super::problem::Problem;
use super::trail::Trail;
use crate::policy::compiled::path::Scope;
use crate::policy::compiled::template::{self, Parsed, Paths};
use crate::policy::json::tree::{self, Kind, Member, Node};
use crate::policy::suggest::suggestion;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 8 << 20;

/// The lengths of a sentence, in characters.
const MAX_SENTENCE: usize = 256;

/// The file's text without a byte order mark, or why there is none.
pub(in crate::policy) fn text_of(bytes: &[u8]) -> Result<&str, String> {
    if bytes.len() > MAX_FILE {
        return Err(format!(
            "it has {} bytes; the limit is {MAX_FILE} (8 MiB): move large tables behind a binding",
            bytes.len()
        ));
    }
    let is_utf16 = bytes.starts_with(&[0xFF, 0xFE])
        || bytes.starts_with(&[0xFE, 0xFF])
        || matches!(bytes, [0, _, ..] | [_, 0, ..]);
    if is_utf16 {
        return Err("it is in UTF-16: save it as UTF-8".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let (line, column) = tree::line_and_column(&before, before.len());
        format!("it is not UTF-8 at line {line}, column {column}: save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// What reading has found so far.
pub(in crate::policy) struct Reader<'t> {
    text: &'t str,
    pub(in crate::policy) problems: Vec<Problem>,
    /// Where nobody asks for notes there are none.
    pub(super) notes: Option<Vec<Problem>>,
    pub(super) paths: Paths,
    pub(super) row_names: Vec<String>,
}

impl<'t> Reader<'t> {
    pub(in crate::policy) fn new(text: &'t str, with_notes: bool) -> Self {
        Self {
            text,
            problems: Vec::new(),
            notes: with_notes.then(Vec::new),
            paths: Paths::default(),
            row_names: Vec::new(),
        }
    }
}

impl Reader<'_> {
    pub(in crate::policy) fn problem(
        &mut self,
        start: usize,
        trail: &Trail<'_>,
        message: impl Display,
    ) {
        let problem = Problem::new(self.text, start, trail, &message);
        self.problems.push(problem);
    }

    pub(super) fn note(&mut self, start: usize, trail: &Trail<'_>, message: impl Display) {
        if let Some(notes) = &mut self.notes {
            notes.push(Problem::new(self.text, start, trail, &message));
        }
    }

    /// Tells members that are there twice. Recurses as deeply as the tree is nested.
    pub(in crate::policy) fn find_repeated(&mut self, node: &Node, trail: &Trail<'_>) {
        match &node.kind {
            Kind::Array(elements) => {
                for (place, element) in elements.iter().enumerate() {
                    self.find_repeated(element, &trail.index(place));
                }
            }
            Kind::Object(members) => {
                let mut seen = std::collections::HashSet::with_capacity(members.len());
                for member in members {
                    let trail = trail.name(&member.name);
                    if !seen.insert(member.name.as_str()) {
                        self.problem(member.start, &trail, "the member appears twice");
                    }
                    self.find_repeated(&member.value, &trail);
                }
            }
            _ => {}
        }
    }

    pub(in crate::policy) fn wrong_type(&mut self, node: &Node, trail: &Trail<'_>, expected: &str) {
        let found = node.article();
        self.problem(
            node.start,
            trail,
            format!("it must be {expected}, and is {found}"),
        );
    }

    /// The members of an object.
    pub(in crate::policy) fn members<'n>(
        &mut self,
        node: &'n Node,
        trail: &Trail<'_>,
    ) -> Option<&'n [Member]> {
        let Kind::Object(members) = &node.kind else {
            self.wrong_type(node, trail, "an object");
            return None;
        };
        Some(members)
    }

    /// The members of an object that may have these alone.
    pub(in crate::policy) fn known_members<'n>(
        &mut self,
        node: &'n Node,
        trail: &Trail<'_>,
        names: &[&str],
    ) -> Option<&'n [Member]> {
        let members = self.members(node, trail)?;
        for member in members {
            if !names.contains(&member.name.as_str()) {
                self.unknown(member, trail, "member", names);
            }
        }
        Some(members)
    }

    pub(super) fn unknown(
        &mut self,
        member: &Member,
        trail: &Trail<'_>,
        what: &str,
        names: &[&str],
    ) {
        let trail = trail.name(&member.name);
        let meant = suggestion(&member.name, names.iter().copied());
        if meant.is_none() {
            let names = names.join(", ");
            let message = format!("the {what} is unknown; expected one of {names}");
            self.problem(member.start, &trail, message);
            return;
        }
        let message = format!("the {what} is unknown{meant}");
        let problem = Problem::new(self.text, member.start, &trail, &message);
        self.problems.push(problem.into_misspelling());
    }

    /// The elements of a list that is not empty.
    pub(super) fn elements<'n>(&mut self, node: &'n Node, trail: &Trail<'_>) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::Array(elements) if elements.is_empty() => {
                self.problem(node.start, trail, "it is empty");
                None
            }
            Kind::Array(elements) => Some(elements),
            _ => {
                self.wrong_type(node, trail, "an array");
                None
            }
        }
    }

    pub(in crate::policy) fn string<'n>(
        &mut self,
        node: &'n Node,
        trail: &Trail<'_>,
    ) -> Option<&'n str> {
        let Kind::Text(text) = &node.kind else {
            self.wrong_type(node, trail, "a string");
            return None;
        };
        Some(text)
    }

    pub(super) fn boolean(&mut self, node: &Node, trail: &Trail<'_>) -> Option<bool> {
        let Kind::Boolean(value) = node.kind else {
            self.wrong_type(node, trail, "true or false");
            return None;
        };
        Some(value)
    }

    /// A sentence for a person: short, on one line, and without templates.
    pub(super) fn sentence(&mut self, node: &Node, trail: &Trail<'_>) -> Option<String> {
        let text = self.string(node, trail)?;
        let length = text.chars().count();
        if length == 0 {
            self.problem(node.start, trail, "it is empty");
        } else if length > MAX_SENTENCE {
            let message = format!("it has {length} characters; the limit is {MAX_SENTENCE}");
            self.problem(node.start, trail, message);
        } else if text.contains(is_unprintable) {
            self.problem(
                node.start,
                trail,
                "it must be one line without control characters",
            );
        } else if text.contains(['{', '}']) {
            self.problem(
                node.start,
                trail,
                "a sentence can't contain braces or templates",
            );
        } else {
            return Some(text.to_owned());
        }
        None
    }

    /// A string that may hold templates.
    pub(super) fn template(
        &mut self,
        text: &str,
        start: usize,
        trail: &Trail<'_>,
        scope: Scope,
    ) -> Option<Parsed> {
        let known = self.paths.list.len();
        match template::parse(text, scope, &self.row_names, &mut self.paths) {
            Ok(parsed) => {
                for id in parsed.paths() {
                    self.note_path(id, known, start, trail);
                }
                Some(parsed)
            }
            Err(error) => {
                self.problem(start, trail, error);
                None
            }
        }
    }
}

/// Characters that would break a line, or hide.
pub(super) fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// The member of this name.
pub(in crate::policy) fn member<'n>(members: &'n [Member], name: &str) -> Option<&'n Member> {
    members.iter().find(|member| member.name == name)
}
