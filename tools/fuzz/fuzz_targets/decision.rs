//! A policy, requests and rows made of any bytes: the decision is the second evaluator's, the hub
//! is one that the request links, the twin is within the hub's limits, and no template is left in
//! the answer.
#![no_main]

use allocation::policy::{File, bindings};
use allocation::{AllocationRequest, Outcome, Policy as _, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../../crates/allocation/tests/naive/answers.rs"]
mod answers;
#[path = "../../../crates/allocation/tests/naive/certificate.rs"]
mod certificate;
#[path = "../../../crates/allocation/tests/naive/choices.rs"]
mod choices;
#[path = "../../../crates/allocation/tests/naive/conditions.rs"]
mod conditions;
#[path = "../../../crates/allocation/tests/naive/evaluator.rs"]
mod evaluator;
#[path = "../../../crates/allocation/tests/naive/hubs.rs"]
mod hubs;
#[path = "../../../crates/allocation/tests/naive/json.rs"]
mod json;
#[path = "../../../crates/allocation/tests/naive/numbers.rs"]
mod numbers;
#[path = "../../../crates/allocation/tests/naive/policies.rs"]
mod policies;
#[path = "../../../crates/allocation/tests/naive/pools.rs"]
mod pools;
#[path = "../../../crates/allocation/tests/naive/requests.rs"]
mod requests;
#[path = "../../../crates/allocation/tests/naive/templates.rs"]
mod templates;

use choices::Choices;
use json::Json;
use policies::Policy;

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let policy = Policy::new(&mut choices);
    let file = match File::parse(policy.json.to_string().as_bytes()) {
        Ok(file) => file,
        Err(error) => return assert!(error.to_string().contains("never reached"), "{error}"),
    };
    for _ in 0..3 {
        let request = requests::request(&policy, &mut choices);
        let brought = requests::bindings(&request, &mut choices);
        check(&file, &policy.json, &request, &brought);
    }
});

fn check(file: &File, policy: &Json, request: &Json, brought: &Json) {
    let expected = evaluator::decide(policy, request, brought);
    let (json, brought) = (request.to_string(), brought.to_string());
    let parsed = AllocationRequest::parse(&json).unwrap();
    let parsed = Request::new(parsed, bindings(&brought).unwrap()).unwrap();
    let decision = file.decide(&parsed);
    let (explained, lines) = file.explain(&parsed);
    assert_eq!(explained.rule(), decision.rule(), "{lines:?}");
    assert_eq!(expected["rule"], decision.rule());
    let status = match decision.outcome() {
        Outcome::Assign(assignment) => {
            assert!(
                parsed
                    .linked_hubs()
                    .any(|hub| hub.host_name() == assignment.hub())
            );
            assert_eq!(expected["hub"], assignment.hub());
            let twin = assignment.initial_twin().map(|twin| twin.get());
            let payload = assignment.payload().map(|payload| payload.get());
            assert_eq!(expected["initialTwin"].as_str(), twin);
            assert_eq!(expected["payload"].as_str(), payload);
            for answer in [twin, payload].into_iter().flatten() {
                let value: Value = serde_json::from_str(answer).unwrap();
                assert!(value.is_object());
                let braces = "{payload {rows. {registrationId} {iotHubHostName}".split(' ');
                for brace in braces.filter(|_| !may_hold_braces(policy, &json, &brought)) {
                    assert!(!answer.contains(brace), "{answer}");
                }
            }
            if let Some(twin) = twin {
                let twin = evaluator::from_value(&serde_json::from_str(twin).unwrap());
                assert!(answers::check_twin(&twin).is_ok(), "{twin}");
            }
            200
        }
        Outcome::Refuse(_) => 400,
        Outcome::Retry(_) => 503,
        Outcome::Fail => 500,
    };
    assert_eq!(expected["status"], status);
}

/// Whether an answer may have braces that are no templates: the policy's own, or those that were
/// sent.
fn may_hold_braces(policy: &Json, request: &str, brought: &str) -> bool {
    let tables = policy
        .get("rows")
        .map(Json::members)
        .unwrap_or_default()
        .iter();
    let mut tables = tables.filter_map(|(_, rows)| rows.get("table"));
    policy.strings().iter().any(|text| text.contains("{{"))
        || tables.any(|table| table.strings().iter().any(|text| text.contains('{')))
        || request.contains("\"{payload")
        || brought.contains("{payload")
}
