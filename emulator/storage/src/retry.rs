//! How often a request is tried, and how long each try may take: the options of the .NET client.
//!
//! The Functions host leaves them at their defaults unless settings below the connection's name say
//! otherwise, and the defaults are long: a table that answers nothing is given up after 406
//! seconds, a blob after 626.

use std::time::Duration;

/// The options of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often to try again.
    pub max_retries: u32,
    /// The pause before the first try again.
    pub delay: Duration,
    /// No pause is longer, but for one that the service asks for.
    pub max_delay: Duration,
    /// How long one try may take.
    pub network_timeout: Duration,
    /// How pauses grow.
    pub mode: RetryMode,
}

/// How pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryMode {
    /// They stay as they are.
    Fixed,
    /// They double.
    Exponential,
}

impl Retry {
    /// What the host uses for blobs.
    pub const BLOBS: Self = Self {
        max_retries: 5,
        delay: Duration::from_millis(800),
        max_delay: Duration::from_mins(1),
        network_timeout: Duration::from_secs(100),
        mode: RetryMode::Exponential,
    };

    /// What the host uses for tables.
    pub const TABLES: Self = Self {
        max_retries: 3,
        ..Self::BLOBS
    };

    /// The pause after so many failed tries, of which there was at least one.
    pub(crate) fn pause(&self, failed: u32, asked_for: Option<Duration>) -> Duration {
        let doublings = failed.saturating_sub(1).min(20);
        let own = match self.mode {
            RetryMode::Fixed => self.delay,
            RetryMode::Exponential => self.delay.saturating_mul(1 << doublings),
        };
        own.min(self.max_delay).max(asked_for.unwrap_or_default())
    }
}

/// Whether a status may be another one the next time.
pub(crate) fn is_worth_another_try(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_the_service_may_ask_for_more() {
        let seconds = |failed, asked: Option<u64>| {
            Retry::BLOBS
                .pause(failed, asked.map(Duration::from_secs))
                .as_secs_f64()
        };
        let pauses: Vec<f64> = (1..=5).map(|failed| seconds(failed, None)).collect();
        assert_eq!(pauses, [0.8, 1.6, 3.2, 6.4, 12.8]);
        assert_eq!((seconds(40, None), seconds(1, Some(7))), (60.0, 7.0));
        let fixed = Retry {
            mode: RetryMode::Fixed,
            ..Retry::TABLES
        };
        assert_eq!(fixed.pause(3, None), Duration::from_millis(800));
    }
}
