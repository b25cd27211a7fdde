//! Dates inside of JSON text.
//!
//! Newtonsoft turns each string that is an ISO 8601 date-time, or `/Date(milliseconds)/`, into a
//! `DateTime`. An offset is converted to the local time of the host, which is taken to be UTC as in
//! Azure. More than seven digits of a second's fraction are left as text.

use std::fmt;

use time::macros::{date, time};
use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// A .NET `DateTime`: steps of 100 ns, and whether it is known to be UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetDateTime {
    value: PrimitiveDateTime,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Utc,
    /// Read with an offset.
    Local,
    Unspecified,
}

impl NetDateTime {
    /// `DateTime.UtcNow` at a moment.
    pub(crate) fn utc(now: std::time::SystemTime) -> Self {
        let now = time::OffsetDateTime::from(now);
        Self {
            value: PrimitiveDateTime::new(now.date(), now.time()),
            kind: Kind::Utc,
        }
    }

    /// The date that a string is, when it is one as a whole.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_iso(text).or_else(|| parse_microsoft(text))
    }

    /// `Convert.ToString(value, CultureInfo.InvariantCulture)`.
    pub(crate) fn to_invariant_string(self) -> String {
        let (date, time) = (self.value.date(), self.value.time());
        format!(
            "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
            u8::from(date.month()),
            date.day(),
            date.year(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

impl NetDateTime {
    /// `value.ToString(format, CultureInfo.InvariantCulture)` of a custom format of years to
    /// seconds; other letters stay as they are.
    pub(crate) fn to_custom_string(self, format: &str) -> String {
        let (date, time) = (self.value.date(), self.value.time());
        let mut text = String::new();
        let mut rest = format;
        while let Some(letter) = rest.chars().next() {
            let run = rest.chars().take_while(|other| *other == letter).count();
            let number = match letter {
                'y' => i64::from(date.year()),
                'M' => i64::from(u8::from(date.month())),
                'd' => i64::from(date.day()),
                'H' => i64::from(time.hour()),
                'h' => i64::from((time.hour() + 11) % 12 + 1),
                'm' => i64::from(time.minute()),
                's' => i64::from(time.second()),
                'K' => {
                    text.push_str(self.kind.suffix());
                    rest = &rest[run..];
                    continue;
                }
                _ => {
                    text.extend(std::iter::repeat_n(letter, run));
                    rest = &rest[run * letter.len_utf8()..];
                    continue;
                }
            };
            let number = if letter == 'y' && run <= 2 {
                number % 100
            } else {
                number
            };
            let digits = format!("{number:0run$}");
            text.push_str(&digits);
            rest = &rest[run..];
        }
        text
    }
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Utc => "Z",
            Self::Local => "+00:00",
            Self::Unspecified => "",
        }
    }
}

/// The form in which Newtonsoft writes it: no zeros at the end of the fraction.
impl fmt::Display for NetDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.value.date(), self.value.time());
        write!(
            f,
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        )?;
        write!(
            f,
            "T{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )?;
        let ticks = time.nanosecond() / 100;
        if ticks > 0 {
            write!(f, ".{}", format!("{ticks:07}").trim_end_matches('0'))?;
        }
        f.write_str(self.kind.suffix())
    }
}

