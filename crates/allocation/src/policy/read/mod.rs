//! The reader: the text of an `allocation.json` becomes a [`File`], or a list of problems.
//!
//! It tells all that is wrong, each problem with the member's path and its place, as an editor would. A
//! name that is unknown or there twice is a problem, too: what is misspelt would else match everything.

mod cases;
mod conditions;
mod effect;
mod notes;
mod problem;
mod rows;
mod rules;
mod trail;
mod twin;

use std::fmt::Display;

pub(super) use cases::read as read_cases;
pub use problem::{FileError, Problem};

use super::file::File;
use super::json::tree::{self, Kind, Member, Node};
use super::path::Scope;
use super::suggest::suggestion;
use super::template::{self, Parsed, Paths};
use trail::Trail;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 8 << 20;

/// The lengths of a sentence, in characters.
const MAX_SENTENCE: usize = 256;

impl File {
    /// Reads a policy file.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        Ok(read(bytes, false)?.0)
    }

    /// Reads a policy file, and notes what is right and risky.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn parse_with_notes(bytes: &[u8]) -> Result<(Self, Vec<Problem>), FileError> {
        read(bytes, true)
    }
}

fn read(bytes: &[u8], with_notes: bool) -> Result<(File, Vec<Problem>), FileError> {
    let text = text_of(bytes).map_err(FileError::whole)?;
    let tree = tree::parse(text).map_err(|error| FileError::at(text, error.at, error.why))?;
    let mut reader = Reader::new(text, with_notes);
    reader.find_repeated(&tree, &Trail::START);
    let file = reader.policy(&tree);
    match (file, FileError::of(reader.problems)) {
        (Some(mut file), None) => {
            file.checksum = checksum(bytes);
            Ok((file, reader.notes.unwrap_or_default()))
        }
        (_, Some(error)) => Err(error),
        // Nothing is left out without a problem that says so.
        (None, None) => Err(FileError::whole("it can't be read".to_owned())),
    }
}

/// The first 12 hexadecimal digits of the SHA-256.
fn checksum(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    digest.iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The file's text without a byte order mark, or why there is none.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, String> {
    if bytes.len() > MAX_FILE {
        return Err(format!(
            "it has {} bytes, and {MAX_FILE} (8 MiB) are the limit: move large tables behind a binding",
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
pub(super) struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    /// Where nobody asks for notes there are none.
    notes: Option<Vec<Problem>>,
    paths: Paths,
    row_names: Vec<String>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, with_notes: bool) -> Self {
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
    fn problem(&mut self, start: usize, trail: &Trail<'_>, message: impl Display) {
        let problem = Problem::new(self.text, start, trail, &message);
        self.problems.push(problem);
    }

    fn note(&mut self, start: usize, trail: &Trail<'_>, message: impl Display) {
        if let Some(notes) = &mut self.notes {
            notes.push(Problem::new(self.text, start, trail, &message));
        }
    }

    /// Tells members that are there twice. Recurses as deeply as the tree is nested.
    fn find_repeated(&mut self, node: &Node, trail: &Trail<'_>) {
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
                        self.problem(member.start, &trail, "the member is there twice");
                    }
                    self.find_repeated(&member.value, &trail);
                }
            }
            _ => {}
        }
    }

    fn wrong_type(&mut self, node: &Node, trail: &Trail<'_>, expected: &str) {
        let found = node.article();
        self.problem(
            node.start,
            trail,
            format!("it must be {expected}, and is {found}"),
        );
    }

    /// The members of an object.
    fn members<'n>(&mut self, node: &'n Node, trail: &Trail<'_>) -> Option<&'n [Member]> {
        let Kind::Object(members) = &node.kind else {
            self.wrong_type(node, trail, "an object");
            return None;
        };
        Some(members)
    }

    /// The members of an object that may have these alone.
    fn known_members<'n>(
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

    fn unknown(&mut self, member: &Member, trail: &Trail<'_>, what: &str, names: &[&str]) {
        let meant = suggestion(&member.name, names.iter().copied());
        let mut message = format!("the {what} is unknown{meant}");
        if meant.is_none() {
            message = format!("the {what} is unknown; known are {}", names.join(", "));
        }
        self.problem(member.start, &trail.name(&member.name), message);
    }

    /// The elements of a list that is not empty.
    fn elements<'n>(&mut self, node: &'n Node, trail: &Trail<'_>) -> Option<&'n [Node]> {
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

    fn string<'n>(&mut self, node: &'n Node, trail: &Trail<'_>) -> Option<&'n str> {
        let Kind::Text(text) = &node.kind else {
            self.wrong_type(node, trail, "a string");
            return None;
        };
        Some(text)
    }

    fn boolean(&mut self, node: &Node, trail: &Trail<'_>) -> Option<bool> {
        let Kind::Boolean(value) = node.kind else {
            self.wrong_type(node, trail, "true or false");
            return None;
        };
        Some(value)
    }

    /// A sentence for a person: short, on one line, and without templates.
    fn sentence(&mut self, node: &Node, trail: &Trail<'_>) -> Option<String> {
        let text = self.string(node, trail)?;
        let length = text.chars().count();
        if length == 0 {
            self.problem(node.start, trail, "it is empty");
        } else if length > MAX_SENTENCE {
            let message = format!("it has {length} characters, and {MAX_SENTENCE} are the limit");
            self.problem(node.start, trail, message);
        } else if text.contains(is_unprintable) {
            self.problem(
                node.start,
                trail,
                "it must stand on one line, without control characters",
            );
        } else if text.contains(['{', '}']) {
            self.problem(
                node.start,
                trail,
                "it is a sentence, which has no braces and no templates",
            );
        } else {
            return Some(text.to_owned());
        }
        None
    }

    /// A string that may hold templates.
    fn template(
        &mut self,
        text: &str,
        start: usize,
        trail: &Trail<'_>,
        scope: Scope,
    ) -> Option<Parsed> {
        let known = self.paths.list.len();
        match template::parse(text, scope, &self.row_names, &mut self.paths) {
            Ok(parsed) => {
                self.note_new_paths(known, start, trail);
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
fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn member<'n>(members: &'n [Member], name: &str) -> Option<&'n Member> {
    members.iter().find(|member| member.name == name)
}
