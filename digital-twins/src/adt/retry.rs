//! When a call is tried again, and when no more.

use std::num::IntErrorKind;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

/// How often a call is tried.
const ATTEMPTS: u32 = 4;

/// The pause after the first attempt, where the service names none. It doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause that is honoured, in seconds. It is our choice: the service's limits are
/// counted by the second, and a pause without end would keep the process from all calls until it is
/// restarted.
const MAX_PAUSE: u64 = 60;

/// The moment at which a piece of work must have ended, its pauses included.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub(super) Instant);

impl Deadline {
    /// `bound` from now.
    #[must_use]
    pub fn within(bound: Duration) -> Self {
        Self(Instant::now() + bound)
    }

    /// Whether there is time for a pause.
    pub(super) fn allows(self, pause: Duration) -> bool {
        Instant::now() + pause < self.0
    }
}

/// The pause before the attempt that follows `attempt` (1 is the first), or `None` when it was the
/// last.
pub(super) fn pause(attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
    let doubled = || FIRST_PAUSE * 2_u32.saturating_pow(attempt.saturating_sub(1));
    (attempt < ATTEMPTS).then(|| retry_after.unwrap_or_else(doubled))
}

/// Whether an answer is worth another attempt at once. (A missing permission is not, though it may
/// be given later.)
pub(super) fn is_worth_it(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

/// How long the service asks us to stay away, a minute at most: whole seconds. (It never writes a
/// date there.)
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match seconds.parse::<u64>() {
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => MAX_PAUSE,
        seconds => seconds.ok()?.min(MAX_PAUSE),
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_unless_the_service_names_one_and_end() {
        let pauses =
            (1..=ATTEMPTS).map(|attempt| pause(attempt, None).map(|pause| pause.as_millis()));
        assert_eq!(
            pauses.collect::<Vec<_>>(),
            [Some(100), Some(200), Some(400), None]
        );
        let named = Some(Duration::from_secs(7));
        assert_eq!(pause(1, named), named);
        assert_eq!(pause(ATTEMPTS, named), None);
    }

    #[test]
    fn retry_after_is_whole_seconds() {
        for (value, expected) in [
            ("3", Some(3)),
            (" 0 ", Some(0)),
            ("60", Some(60)),
            ("-1", None),
            ("soon", None),
            ("1.5", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(
                retry_after(&headers).map(|pause| pause.as_secs()),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn a_pause_that_would_leave_the_instance_alone_for_good_is_cut_to_a_minute() {
        for value in [
            "61",
            "99999999999",
            "18446744073709551615",
            "99999999999999999999999",
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let minute = Some(Duration::from_mins(1));
            assert_eq!(retry_after(&headers), minute, "{value}");
        }
    }

    #[test]
    fn a_pause_beyond_the_end_is_not_allowed() {
        let deadline = Deadline::within(Duration::from_mins(1));
        assert!(deadline.allows(Duration::ZERO));
        assert!(!deadline.allows(Duration::from_mins(1)));
    }
}
