//! What the pure core may not fetch for itself: the time and a random id.
//!
//! Everything that decides takes a [`RequestContext`] or a [`Timestamp`]; only the server takes one
//! from the system's clock. A test that turns the clock passes another value, and nothing waits.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use uuid::Uuid;

/// The service writes seven digits of a second and a `Z`.
const SERVICE_FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// What the service would read from its clock and its random numbers while it handles one request.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// The time of the request.
    pub now: Timestamp,
    /// A random id that the request may use once, for an operation, an etag or a trace.
    pub id: Uuid,
}

impl RequestContext {
    /// The system's time and a new random id.
    #[must_use]
    pub fn now() -> Self {
        Self {
            now: Timestamp::now(),
            id: Uuid::new_v4(),
        }
    }
}

/// The seconds that a device is told to wait: whole ones, and at least one.
#[must_use]
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// A point in time, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The time by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(OffsetDateTime::now_utc())
    }

    /// The point `seconds` after the start of 1970; `None` outside the calendar.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self)
    }

    /// Whole seconds since the start of 1970.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The point `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }

    /// How long after `earlier` this is; nothing when it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0 - earlier.0).unwrap_or(Duration::ZERO)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(SERVICE_FORMAT).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        PrimitiveDateTime::parse(&text, SERVICE_FORMAT)
            .map(|date_time| Self(date_time.assume_utc()))
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_seven_digits_and_comes_back_from_its_text() {
        let captured = "\"2022-08-31T22:02:50.5163352Z\"";
        let timestamp: Timestamp = serde_json::from_str(captured).unwrap();
        assert_eq!(serde_json::to_string(&timestamp).unwrap(), captured);
        assert_eq!(timestamp.unix(), 1_661_983_370);
    }

    #[test]
    fn time_before_is_no_time() {
        let early = Timestamp::from_unix(0).unwrap();
        let late = early.after(Duration::from_secs(9));
        assert_eq!(late.since(early), Duration::from_secs(9));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
