//! A retry policy: how often, and after which pauses, the host runs a failed function again.
//!
//! Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retry-policies>.

use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use crate::app::timespan;

/// `retry`, in `host.json` or `function.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "File")]
pub(crate) struct RetryPolicy {
    /// How many attempts may follow the first; −1 is no limit.
    pub(crate) max_retry_count: i64,
    first_pause: Duration,
    longest_pause: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    strategy: String,
    max_retry_count: i64,
    delay_interval: Option<String>,
    minimum_interval: Option<String>,
    maximum_interval: Option<String>,
}

/// Why a retry policy can't be used.
#[derive(Debug, Error)]
pub(crate) enum RetryPolicyError {
    /// The strategy needs this member.
    #[error("\"retry.{0}\" must be a time span like 00:00:10 with this strategy")]
    Interval(&'static str),
    /// There is no such strategy.
    #[error("\"retry.strategy\" is {0}, which is neither fixedDelay nor exponentialBackoff")]
    Strategy(String),
}

impl TryFrom<File> for RetryPolicy {
    type Error = RetryPolicyError;

    fn try_from(file: File) -> Result<Self, RetryPolicyError> {
        let span = |name, text: Option<&str>| {
            let span = text.and_then(timespan::parse);
            span.ok_or(RetryPolicyError::Interval(name))
        };
        let (first_pause, longest_pause) = match file.strategy.to_lowercase().as_str() {
            "fixeddelay" => {
                let delay = span("delayInterval", file.delay_interval.as_deref())?;
                (delay, delay)
            }
            "exponentialbackoff" => (
                span("minimumInterval", file.minimum_interval.as_deref())?,
                span("maximumInterval", file.maximum_interval.as_deref())?,
            ),
            other => return Err(RetryPolicyError::Strategy(other.to_owned())),
        };
        Ok(Self {
            max_retry_count: file.max_retry_count,
            first_pause,
            longest_pause,
        })
    }
}

impl RetryPolicy {
    /// The pause before another attempt after `failed` ones; `None` when there is none.
    pub(crate) fn pause(self, failed: u32) -> Option<Duration> {
        let allowed = self.max_retry_count < 0 || i64::from(failed) <= self.max_retry_count;
        let doublings = failed.saturating_sub(1).min(30);
        allowed.then(|| {
            self.first_pause
                .saturating_mul(1 << doublings)
                .min(self.longest_pause)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(policy: &str, attempts: u32) -> Vec<Option<u64>> {
        let policy: RetryPolicy = serde_json::from_str(policy).unwrap();
        let pauses = (1..=attempts).map(|failed| policy.pause(failed));
        pauses
            .map(|pause| pause.map(|pause| pause.as_secs()))
            .collect()
    }

    #[test]
    fn pauses_are_fixed_or_double_up_to_the_longest() {
        let fixed = r#"{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:10"}"#;
        assert_eq!(pauses(fixed, 3), [Some(10), Some(10), None]);
        let exponential = r#"{"strategy":"exponentialBackoff","maxRetryCount":-1,"minimumInterval":"00:00:02","maximumInterval":"00:00:10"}"#;
        assert_eq!(
            pauses(exponential, 4),
            [Some(2), Some(4), Some(8), Some(10)]
        );
    }

    #[test]
    fn a_policy_that_the_host_would_not_take_is_told() {
        for (policy, expected) in [
            (
                r#"{"strategy":"sometimes","maxRetryCount":2}"#,
                "\"retry.strategy\" is sometimes, which is neither fixedDelay nor exponentialBackoff",
            ),
            (
                r#"{"strategy":"fixedDelay","maxRetryCount":2}"#,
                "\"retry.delayInterval\" must be a time span like 00:00:10 with this strategy",
            ),
        ] {
            let error = serde_json::from_str::<RetryPolicy>(policy).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
