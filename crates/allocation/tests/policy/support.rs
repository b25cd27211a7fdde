//! Files, requests and decisions as JSON.

use allocation::policy::{File, bindings};
use allocation::{AllocationRequest, Decision, Outcome, Policy, Request};
use serde_json::{Value, json};

/// The policy that a JSON value is. It must be right.
#[track_caller]
pub(crate) fn policy(json: &Value) -> File {
    let text = json.to_string();
    File::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The policy of these rules and an `otherwise`.
#[track_caller]
pub(crate) fn rules(rules: &Value) -> File {
    policy(&json!({"version": 1, "rules": rules, "otherwise": {"refuse": "No."}}))
}

/// A request of the device `id`, to which `context` adds members of the `deviceRuntimeContext`.
pub(crate) fn request(id: &str, context: &Value, hubs: &[&str]) -> Value {
    let mut request = json!({"deviceRuntimeContext": {"registrationId": id}, "linkedHubs": hubs});
    for (name, value) in context.as_object().unwrap() {
        request["deviceRuntimeContext"][name] = value.clone();
    }
    request
}

/// What is decided on a request: rule and status, with hub, twin and payload or the sentence.
#[track_caller]
pub(crate) fn decide(file: &File, request: &Value) -> Value {
    decide_with(file, &request.to_string(), "{}")
}

/// The same with rows, as they stand in the host's `Data`; both are JSON.
#[track_caller]
pub(crate) fn decide_with(file: &File, request: &str, rows: &str) -> Value {
    let request = AllocationRequest::parse(request).unwrap();
    let request = Request::new(request, bindings(rows).unwrap()).unwrap();
    let decision = file.decide(&request);
    let (explained, lines) = file.explain(&request);
    let (decision, explained) = (shown(&decision), shown(&explained));
    assert_eq!(decision, explained, "explained otherwise: {lines:#?}");
    decision
}

fn shown(decision: &Decision) -> Value {
    let rule = decision.rule();
    match decision.outcome() {
        Outcome::Assign(assignment) => {
            let mut shown = json!({"rule": rule, "status": 200, "hub": assignment.hub()});
            for (name, value) in [
                ("initialTwin", assignment.initial_twin()),
                ("payload", assignment.payload()),
            ] {
                if let Some(value) = value {
                    shown[name] = serde_json::from_str(value.get()).unwrap();
                }
            }
            shown
        }
        Outcome::Refuse(sentence) => json!({"rule": rule, "status": 400, "sentence": &**sentence}),
        Outcome::Retry(sentence) => json!({"rule": rule, "status": 503, "sentence": &**sentence}),
        Outcome::Fail => json!({"rule": rule, "status": 500}),
    }
}
