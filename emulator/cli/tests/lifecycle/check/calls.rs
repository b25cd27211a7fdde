//! What callers got, and what arrived at the handler.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Seen;
use crate::call::{CallError, Outcome};
use crate::case::{Count, ExpectedCall};

/// An upper bound for a machine that does other things as well.
pub(crate) fn widened(seconds: f64) -> f64 {
    seconds * 1.5 + 5.0
}

pub(super) fn check(seen: &mut Seen<'_>) {
    if let Some(expected) = &seen.expect.calls {
        let expected: Vec<&ExpectedCall> = expected
            .iter()
            .flat_map(|call| std::iter::repeat_n(call, call.times.unwrap_or(1)))
            .collect();
        // Some cases begin or end with calls that they say nothing of.
        let outcomes = &seen.observed.outcomes;
        let fits = outcomes.windows(expected.len()).any(|window| {
            window
                .iter()
                .zip(&expected)
                .all(|(outcome, expected)| fits(expected, outcome))
        });
        if !fits {
            seen.complain(format!("calls: expected {expected:?}"));
        }
    }
    if let Some(expected) = &seen.expect.calls_any {
        for (status, count) in expected {
            let with_status = seen.observed.outcomes.iter().filter(|outcome| {
                let told = outcome.result.as_ref();
                told.is_ok_and(|response| response.status.to_string() == *status)
            });
            let counted = with_status.count();
            let fits = match count {
                Count::Exactly(count) => counted == *count,
                Count::Between(from, to) => (*from..=*to).contains(&counted),
            };
            seen.require(fits, || {
                format!("{status}: expected {count:?} times, seen {counted} times")
            });
        }
    }
    answer(seen);
    arrived(seen);
}

fn fits(expected: &ExpectedCall, outcome: &Outcome) -> bool {
    let took = outcome.took.as_secs_f64();
    let result = match (&outcome.result, &expected.error, expected.pending_at_least) {
        (Err(CallError::Pending), None, Some(least)) => took >= least - 0.1,
        (Err(CallError::Refused), Some(error), None) => error == "connection refused",
        (Err(CallError::Broken), Some(error), None) => error != "connection refused",
        (Ok(response), None, None) => {
            let text = response.text();
            expected
                .status
                .is_none_or(|status| status == response.status)
                && expected.body.as_ref().is_none_or(|body| *body == text)
                && expected
                    .body_starts
                    .as_ref()
                    .is_none_or(|start| text.starts_with(start))
        }
        _ => false,
    };
    let in_time = expected
        .took
        .is_none_or(|(from, to)| took >= from - 0.1 && took <= widened(to));
    result && in_time
}

fn answer(seen: &mut Seen<'_>) {
    let Some(expected) = &seen.expect.answer else {
        return;
    };
    let nothing = Outcome {
        result: Err(CallError::Pending),
        took: Duration::ZERO,
    };
    let last = seen.observed.outcomes.last().unwrap_or(&nothing);
    let Ok(response) = &last.result else {
        return seen.complain(format!("answer: {:?}", last.result));
    };
    let mut complaints = Vec::new();
    if response.status != expected.status {
        complaints.push(format!("status {}", response.status));
    }
    for header in &expected.headers {
        if !response.headers.contains(header) {
            complaints.push(format!("no header {header:?} in {:?}", response.headers));
        }
    }
    if expected
        .body
        .as_ref()
        .is_some_and(|body| *body != response.text())
    {
        complaints.push(format!("body {:?}", response.text()));
    }
    for complaint in complaints {
        seen.complain(format!("answer: {complaint}"));
    }
}

/// What the first invocation looked like at the handler.
fn arrived(seen: &mut Seen<'_>) {
    let Some(expected) = &seen.expect.arrived else {
        return;
    };
    let request = seen
        .observed
        .events
        .iter()
        .find(|event| event.is("request"));
    let Some(request) = request else {
        return seen.require(expected.is_null(), || "nothing arrived".to_owned());
    };
    let head = request.0["raw"].as_str().unwrap_or_default();
    let body = request.0["body"].as_str().unwrap_or_default();
    let body = STANDARD.decode(body).unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    let is_envelope = serde_json::from_str::<Value>(&body)
        .is_ok_and(|body| body["Data"].is_object() && body["Metadata"].is_object());
    match expected {
        Value::String(what) if what == "an envelope" => {
            seen.require(is_envelope, || format!("arrived: {head:?} {body:?}"));
        }
        Value::String(what) if what.contains("not an envelope") => {
            let as_sent = head.starts_with("POST /api/F HTTP/1.1\r\n");
            seen.require(!is_envelope && as_sent, || {
                format!("arrived: {head:?} {body:?}")
            });
        }
        Value::Object(expected) => {
            let mut lines = head.trim_end().split("\r\n");
            let line = lines.next().unwrap_or_default();
            let headers: Vec<&str> = lines.collect();
            for (name, value) in expected {
                let fits = match (name.as_str(), value) {
                    ("line", Value::String(value)) => value == line,
                    ("body", Value::String(value)) => *value == body,
                    ("headers", Value::Array(values)) => {
                        values.len() == headers.len()
                            && values.iter().zip(&headers).all(|(value, header)| {
                                seen.places.is(value.as_str().unwrap_or_default(), header)
                            })
                    }
                    _ => false,
                };
                seen.require(fits, || {
                    format!("arrived: expected {name} {value}, seen {head:?} {body:?}")
                });
            }
        }
        _ => seen.complain(format!("arrived: {head:?}, expected {expected}")),
    }
}
