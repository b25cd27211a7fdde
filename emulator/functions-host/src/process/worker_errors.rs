//! When the host stops trying: the third error of a handler within half an hour of the one before.
//!
//! Pure: moments come in. Source: `HttpFunctionInvocationDispatcher` of
//! <https://github.com/Azure/azure-functions-host>.

use std::time::{Duration, Instant};

/// An error that is older than this is forgotten, and all before it.
const WINDOW: Duration = Duration::from_mins(30);
/// This many errors stop the host.
const LIMIT: usize = 3;

/// The errors that still count.
#[derive(Debug, Default)]
pub(crate) struct WorkerErrors {
    count: usize,
    last: Option<Instant>,
}

/// What the host does after an error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Restart,
    StopHost { errors: usize },
}

impl WorkerErrors {
    /// Takes note of an error.
    pub(crate) fn push(&mut self, now: Instant) -> Verdict {
        if self
            .last
            .is_some_and(|last| now.duration_since(last) > WINDOW)
        {
            self.count = 0;
        }
        self.count += 1;
        self.last = Some(now);
        if self.count < LIMIT {
            Verdict::Restart
        } else {
            Verdict::StopHost { errors: self.count }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_error_in_the_window_stops_the_host() {
        let start = Instant::now();
        let mut errors = WorkerErrors::default();
        assert_eq!(errors.push(start), Verdict::Restart);
        assert_eq!(errors.push(start + WINDOW), Verdict::Restart);
        assert_eq!(
            errors.push(start + 2 * WINDOW),
            Verdict::StopHost { errors: 3 }
        );
    }

    #[test]
    fn half_an_hour_without_errors_clears_the_account() {
        let start = Instant::now();
        let mut errors = WorkerErrors::default();
        errors.push(start);
        errors.push(start);
        let later = start + WINDOW + Duration::from_secs(1);
        assert_eq!(errors.push(later), Verdict::Restart);
        assert_eq!(errors.push(later), Verdict::Restart);
        assert_eq!(errors.push(later), Verdict::StopHost { errors: 3 });
    }
}
