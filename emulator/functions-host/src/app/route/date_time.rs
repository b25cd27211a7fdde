//! What `DateTime.TryParse` takes for a date in the invariant culture, as far as it is likely in a
//! route: ISO 8601, `12/31/2026`, `31 Dec 2026`, a time alone, with `AM` and `PM`, a zone, or the
//! name of a day.

use time::{Date, Month};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

pub(super) fn is_date_time(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let mut words: Vec<String> = text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    // `2026-12-31t10:15` is two words.
    if let Some((date, time)) = words.first().and_then(|first| first.split_once('t'))
        && date.ends_with(|last: char| last.is_ascii_digit())
    {
        let (date, time) = (date.to_owned(), time.to_owned());
        words.splice(..1, [date, time]);
    }
    if words.first().is_some_and(|word| is_name_of(&DAYS, word)) {
        words.remove(0);
    }
    let first_time = words.iter().position(|word| word.contains(':'));
    let (dates, times) = words.split_at(first_time.unwrap_or(words.len()));
    let has_date = !dates.is_empty();
    (has_date || !times.is_empty())
        && (!has_date || is_date(dates))
        && (times.is_empty() || is_time(times))
}

fn is_name_of(names: &[&str], word: &str) -> bool {
    position_of(names, word).is_some()
}

/// A name as a whole, or its first three letters.
fn position_of(names: &[&str], word: &str) -> Option<usize> {
    names
        .iter()
        .position(|name| *name == word || (word.len() == 3 && name.starts_with(word)))
}

fn is_date(words: &[String]) -> bool {
    let parts: Vec<&str> = words
        .iter()
        .flat_map(|word| word.split(['/', '-', '.']))
        .collect();
    let month = parts.iter().find_map(|part| position_of(&MONTHS, part));
    let numbers: Vec<&str> = parts
        .into_iter()
        .filter(|part| !is_name_of(&MONTHS, part))
        .collect();
    let parsed: Option<Vec<u16>> = numbers
        .iter()
        .map(|number| {
            let is_short = !number.is_empty() && number.len() <= 4;
            is_short.then(|| number.parse().ok())?
        })
        .collect();
    let Some(parsed) = parsed else { return false };
    let is_year = |position: usize| numbers.get(position).is_some_and(|text| text.len() > 2);
    let month = month.map(|month| u16::try_from(month + 1).unwrap_or_default());
    let with_month: Vec<u16> = month.into_iter().chain(parsed).collect();
    // A name of a month stands for the number before all others.
    let begins_with_year = is_year(0);
    match *with_month.as_slice() {
        [named, year] if month.is_some() && begins_with_year => exists(year, named, 1),
        [year, month] if begins_with_year => exists(year, month, 1),
        [month, year] if is_year(1) => exists(year, month, 1),
        // Any leap year: there is no year to look at.
        [month, day] => exists(2024, month, day),
        [named, year, day] if month.is_some() && begins_with_year => exists(year, named, day),
        [year, month, day] if begins_with_year => exists(year, month, day),
        [month, day, year] => exists(year, month, day),
        _ => false,
    }
}

fn exists(year: u16, month: u16, day: u16) -> bool {
    let month = u8::try_from(month)
        .ok()
        .and_then(|m| Month::try_from(m).ok());
    let day = u8::try_from(day).ok();
    month.zip(day).is_some_and(|(month, day)| {
        Date::from_calendar_date(i32::from(year.max(1)), month, day).is_ok()
    })
}

/// `10:15`, `10:15:30.5`, each with `am` or `pm` and a zone behind it.
fn is_time(words: &[String]) -> bool {
    let [first, others @ ..] = words else {
        return false;
    };
    let end = first
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'))
        .unwrap_or(first.len());
    let (clock, behind) = first.split_at(end);
    let suffixes = std::iter::once(behind).chain(others.iter().map(String::as_str));
    let suffixes: Vec<&str> = suffixes.filter(|suffix| !suffix.is_empty()).collect();
    let has_half = suffixes.iter().any(|suffix| matches!(*suffix, "am" | "pm"));
    let mut parts = clock.split(':');
    let mut next = |limit: u16| {
        let part = parts.next()?;
        let (whole, fraction) = part.split_once('.').unwrap_or((part, "0"));
        let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
        let is_in_range = whole.parse::<u16>().is_ok_and(|value| value <= limit);
        Some(is_number && is_in_range && whole.len() <= 2)
    };
    let is_clock = next(if has_half { 12 } else { 23 }) == Some(true)
        && next(59) == Some(true)
        && next(59) != Some(false);
    is_clock && parts.next().is_none() && suffixes.into_iter().all(is_suffix)
}

fn is_suffix(text: &str) -> bool {
    let is_offset = text.strip_prefix(['+', '-']).is_some_and(|offset| {
        let digits = offset.replace(':', "");
        (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_offset || matches!(text, "am" | "pm" | "z" | "gmt")
}