/// `yyyy-MM-ddTHH:mm:ss`, up to seven digits of fraction, then nothing, `Z`, or an offset of hours
/// and perhaps minutes.
fn parse_iso(text: &str) -> Option<NetDateTime> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !(19..=40).contains(&bytes.len())
        || !text.is_ascii()
        || separators.iter().any(|&(at, byte)| bytes[at] != byte)
    {
        return None;
    }
    let month = Month::try_from(u8::try_from(digits(&text[5..7])?).ok()?).ok()?;
    let date = Date::from_calendar_date(
        i32::try_from(digits(&text[..4])?).ok()?,
        month,
        u8::try_from(digits(&text[8..10])?).ok()?,
    );
    let date = date.ok().filter(|date| date.year() >= 1)?;
    let (hour, minute, second) = (
        digits(&text[11..13])?,
        digits(&text[14..16])?,
        digits(&text[17..19])?,
    );
    let (ticks, zone) = split_fraction(&text[19..])?;
    if minute > 59
        || second > 59
        || hour > 24
        || (hour == 24 && (minute, second, ticks) != (0, 0, 0))
    {
        return None;
    }
    let (offset, kind) = parse_zone(zone)?;
    let of_day = Duration::seconds(i64::from(hour * 3600 + minute * 60 + second))
        + Duration::nanoseconds(i64::from(ticks) * 100);
    let value = PrimitiveDateTime::new(date, Time::MIDNIGHT).checked_add(of_day)?;
    let value = match value.checked_sub(offset) {
        Some(value) if value.year() < 1 => first_moment(),
        // .NET stops at the ends of what it can count.
        Some(value) if value.year() <= 9999 => value,
        Some(_) | None if offset.is_negative() => last_moment(),
        Some(_) | None => first_moment(),
    };
    Some(NetDateTime { value, kind })
}

/// `DateTime.MinValue`
fn first_moment() -> PrimitiveDateTime {
    PrimitiveDateTime::new(date!(0001 - 01 - 01), Time::MIDNIGHT)
}

/// `DateTime.MaxValue`
fn last_moment() -> PrimitiveDateTime {
    PrimitiveDateTime::new(date!(9999 - 12 - 31), time!(23:59:59.999_999_9))
}

/// The fraction in ticks of 100 ns, and what follows it.
fn split_fraction(rest: &str) -> Option<(u32, &str)> {
    let Some(rest) = rest.strip_prefix('.') else {
        return Some((0, rest));
    };
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=7).contains(&length) {
        return None;
    }
    let (fraction, zone) = rest.split_at(length);
    Some((digits(&format!("{fraction:0<7}"))?, zone))
}

fn parse_zone(zone: &str) -> Option<(Duration, Kind)> {
    let sign = match zone.as_bytes() {
        [] => return Some((Duration::ZERO, Kind::Unspecified)),
        [b'Z' | b'z'] => return Some((Duration::ZERO, Kind::Utc)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let hours = digits(zone.get(1..3)?)?;
    let minutes = match zone.get(3..)? {
        "" => 0,
        rest => digits(rest.strip_prefix(':').unwrap_or(rest))
            .filter(|_| rest.trim_start_matches(':').len() == 2)?,
    };
    Some((
        Duration::seconds(sign * i64::from(hours * 3600 + minutes * 60)),
        Kind::Local,
    ))
}

/// `/Date(1234567890123)/`, perhaps with an offset that says no more than that the date is local.
fn parse_microsoft(text: &str) -> Option<NetDateTime> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let sign_at = inner
        .char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '+' | '-'))
        .map(|(at, _)| at);
    let (milliseconds, kind) = match sign_at {
        Some(at) => {
            digits(&inner[at + 1..])?;
            (&inner[..at], Kind::Local)
        }
        None => (inner, Kind::Utc),
    };
    let since_epoch = Duration::milliseconds(milliseconds.parse().ok()?);
    let epoch = PrimitiveDateTime::new(Date::from_ordinal_date(1970, 1).ok()?, Time::MIDNIGHT);
    let value = epoch
        .checked_add(since_epoch)
        .filter(|value| (1..=9999).contains(&value.year()))?;
    Some(NetDateTime { value, kind })
}

fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_formats_print_their_parts() {
        let date = NetDateTime::parse("2026-09-01T16:05:30.5Z").unwrap();
        for (format, text) in [
            ("yyyy", "2026"),
            ("yyyy-MM-ddTHH-mm-ssK", "2026-09-01T16-05-30Z"),
            ("d.M.yy h:m", "1.9.26 4:5"),
        ] {
            assert_eq!(date.to_custom_string(format), text);
        }
    }

    #[track_caller]
    fn check(text: &str, written: Option<&str>, invariant: &str) {
        let date = NetDateTime::parse(text);
        assert_eq!(
            date.map(|date| date.to_string()).as_deref(),
            written,
            "{text}"
        );
        if let Some(date) = date {
            assert_eq!(date.to_invariant_string(), invariant, "{text}");
        }
    }

    #[test]
    fn iso_dates_are_written_in_their_shortest_form() {
        check(
            "2022-07-15T21:02:29.5922250Z",
            Some("2022-07-15T21:02:29.592225Z"),
            "07/15/2022 21:02:29",
        );
        check(
            "2022-07-05T21:27:16.8123235Z",
            Some("2022-07-05T21:27:16.8123235Z"),
            "07/05/2022 21:27:16",
        );
        check(
            "2022-07-05T21:27:16.000Z",
            Some("2022-07-05T21:27:16Z"),
            "07/05/2022 21:27:16",
        );
        check(
            "2026-09-01T10:15:29",
            Some("2026-09-01T10:15:29"),
            "09/01/2026 10:15:29",
        );
        check(
            "2026-12-31T24:00:00Z",
            Some("2027-01-01T00:00:00Z"),
            "01/01/2027 00:00:00",
        );
    }

    #[test]
    fn an_offset_becomes_the_hosts_local_time() {
        check(
            "2022-07-05T21:27:16+02:00",
            Some("2022-07-05T19:27:16+00:00"),
            "07/05/2022 19:27:16",
        );
        check(
            "2022-07-05T21:27:16-0330",
            Some("2022-07-06T00:57:16+00:00"),
            "07/06/2022 00:57:16",
        );
        check(
            "2022-07-05T21:27:16+02",
            Some("2022-07-05T19:27:16+00:00"),
            "07/05/2022 19:27:16",
        );
    }

    #[test]
    fn an_offset_stops_at_the_ends_of_the_calendar() {
        let (first, last) = (
            "0001-01-01T00:00:00+00:00",
            "9999-12-31T23:59:59.9999999+00:00",
        );
        check(
            "0001-01-01T00:00:00+05:00",
            Some(first),
            "01/01/0001 00:00:00",
        );
        check(
            "9999-12-31T23:59:59-05:00",
            Some(last),
            "12/31/9999 23:59:59",
        );
    }

    #[test]
    fn milliseconds_of_the_old_form_are_dates_too() {
        check(
            "/Date(0)/",
            Some("1970-01-01T00:00:00Z"),
            "01/01/1970 00:00:00",
        );
        check(
            "/Date(-1500+0100)/",
            Some("1969-12-31T23:59:58.5+00:00"),
            "12/31/1969 23:59:58",
        );
        check("/Date()/", None, "");
        check("/Date(x)/", None, "");
    }

    #[test]
    fn everything_else_stays_text() {
        for text in [
            "",
            "2022-07-05",
            "2022-07-05 21:27:16",
            "2022-13-05T21:27:16Z",
            "2022-02-30T21:27:16Z",
            "0000-01-01T00:00:00Z",
            "2022-07-05T25:00:00Z",
            "2022-07-05T24:00:01Z",
            "2022-07-05T21:60:16Z",
            "2022-07-05T21:27:16.Z",
            "2022-07-05T21:27:16.12345678Z",
            "2022-07-05T21:27:16X",
            "2022-07-05T21:27:16+2",
            "2022-07-05T21:27:16+02:0",
            "2022-07-05T21:27:16+02::00",
            "2022-07-05T21:27:16Z and more",
            "+022-07-05T21:27:16Z",
            "2022-07-05T21:27:1é",
            "the toaster of 2022-07-05T21:27:16Z",
        ] {
            check(text, None, "");
        }
    }
}
