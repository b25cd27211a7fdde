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
}

impl Problem {
    pub(super) fn new(text: &str, start: usize, trail: &Trail<'_>, message: &dyn Display) -> Self {
        Self {
            place: Some(line_and_column(text, start)),
            member: trail.to_string(),
            message: message.to_string(),
        }
    }

    /// A problem without a place.
    #[must_use]
    pub fn whole(message: String) -> Self {
        Self {
            place: None,
            member: String::new(),
            message,
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

/// A file that is wrong. Its `Display` is the first problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    first: Problem,
    rest: Vec<Problem>,
}

impl FileError {
    /// The error of these problems, if there are any, in the order of their places.
    pub(in crate::policy) fn of(mut problems: Vec<Problem>) -> Option<Self> {
        problems.sort_by_key(|problem| problem.place);
        problems.dedup();
        let mut problems = problems.into_iter();
        Some(Self {
            first: problems.next()?,
            rest: problems.collect(),
        })
    }

    pub(in crate::policy) fn whole(message: String) -> Self {
        Self {
            first: Problem::whole(message),
            rest: Vec::new(),
        }
    }

    pub(in crate::policy) fn at(text: &str, start: usize, message: impl Display) -> Self {
        Self {
            first: Problem::new(text, start, &Trail::START, &message),
            rest: Vec::new(),
        }
    }

    /// All that is wrong.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)
    }
}

impl std::error::Error for FileError {}
