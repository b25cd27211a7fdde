//! How often something may happen: a number of times in any stretch of a given length.
//!
//! Numbers: <https://learn.microsoft.com/azure/iot-dps/about-iot-dps#quotas-and-limits>. Whether
//! the service counts in a rolling window is not documented.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// How many times in how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// How many times.
    pub times: usize,
    /// In how long.
    pub per: Duration,
}

impl Rate {
    /// The same number of times in less time, for devices that are told to ask again sooner.
    #[must_use]
    pub(crate) fn hurried(self, time_scale: f64) -> Self {
        Self {
            per: self.per.mul_f64(time_scale.min(1.0)),
            ..self
        }
    }
}

/// Device registrations of a service.
pub(crate) const REGISTRATIONS: Rate = Rate {
    times: 1_000,
    per: Duration::from_mins(1),
};

/// Questions of one device after its registration.
pub(crate) const POLLS: Rate = Rate {
    times: 5,
    per: Duration::from_secs(10),
};

/// What happened within the last stretch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window(VecDeque<Timestamp>);

impl Window {
    /// Counts one more at `now`.
    ///
    /// # Errors
    /// The rate is used up for this long; then nothing is counted.
    pub(crate) fn admit(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.forget(rate, now);
        match self.0.front() {
            Some(&oldest) if self.0.len() >= rate.times => Err(oldest.after(rate.per).since(now)),
            _ => {
                self.0.push_back(now);
                Ok(())
            }
        }
    }

    /// Whether nothing happened within the last stretch.
    pub(crate) fn is_quiet(&mut self, rate: Rate, now: Timestamp) -> bool {
        self.forget(rate, now);
        self.0.is_empty()
    }

    fn forget(&mut self, rate: Rate, now: Timestamp) {
        while self
            .0
            .front()
            .is_some_and(|&oldest| oldest.after(rate.per) <= now)
        {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_poll_waits_until_the_first_is_ten_seconds_old() {
        let second = |seconds| Timestamp::from_unix(seconds).unwrap();
        let mut polls = Window::default();
        for now in [0, 0, 1, 2, 3] {
            assert_eq!(polls.admit(POLLS, second(now)), Ok(()));
        }
        let wait = Err(Duration::from_secs(6));
        assert_eq!(polls.admit(POLLS, second(4)), wait);
        assert_eq!(polls.admit(POLLS, second(10)), Ok(()));
        assert_eq!(polls.admit(POLLS, second(10)), Ok(()));
        assert!(polls.admit(POLLS, second(10)).is_err());
        assert!(!polls.is_quiet(POLLS, second(19)));
        assert!(polls.is_quiet(POLLS, second(20)));
    }
}
