//! Why a text is not JSON to Newtonsoft.

use thiserror::Error;

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ReadError {
    /// With what is wrong, and where.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// With the limit.
    #[error("it is nested deeper than {0} levels")]
    TooDeep(usize),
}
