//! `handler explain --than OLD`: the devices for which two policies decide otherwise.

use std::io::Write;

use allocation::policy::File;
use allocation::{AllocationRequest, Assignment, Decision, Outcome, Policy, Request};
use anyhow::Result;
use custom_handler::InputBindings;
use custom_handler::logging::loggable;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::explain::{parse_bindings, read_bindings};
use super::{Explain, requests, served};
use crate::policy_file::PolicyFile;

/// Lists the devices that would move or change. Returns that nothing is wrong.
pub(super) fn compare(asked: &Explain, output: &mut impl Write) -> Result<bool> {
    let new = PolicyFile::read(&asked.policy.clone().unwrap_or_else(served))?;
    let Some(old) = &asked.than else {
        return Ok(true);
    };
    let old = PolicyFile::read(old)?;
    let bindings = read_bindings(asked.bindings.as_deref())?;
    let bindings = parse_bindings(bindings.as_deref())?;
    let mut counts = Counts::default();
    for path in &asked.requests {
        requests::each(path, |json| {
            counts.requests += 1;
            let Some(change) = change(json, &bindings, old.policy(), new.policy()) else {
                return Ok(());
            };
            match change.kind {
                Kind::Moves => counts.moves += 1,
                Kind::Changes => counts.changes += 1,
            }
            if asked.json {
                writeln!(output, "{}", change.json())?;
            } else {
                writeln!(output, "{}: {}", loggable(&change.device), change.what)?;
            }
            Ok(())
        })?;
    }
    if asked.json {
        let json =
            json!({"requests": counts.requests, "move": counts.moves, "change": counts.changes});
        writeln!(output, "{json}")?;
    } else {
        let Counts {
            requests,
            moves,
            changes,
        } = counts;
        writeln!(
            output,
            "{requests} requests: {moves} would move, {changes} would change"
        )?;
    }
    Ok(true)
}

#[derive(Default)]
struct Counts {
    requests: u64,
    moves: u64,
    changes: u64,
}

enum Kind {
    /// The device gets another hub, one or none.
    Moves,
    /// It hears something else.
    Changes,
}

struct Change {
    device: String,
    kind: Kind,
    what: String,
    old: Value,
    new: Value,
}

impl Change {
    fn json(&self) -> Value {
        let change = match self.kind {
            Kind::Moves => "moves",
            Kind::Changes => "changes",
        };
        json!({"registrationId": self.device, "change": change, "old": self.old, "new": self.new})
    }
}

/// What changes for the device of a request. One that no policy is asked about stays as it is.
fn change(json: &str, bindings: &InputBindings<'_>, old: &File, new: &File) -> Option<Change> {
    let request = AllocationRequest::parse(json).ok()?;
    let request = Request::new(request, bindings.clone()).ok()?;
    let (before, after) = (old.decide(&request), new.decide(&request));
    let (kind, what) = difference(&before, &after)?;
    Some(Change {
        device: request.registration_id().to_owned(),
        kind,
        what,
        old: summary(&before),
        new: summary(&after),
    })
}

fn difference(old: &Decision, new: &Decision) -> Option<(Kind, String)> {
    match (old.outcome(), new.outcome()) {
        (Outcome::Assign(old), Outcome::Assign(new)) => {
            if old.hub() != new.hub() {
                let [old, new] = [old, new].map(|one| loggable(one.hub()));
                return Some((Kind::Moves, format!("moves from {old} to {new}")));
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
            Some((Kind::Changes, format!("gets {what}")))
        }
        (Outcome::Assign(old), other) => {
            let sentence = sentence(other);
            let hub = loggable(old.hub());
            Some((
                Kind::Moves,
                format!("gets no hub any more, and had {hub}: {sentence}"),
            ))
        }
        (_, Outcome::Assign(new)) => Some((
            Kind::Moves,
            format!("gets {}, and had no hub", loggable(new.hub())),
        )),
        (old, new) => {
            let [before, after] = [old, new].map(sentence);
            let is_same =
                before == after && std::mem::discriminant(old) == std::mem::discriminant(new);
            (!is_same).then(|| {
                (
                    Kind::Changes,
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

fn summary(decision: &Decision) -> Value {
    let rule = decision.rule();
    match decision.outcome() {
        Outcome::Assign(one) => json!({"rule": rule, "status": 200, "hub": one.hub()}),
        outcome => {
            let status = super::explain::status(decision);
            json!({"rule": rule, "status": status, "sentence": sentence(outcome)})
        }
    }
}
