//! Tests of a policy, as a file: requests, and what is expected of the decisions.

use std::fmt::Display;

use custom_handler::InputBindings;
use serde_json::value::RawValue;

use crate::policy::compiled::file::File;
use crate::policy::json::number::Number;
use crate::policy::json::tree::{self, Kind, Node};
use crate::{AllocationRequest, Assignment, Decision, Outcome, Policy, Request};

/// One case of an `allocation.tests.json`.
#[derive(Clone, Debug)]
pub struct Case {
    pub(crate) name: String,
    /// JSON.
    pub(crate) request: String,
    /// The JSON of an object.
    pub(crate) bindings: Option<String>,
    pub(crate) expected: Expected,
}

/// What is expected of a decision. What isn't given may be anything.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) rule: String,
    pub(crate) status: Option<u16>,
    pub(crate) hub: Option<String>,
    pub(crate) initial_twin: Option<Node>,
    pub(crate) payload: Option<Node>,
}

impl Case {
    /// What the case is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Has the policy decide; returns how the decision differs from what is expected, in one
    /// sentence each.
    #[must_use]
    pub fn failures(&self, file: &File) -> Vec<String> {
        match self.decide(file) {
            Ok(decision) => self.expected.differences(&decision),
            Err(error) => vec![error],
        }
    }

    fn decide(&self, file: &File) -> Result<Decision, String> {
        let request = AllocationRequest::parse(&self.request)
            .map_err(|error| format!("the request is no AllocationRequest: {error}"))?;
        let bindings = match &self.bindings {
            Some(json) => bindings(json)?,
            None => InputBindings::default(),
        };
        let request = Request::new(request, bindings).map_err(|error| error.to_string())?;
        Ok(file.decide(&request))
    }
}

/// The input bindings of the JSON of an object, as it stands in the host's `Data`.
///
/// # Errors
/// When it is not an object.
pub fn bindings(json: &str) -> Result<InputBindings<'_>, String> {
    let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(json)
        .map_err(|error| format!("the bindings are no object: {error}"))?;
    Ok(members.into_iter().collect())
}

impl Expected {
    fn differences(&self, decision: &Decision) -> Vec<String> {
        let mut differences = Vec::new();
        let mut differ = |what: &str, expected: &dyn Display, found: &dyn Display| {
            differences.push(format!("{what}: expected {expected}, it is {found}"));
        };
        if decision.rule() != self.rule {
            differ("rule", &quoted(&self.rule), &quoted(decision.rule()));
        }
        let (status, assignment) = match decision.outcome() {
            Outcome::Assign(assignment) => (200, Some(assignment)),
            Outcome::Refuse(_) => (400, None),
            Outcome::Retry(_) => (503, None),
            Outcome::Fail => (500, None),
        };
        if let Some(expected) = self.status
            && expected != status
        {
            differ("status", &expected, &status);
        }
        if let Some(expected) = &self.hub {
            let found = assignment.map(Assignment::hub);
            if found != Some(expected) {
                differ(
                    "hub",
                    &quoted(expected),
                    &found.map_or("none".to_owned(), quoted),
                );
            }
        }
        let twin = assignment.and_then(Assignment::initial_twin);
        let payload = assignment.and_then(Assignment::payload);
        for (what, expected, found) in [
            ("initialTwin", &self.initial_twin, twin),
            ("payload", &self.payload, payload),
        ] {
            let Some(expected) = expected else { continue };
            let json = found.map_or("null", RawValue::get);
            if !tree::parse(json).is_ok_and(|found| is_same(expected, &found)) {
                let mut wanted = String::new();
                expected.write(&mut wanted);
                differ(what, &wanted, &json);
            }
        }
        differences
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Whether two values are the same: numbers by value, members in any order. Recurses as deeply as
/// they are nested.
fn is_same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Number(a), Kind::Number(b)) => {
            a == b
                || matches!((Number::parse(a), Number::parse(b)), (Some(a), Some(b)) if a.compare(b).is_eq())
        }
        (Kind::Array(a), Kind::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Kind::Object(a), Kind::Object(b)) => {
            let has = |member: &tree::Member| {
                b.iter()
                    .any(|other| other.name == member.name && is_same(&other.value, &member.value))
            };
            a.len() == b.len() && a.iter().all(has)
        }
        (a, b) => a == b,
    }
}
