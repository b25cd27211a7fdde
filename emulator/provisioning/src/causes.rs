//! Errors as one line of the log.

use std::error::Error;

/// The error with its causes.
pub(crate) fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
