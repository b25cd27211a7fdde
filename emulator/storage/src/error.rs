//! What goes wrong at a store, in the words of the .NET client as far as they are the client's.

/// Why a store gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The store refused, or had no better answer after the last try.
    #[error("{}", message.as_deref().unwrap_or("Service request failed."))]
    Answered {
        /// The status of the last answer.
        status: u16,
        /// The store's own sentence.
        message: Option<String>,
        /// How often it was asked.
        tries: u32,
    },
    /// There was no answer at all.
    #[error(
        "Retry failed after {tries} tries. Retry settings can be adjusted in ClientOptions.Retry or by configuring a custom retry policy \
         in ClientOptions.RetryPolicy. ({cause})"
    )]
    NoAnswer {
        /// How often it was tried.
        tries: u32,
        /// Why the last try failed.
        cause: String,
    },
    /// What was answered can't be read.
    #[error("the store's answer can't be read: {0}")]
    Unreadable(String),
}

impl StorageError {
    /// The status of the store's answer, when there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::NoAnswer { .. } | Self::Unreadable(_) => None,
        }
    }
}
