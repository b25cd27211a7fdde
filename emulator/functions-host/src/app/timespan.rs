//! A .NET `TimeSpan` in a settings file: `00:05:00`, `1.00:00:00`, `00:00:00.5`, `5` (days).

use std::time::Duration;

/// Reads a span that isn't negative.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    parse_signed(text).and_then(|(is_negative, span)| (!is_negative).then_some(span))
}

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]`, or days alone, and whether it is negative.
pub(crate) fn parse_signed(text: &str) -> Option<(bool, Duration)> {
    let text = text.trim();
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let days = |days: u64| Duration::from_secs(days * 86_400);
    if let Some(alone) = number(text) {
        return Some((is_negative, days(alone)));
    }
    let (whole_days, clock) = match text.split_once('.') {
        Some((whole, clock)) if !whole.contains(':') => (number(whole)?, clock),
        _ => (0, text),
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (number(parts.next()?)?, number(parts.next()?)?);
    let (seconds, fraction) = match parts.next() {
        None => (0, "0"),
        Some(seconds) => {
            let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            (number(seconds)?, fraction)
        }
    };
    if parts.next().is_some()
        || hours > 23
        || minutes > 59
        || seconds > 59
        || !(1..=7).contains(&fraction.len())
    {
        return None;
    }
    let ticks = number(&format!("{fraction:0<7}"))?;
    let of_day = Duration::from_secs((hours * 60 + minutes) * 60 + seconds);
    Some((
        is_negative,
        days(whole_days) + of_day + Duration::from_nanos(ticks * 100),
    ))
}

/// Prints `[d.]hh:mm:ss[.fffffff]`.
pub(crate) fn print(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = Some(days).filter(|days| *days > 0);
    let days = days.map_or_else(String::new, |days| format!("{days}."));
    let ticks = span.subsec_nanos() / 100;
    let fraction = Some(ticks).filter(|ticks| *ticks > 0);
    let fraction = fraction.map_or_else(String::new, |ticks| format!(".{ticks:07}"));
    format!(
        "{days}{hours:02}:{minutes:02}:{:02}{fraction}",
        seconds % 60
    )
}

fn number(text: &str) -> Option<u64> {
    (1..=7).contains(&text.len()).then_some(())?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_dotnet_reads_them() {
        for (text, milliseconds) in [
            ("00:05:00", Some(300_000)),
            ("00:00:30", Some(30_000)),
            ("0:0:1", Some(1_000)),
            ("1.00:00:01", Some(86_401_000)),
            ("00:00:00.25", Some(250)),
            ("1.00:00:00.5", Some(86_400_500)),
            ("24:00:00", None),
            ("00:60:00", None),
            ("-00:00:01", None),
            ("00:01", Some(60_000)),
            ("5", Some(432_000_000)),
            ("00:00:00:00", None),
            ("", None),
        ] {
            assert_eq!(
                parse(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
    }

    #[test]
    fn spans_are_printed_as_dotnet_prints_them() {
        for text in ["00:05:00", "1.00:00:01", "00:00:00.2500000", "23:59:59"] {
            assert_eq!(print(parse(text).unwrap()), text);
        }
    }
}
