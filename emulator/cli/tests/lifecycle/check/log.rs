//! The host's log.

use super::Seen;
use crate::case::ExpectedRecord;
use crate::host::Record;
use crate::pattern::Places;

/// What the lines of the handler are logged as.
const CONSOLE: &str = "Host.Function.Console";

pub(super) fn check(seen: &mut Seen<'_>) {
    for expected in seen.expect.log.iter().flatten() {
        let found = count(seen, expected);
        let fits = expected.times.map_or(found > 0, |times| times == found);
        seen.require(fits, || {
            format!("log: expected {expected:?}, found {found} times")
        });
    }
    for unexpected in seen.expect.log_none.iter().flatten() {
        let found = count(seen, unexpected);
        seen.require(found == 0, || {
            format!("log: not expected {unexpected:?}, found {found} times")
        });
    }
    if let Some(expected) = &seen.expect.records {
        let mut rest = seen.records.iter();
        let missing = expected
            .iter()
            .find(|expected| !rest.any(|record| is(&seen.places, expected, record)));
        if let Some(missing) = missing {
            seen.complain(format!("records: not there, or not in order: {missing:?}"));
        }
        let lines = expected
            .iter()
            .filter(|record| record.category.as_deref() == Some(CONSOLE));
        let (lines, printed) = (lines.count(), printed(seen));
        seen.require(lines == printed, || {
            format!("records: expected {lines} lines, seen {printed}")
        });
    }
    if let Some(expected) = seen.expect.records_count {
        let printed = printed(seen);
        seen.equal("records", Some(&expected), &printed);
    }
    if seen.expect.order.is_some() {
        let executed = seen
            .records
            .iter()
            .position(|record| record.text.starts_with("Executed '"));
        let user = seen
            .records
            .iter()
            .rposition(|record| record.category.ends_with(".User"));
        let in_order = executed.is_none_or(|executed| user < Some(executed));
        seen.require(in_order, || {
            "the function's log comes behind Executed".to_owned()
        });
    }
}

fn printed(seen: &Seen<'_>) -> usize {
    let records = seen.records.iter();
    records.filter(|record| record.category == CONSOLE).count()
}

fn count(seen: &Seen<'_>, expected: &ExpectedRecord) -> usize {
    let records = seen.records.iter();
    records
        .filter(|record| is(&seen.places, expected, record))
        .count()
}

fn is(places: &Places, expected: &ExpectedRecord, record: &Record) -> bool {
    let text = |pattern: &String| match expected.matching.as_deref() {
        Some("start") => places.starts(pattern, &record.text),
        _ => places.is(pattern, &record.text),
    };
    let exception = |pattern: &String| {
        let exception = record.exception.as_deref().unwrap_or_default();
        places.starts(pattern, exception)
    };
    expected
        .level
        .as_ref()
        .is_none_or(|level| *level == record.level)
        && expected
            .category
            .as_ref()
            .is_none_or(|category| places.is(category, &record.category))
        && expected
            .event
            .is_none_or(|event| Some(event) == record.event)
        && expected.text.as_ref().is_none_or(text)
        && expected.exception.as_ref().is_none_or(exception)
        && expected
            .length
            .is_none_or(|length| length == record.text.chars().count())
}
