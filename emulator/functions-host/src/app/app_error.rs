//! Why an app can't be used.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why an app could not be loaded.
#[derive(Debug, Error)]
#[error("{} cannot be used: {problem}", file.display())]
pub struct AppError {
    file: PathBuf,
    problem: String,
}

impl AppError {
    pub(crate) fn new(file: &Path, problem: impl fmt::Display) -> Self {
        Self {
            file: file.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// Something that is wrong with the content of `host.json`.
    pub(crate) fn host_json(problem: impl fmt::Display) -> Self {
        Self::new(Path::new("host.json"), problem)
    }

    /// A sentence.
    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }

    /// As the log of the real host has it. The type is not always this one.
    pub(crate) fn exception(&self) -> String {
        format!("System.InvalidOperationException: {}", self.problem)
    }
}
