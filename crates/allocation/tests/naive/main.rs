//! The policy against a second evaluator, written from the specification alone: random policies and
//! requests, decided by both.
//!
//! `PROPTEST_CASES` raises the number of policies.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod certificate;
mod choices;
mod conditions;
mod evaluator;
mod hubs;
mod json;
mod numbers;
mod policies;
mod pools;
mod requests;
mod templates;

use std::collections::BTreeMap;

use allocation::policy::{File, bindings};
use allocation::{AllocationRequest, Decision, Outcome, Policy as _, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json, value::RawValue};

use choices::Choices;
use json::Json;
use policies::Policy;

/// How many requests are decided on by each policy.
const REQUESTS: usize = 4;

/// What both have decided, in the words of `evaluator::decide`.
struct Decided {
    naive: Value,
    ours: Value,
    policy: String,
    request: String,
    bindings: String,
}

/// A policy and requests made of these bytes; nothing if two of its rules have the same `when`.
fn decide(bytes: &[u8]) -> Vec<Decided> {
    let mut choices = Choices::new(bytes);
    let policy = Policy::new(&mut choices);
    let text = policy.json.to_string();
    let file = match File::parse(text.as_bytes()) {
        Ok(file) => file,
        Err(error) if error.to_string().contains("never reached") => return Vec::new(),
        Err(error) => panic!("{error}\n{text}"),
    };
    let decide = |_| {
        let request = requests::request(&policy, &mut choices);
        let brought = requests::bindings(&request, &mut choices);
        let naive = evaluator::decide(&policy.json, &request, &brought);
        let (request, brought) = (request.to_string(), brought.to_string());
        let parsed = AllocationRequest::parse(&request).unwrap();
        let parsed = Request::new(parsed, bindings(&brought).unwrap()).unwrap();
        let ours = shown(&file.decide(&parsed), &naive);
        Decided {
            naive,
            ours,
            policy: text.clone(),
            request,
            bindings: brought,
        }
    };
    (0..REQUESTS).map(decide).collect()
}

/// A decision in the naive evaluator's words. Only where that tells the sentence, it is told.
fn shown(decision: &Decision, naive: &Value) -> Value {
    let mut shown = json!({"rule": decision.rule()});
    let (status, sentence) = match decision.outcome() {
        Outcome::Assign(assignment) => {
            shown["hub"] = assignment.hub().into();
            let json = |value: &RawValue| Value::from(value.get());
            if let Some(twin) = assignment.initial_twin() {
                shown["initialTwin"] = json(twin);
            }
            if let Some(payload) = assignment.payload() {
                shown["payload"] = json(payload);
            }
            (200, None)
        }
        Outcome::Refuse(sentence) => (400, Some(sentence)),
        Outcome::Retry(sentence) => (503, Some(sentence)),
        Outcome::Fail => (500, None),
    };
    shown["status"] = status.into();
    if naive.get("sentence").is_some() {
        shown["sentence"] = sentence.map(|sentence| &**sentence).into();
    }
    shown
}

#[test]
fn random_requests_are_decided_as_the_specification_says() {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let config = match std::env::var("PROPTEST_CASES") {
        Ok(_) => config,
        Err(_) => Config {
            cases: 1_500,
            ..config
        },
    };
    let mut runner = TestRunner::new(config);
    let tested = runner.run(&vec(any::<u8>(), 0..800), |bytes| {
        for decided in decide(&bytes) {
            prop_assert_eq!(
                &decided.ours,
                &decided.naive,
                "\n{}\n{}\n{}",
                decided.policy,
                decided.request,
                decided.bindings
            );
        }
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}

/// How many of this many decisions, out of 100, are of each kind.
#[test]
fn random_requests_meet_every_kind_of_decision() {
    let mut shares: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = 0;
    for case in 0..400 {
        let number = |place| hubs::split_mix(case, place).to_be_bytes();
        let bytes: Vec<u8> = (0..60).flat_map(number).collect();
        for Decided { naive, .. } in decide(&bytes) {
            let has = |name: &str| naive.get(name).is_some();
            let parts = ["sentence", "initialTwin", "payload"]
                .into_iter()
                .filter(|name| has(name));
            let kind: Vec<&str> = parts.collect();
            *shares
                .entry(format!("{} {}", naive["status"], kind.join(" ")))
                .or_default() += 1;
            if naive["rule"] != "otherwise" && naive["rule"] != "rule 0" {
                *shares.entry("a later rule".to_owned()).or_default() += 1;
            }
            count += 1;
        }
    }
    for (kind, least) in [
        ("200 ", 4),
        ("200 initialTwin", 4),
        ("200 payload", 1),
        ("200 initialTwin payload", 1),
        ("400 ", 5),
        ("400 sentence", 5),
        ("503 ", 1),
        ("503 sentence", 1),
        ("a later rule", 20),
    ] {
        let found = shares.get(kind).copied().unwrap_or_default();
        assert!(found * 100 >= least * count, "{kind}: {shares:#?}");
    }
}

/// Puts another value in the place of one of the policy's.
fn spoil(policy: &mut Json, choices: &mut Choices<'_>) {
    let place = match policy {
        Json::Object(members) if !members.is_empty() && choices.below(8) > 0 => {
            let place = choices.below(members.len());
            &mut members[place].1
        }
        Json::Array(elements) if !elements.is_empty() && choices.below(8) > 0 => {
            let place = choices.below(elements.len());
            &mut elements[place]
        }
        _ => {
            *policy = match choices.below(10) {
                0 => Json::Null,
                1 => Json::Boolean(true),
                2 => Json::number("1"),
                3 => Json::number("-0.5"),
                4 => Json::text(""),
                5 => Json::text("{registrationId}"),
                6 => Json::text("{payload.x?}"),
                7 => Json::Array(vec![Json::text("a")]),
                8 => Json::object([("equals", Json::text("a"))]),
                _ => Json::object([]),
            };
            return;
        }
    };
    spoil(place, choices);
}

#[test]
fn the_schema_takes_every_random_policy_that_the_reader_takes() {
    let schema = include_str!("../../../../allocation.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let tested = runner.run(&vec(any::<u8>(), 0..400), |bytes| {
        let mut choices = Choices::new(&bytes);
        let mut policy = Policy::new(&mut choices).json;
        for _ in 0..4 {
            let json = policy.to_string();
            if File::parse(json.as_bytes()).is_ok() {
                let value = serde_json::from_str(&json).unwrap();
                let refused = schema.validate(&value).err();
                let refused = refused.map(|error| format!("{}: {error}", error.instance_path()));
                prop_assert_eq!(refused, None, "{}", json);
            }
            spoil(&mut policy, &mut choices);
        }
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}

#[test]
fn the_second_evaluator_s_tickets_are_the_page_s() {
    for (id, site, expected) in [
        ("dev-1", "weu-1", 0xe4fa_0e44_e7a9_5fbf),
        ("DEV-1", "weu-2", 0x7906_83d0_a54c_c13b),
        ("dev-1", "old", 0x45e1_f3c5_dc06_7f53),
        ("WioTerminal", "weu-1", 0xacb1_3ab5_4c6c_8074),
        ("küche-1", "old", 0xbd1d_db5b_9d28_acd9),
    ] {
        let hub = format!("contoso-{site}.azure-devices.net");
        assert_eq!(hubs::tickets(id, &hub, 1), [expected], "{id} {hub}");
    }
    let outputs = [1, 2, 3].map(|number| hubs::split_mix(1_234_567, number));
    assert_eq!(
        outputs,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423
        ]
    );
}
