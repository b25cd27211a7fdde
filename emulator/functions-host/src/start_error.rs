//! Why a host could not be started.

use std::path::PathBuf;

use thiserror::Error;

use crate::answer::violation::Violation;
use crate::app::app_error::AppError;
use crate::process::console::HandlerLine;

/// Why a host could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The app can't be loaded.
    #[error(transparent)]
    App(#[from] AppError),
    /// The file of rows can't be used.
    #[error("the file of rows {} cannot be used: {problem}", file.display())]
    RowsFile {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no free port for the handler.
    #[error("there is no free port on 127.0.0.1 for the handler: {0}")]
    Port(#[source] std::io::Error),
    /// The handler's process can't be started.
    #[error("{0}")]
    CannotStart(String),
    /// The handler was started, but never got ready.
    #[error("the handler never got ready{}", told(violations, output))]
    NeverReady {
        /// What it did wrong.
        violations: Vec<Violation>,
        /// What it printed.
        output: Vec<HandlerLine>,
    },
}

impl StartError {
    /// As the log of the real host has it, as far as that is known.
    pub(crate) fn exception(&self) -> String {
        match self {
            Self::App(error) => error.exception(),
            other => format!("System.InvalidOperationException: {other}"),
        }
    }
}

/// What is known of the handler, a line each.
fn told(violations: &[Violation], output: &[HandlerLine]) -> String {
    let mut lines: Vec<String> = violations
        .iter()
        .map(|violation| format!("\n  {violation}"))
        .collect();
    if !output.is_empty() {
        lines.push("\nIt printed:".to_owned());
    }
    lines.extend(output.iter().map(|line| format!("\n  {}", line.text)));
    lines.concat()
}
