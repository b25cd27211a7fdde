//! What is wrong with a file, or risky, and where.

use std::fmt::{self, Display};

use super::trail::Trail;
use crate::policy::json::tree::line_and_column;

/// One thing that is wrong with a file, or risky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line and the column, both from 1; none for what is wrong with the whole.
    pub place: Option<(usize, usize)>,
    /// The path of the member, such as `rules[0].hub`; empty for the whole.
    pub member: String,
    /// What is wrong, and what to do.
    pub message: String,
    is_misspelling: bool,
}

impl Problem {
    pub(super) fn new(text: &str, start: usize, trail: &Trail<'_>, message: &dyn Display) -> Self {
        Self {
            place: Some(line_and_column(text, start)),
            member: trail.to_string(),
            message: message.to_string(),
            is_misspelling: false,
        }
    }

    /// The problem of a name that is like a known one.
    pub(super) fn into_misspelling(self) -> Self {
        Self {
            is_misspelling: true,
            ..self
        }
    }

    /// A problem without a place.
    #[must_use]
    pub fn whole(message: String) -> Self {
        Self {
            place: None,
            member: String::new(),
            message,
            is_misspelling: false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.member.is_empty() {
            write!(f, "{}: ", self.member)?;
        }
        f.write_str(&self.message)
    }
}

/// A file that is wrong. Its `Display` is the problem that explains most: the first name that is
/// misspelt, since what it should have said is missing because of it; else the first problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// At least one.
    problems: Vec<Problem>,
}

impl FileError {
    /// The error of these problems, if there are any, in the order of their places.
    pub(in crate::policy) fn of(mut problems: Vec<Problem>) -> Option<Self> {
        problems.sort_by_key(|problem| problem.place);
        problems.dedup();
        (!problems.is_empty()).then_some(Self { problems })
    }

    pub(in crate::policy) fn whole(message: String) -> Self {
        Self {
            problems: vec![Problem::whole(message)],
        }
    }

    pub(in crate::policy) fn at(text: &str, start: usize, message: impl Display) -> Self {
        Self {
            problems: vec![Problem::new(text, start, &Trail::START, &message)],
        }
    }

    /// All that is wrong.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let misspelling = self.problems.iter().find(|problem| problem.is_misspelling);
        match misspelling.or(self.problems.first()) {
            Some(problem) => problem.fmt(f),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}
