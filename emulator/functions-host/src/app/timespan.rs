//! A .NET `TimeSpan` in a settings file: `00:05:00`, `1.00:00:00`, `00:00:00.5`.

use std::time::Duration;

/// Reads `[d.]hh:mm:ss[.fffffff]`. Negative spans have no use here and are refused, as everything else is.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) if !days.contains(':') => (number(days)?, clock),
        _ => (0, text),
    };
    let mut parts = clock.split(':');
    let (hours, minutes, seconds) = (
        number(parts.next()?)?,
        number(parts.next()?)?,
        parts.next()?,
    );
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let seconds = number(seconds)?;
    if parts.next().is_some()
        || hours > 23
        || minutes > 59
        || seconds > 59
        || !(1..=7).contains(&fraction.len())
    {
        return None;
    }
    let ticks = number(&format!("{fraction:0<7}"))?;
    let whole = Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
    Some(whole + Duration::from_nanos(ticks * 100))
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
            ("00:00", None),
            ("00:00:00:00", None),
            ("5", None),
            ("", None),
        ] {
            assert_eq!(
                parse(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
    }
}
