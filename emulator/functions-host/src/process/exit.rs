//! How a handler's process ended.

use std::fmt;
use std::process::ExitStatus;

/// How a handler process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerExit {
    /// The exit code, when it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it, when one did.
    pub signal: Option<i32>,
    /// Whether it did not end in time after a signal that it could catch, and was killed.
    pub forced: bool,
}

impl HandlerExit {
    /// The exit code as .NET tells it: 128 and the signal's number for a process that a signal has
    /// ended.
    #[must_use]
    pub(crate) fn dotnet_code(&self) -> i32 {
        self.code
            .or(self.signal.map(|signal| 128 + signal))
            .unwrap_or(-1)
    }
}

impl fmt::Display for HandlerExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}")?,
            (None, Some(signal)) => write!(f, "signal {signal}")?,
            (None, None) => f.write_str("an unknown end")?,
        }
        f.write_str(if self.forced {
            ", killed as it did not stop by itself"
        } else {
            ""
        })
    }
}

impl From<ExitStatus> for HandlerExit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None;
        Self {
            code: status.code(),
            signal,
            forced: false,
        }
    }
}
