//! `handler explain --than OLD`: the devices for which two policies decide otherwise.

use std::fmt;
use std::path::Path;

use allocation::{AllocationRequest, Assignment, Decision, Outcome, Request};
use anyhow::Result;
use custom_handler::InputBindings;
use custom_handler::logging::loggable;
use serde::Serialize;
use serde_json::value::RawValue;

use super::explain::{each_request, parse_bindings, policy, read_bindings, status};
use super::{Explain, Output};
use crate::policy_file::PolicyFile;

/// Lists the devices that would move or change from the decisions of `old`. Returns whether all
/// files could be read.
pub(super) fn compare(asked: &Explain, old: &Path, output: &mut impl Output) -> Result<bool> {
    let (old, new) = (PolicyFile::read(old)?, policy(asked)?);
    let bindings = read_bindings(asked.bindings.as_deref())?;
    let bindings = parse_bindings(asked.bindings.as_deref(), bindings.as_deref())?;
    let mut counts = Counts::default();
    let are_read = each_request(&asked.requests, output, |_, json, output| {
        counts.requests += 1;
        let Some(request) = request(json, &bindings) else {
            counts.refused += 1;
            return Ok(());
        };
        let (before, after) = (old.decide(&request), new.decide(&request));
        let Some((change, what)) = difference(&before, &after) else {
            return Ok(());
        };
        match change {
            Change::Moves => counts.moves += 1,
            Change::Changes => counts.changes += 1,
        }
        let id = request.registration_id();
        if asked.json {
            let change = ChangeJson {
                registration_id: id,
                change,
                old: summary(&before),
                new: summary(&after),
            };
            return writeln!(output, "{}", serde_json::to_string(&change)?);
        }
        writeln!(output, "{}: {what}", loggable(id))
    })?;
    if asked.json {
        writeln!(output, "{}", serde_json::to_string(&counts)?)?;
    } else {
        writeln!(output, "{counts}")?;
    }
    Ok(are_read)
}

/// The request, unless it is refused before a policy is asked.
fn request<'a>(json: &'a str, bindings: &InputBindings<'a>) -> Option<Request<'a>> {
    let request = AllocationRequest::parse(json).ok()?;
    Request::new(request, bindings.clone()).ok()
}

#[derive(Default, Serialize)]
struct Counts {
    requests: u64,
    #[serde(rename = "move")]
    moves: u64,
    #[serde(rename = "change")]
    changes: u64,
    /// By both policies alike, as they are not asked: the request lacks what every policy needs.
    refused: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            requests,
            moves,
            changes,
            refused,
        } = self;
        let noun = if *requests == 1 {
            "request"
        } else {
            "requests"
        };
        write!(
            f,
            "{requests} {noun}: {moves} would move, {changes} would change"
        )?;
        match refused {
            0 => Ok(()),
            1 => f.write_str("; 1 is refused before any rule is asked"),
            _ => write!(f, "; {refused} are refused before any rule is asked"),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Change {
    /// The device gets another hub, one or none.
    Moves,
    /// It hears something else.
    Changes,
}

/// A change for machines.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeJson<'a> {
    registration_id: &'a str,
    change: Change,
    old: Summary<'a>,
    new: Summary<'a>,
}

#[derive(Serialize)]
struct Summary<'a> {
    rule: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    hub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<&'a str>,
}

fn difference(old: &Decision, new: &Decision) -> Option<(Change, String)> {
    match (old.outcome(), new.outcome()) {
        (Outcome::Assign(old), Outcome::Assign(new)) => {
            if old.hub() != new.hub() {
                let [old, new] = [old, new].map(|one| loggable(one.hub()));
                return Some((Change::Moves, format!("moves from {old} to {new}")));
            }
            let text = |one: Option<&RawValue>| one.map(RawValue::get).map(str::to_owned);
            let twins = |one: &Assignment| text(one.initial_twin());
            let payloads = |one: &Assignment| text(one.payload());
            let what = match (twins(old) != twins(new), payloads(old) != payloads(new)) {
                (false, false) => return None,
                (true, false) => "another initial twin",
                (false, true) => "another payload",
                (true, true) => "another initial twin and payload",
            };
            Some((Change::Changes, format!("gets {what}")))
        }
        (Outcome::Assign(old), other) => {
            let sentence = sentence(other);
            let hub = loggable(old.hub());
            Some((
                Change::Moves,
                format!("gets no hub any more, and had {hub}: {sentence}"),
            ))
        }
        (_, Outcome::Assign(new)) => Some((
            Change::Moves,
            format!("gets {}, and had no hub", loggable(new.hub())),
        )),
        (old, new) => {
            let [before, after] = [old, new].map(sentence);
            let is_same =
                before == after && std::mem::discriminant(old) == std::mem::discriminant(new);
            (!is_same).then(|| {
                (
                    Change::Changes,
                    format!("hears {after:?}, and heard {before:?}"),
                )
            })
        }
    }
}

fn sentence(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Refuse(sentence) | Outcome::Retry(sentence) => sentence,
        Outcome::Assign(_) | Outcome::Fail => "",
    }
}

fn summary(decision: &Decision) -> Summary<'_> {
    let (hub, sentence) = match decision.outcome() {
        Outcome::Assign(one) => (Some(one.hub()), None),
        outcome => (None, Some(sentence(outcome))),
    };
    Summary {
        rule: decision.rule(),
        status: status(decision),
        hub,
        sentence,
    }
}
