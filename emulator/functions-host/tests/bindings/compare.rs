//! Compares what was captured with what happened.

use std::collections::BTreeMap;

use functions_host::{FunctionsHost, Invocation, LogSource};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::case::{Case, PORT};

/// The exception in the latest record of a failed invocation.
pub(crate) fn exception(host: &FunctionsHost, id: &str) -> Option<String> {
    let log = host.log();
    let mut records = log.iter().rev();
    let record =
        records.find(|record| record.source == LogSource::Host && record.text.contains(id));
    record.and_then(|record| record.exception.clone())
}

impl Case {
    /// The differences between what was captured and what happened.
    pub(crate) fn differences(
        &self,
        invocation: &Invocation,
        exception: Option<&str>,
    ) -> Vec<String> {
        let expected = &self.expect;
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: Value, found: Value| {
            if expected != found {
                differences.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        let response = &invocation.response;
        compare("status", json!(expected.status), json!(response.status));
        compare("body", json!(expected.body), json!(response.text()));
        let called = !invocation.envelope.is_empty();
        compare(
            "handler called",
            json!(expected.handler_called),
            json!(called),
        );
        let envelope: Value = serde_json::from_slice(&invocation.envelope).unwrap_or_default();
        if let Some(data) = &expected.data {
            let mut found = envelope["Data"].as_object().cloned().unwrap_or_default();
            found.remove("req");
            compare("data", data.clone(), Value::Object(found));
        }
        if let Some(text) = &expected.envelope {
            let found = String::from_utf8_lossy(&invocation.envelope);
            if !is_like(&text.replace("PORT", PORT), &found) {
                compare("envelope", json!(text), json!(found));
            }
        }
        if let Some(names) = &expected.data_members {
            compare(
                "data members",
                json!(names),
                json!(members(&invocation.envelope, "Data")),
            );
        }
        if let Some(names) = &expected.metadata_members {
            compare(
                "metadata members",
                json!(names),
                json!(members(&invocation.envelope, "Metadata")),
            );
        }
        if let Some(log) = &expected.log {
            let found: Vec<&str> = chain(exception.unwrap_or_default()).collect();
            if !is_same_chain(log, &found) {
                compare("log", json!(log), json!(found));
            }
        }
        differences
    }
}

/// The exceptions behind the one that says that a function has failed.
pub(crate) fn chain(exception: &str) -> impl Iterator<Item = &str> {
    exception.split("\n ---> ").skip(1)
}

/// Whether the exceptions are the expected ones.
pub(crate) fn is_same_chain(expected: &[String], found: &[&str]) -> bool {
    let is_same = |(expected, found): (&String, &&str)| match expected.split_once('…') {
        Some((start, _)) => found.starts_with(start),
        // Of a message with several lines the first was kept.
        None => is_like(expected, found.lines().next().unwrap_or_default()),
    };
    same_retries(expected, found)
        || expected.len() == found.len() && expected.iter().zip(found).all(is_same)
}

/// Whether a text is the expected one, in which `<…>` and `CLOSED` stand for what varies.
pub(crate) fn is_like(expected: &str, found: &str) -> bool {
    const PLACEHOLDERS: [&str; 5] = [
        "<utc-now>",
        "<guid>",
        "<invocation-id>",
        "<stack-trace>",
        "CLOSED",
    ];
    let mut rest = found;
    let mut pieces = vec![expected];
    for placeholder in PLACEHOLDERS {
        let split = pieces.iter().flat_map(|piece| piece.split(placeholder));
        pieces = split.collect();
    }
    let last = pieces.len() - 1;
    for (position, piece) in pieces.into_iter().enumerate() {
        let at = match position {
            0 => rest.starts_with(piece).then_some(0),
            _ if position == last && piece.is_empty() => Some(rest.len()),
            _ => rest.find(piece),
        };
        let Some(at) = at else { return false };
        // What a placeholder stands for is short and has no end of a text in it.
        if at > 40 || rest[..at].contains('"') {
            return false;
        }
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty()
}

/// Whether both end with the same number of tries. What each of them met belongs to the store's
/// client.
fn same_retries(expected: &[String], found: &[&str]) -> bool {
    let tries = |text: &str| {
        let rest = text.strip_prefix("System.AggregateException: Retry failed after ")?;
        rest.split_once(' ').map(|(tries, _)| tries.to_owned())
    };
    let (Some(expected), Some(found)) = (expected.first(), found.first()) else {
        return false;
    };
    tries(expected).is_some() && tries(expected) == tries(found)
}

/// The names of a member's members in their order.
fn members(envelope: &[u8], name: &str) -> Vec<String> {
    let envelope: BTreeMap<String, indexmap::IndexMap<String, &RawValue>> =
        serde_json::from_slice(envelope).unwrap();
    envelope[name].keys().cloned().collect()
}
