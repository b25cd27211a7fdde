//! The JSON Schema for editors against the reader: it takes every file that the reader takes, and
//! refuses what a schema can.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use allocation::policy::File;
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../allocation.schema.json");
const TUTORIAL: &str = include_str!("../../../allocation.json");
const RIGHT: &str = include_str!("../../../fixtures/policy/right.json");
const WRONG: &str = include_str!("../../../fixtures/policy/wrong.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Right<'a> {
    what: String,
    #[serde(borrow)]
    policy: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wrong<'a> {
    what: String,
    /// Whether an editor tells, too.
    schema_refuses: bool,
    /// The reader's first sentence.
    error: String,
    #[serde(borrow)]
    policy: &'a RawValue,
}

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn right() -> Vec<(String, String)> {
    let right: Vec<Right<'_>> = serde_json::from_str(RIGHT).unwrap();
    let right = right.into_iter();
    right
        .map(|right| (right.what, right.policy.get().to_owned()))
        .chain([("the tutorial".to_owned(), TUTORIAL.to_owned())])
        .collect()
}

#[test]
fn what_is_right_is_taken_by_both() {
    let schema = schema();
    for (what, policy) in right() {
        if let Err(error) = File::parse(policy.as_bytes()) {
            panic!("{what}: {error}");
        }
        if let Err(error) = schema.validate(&serde_json::from_str(&policy).unwrap()) {
            panic!("{what}: {}: {error}", error.instance_path());
        }
    }
}

#[test]
fn what_is_wrong_is_told_by_the_reader_and_as_far_as_it_can_by_the_schema() {
    let schema = schema();
    let wrong: Vec<Wrong<'_>> = serde_json::from_str(WRONG).unwrap();
    let mut failures = Vec::new();
    for wrong in wrong {
        let policy = wrong.policy.get();
        let error = match File::parse(policy.as_bytes()) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        };
        let refuses = !schema.is_valid(&serde_json::from_str(policy).unwrap());
        if error != wrong.error || refuses != wrong.schema_refuses {
            failures.push(json!([wrong.what, error, refuses]).to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every part of every right policy in turn is left out, renamed, or replaced by something else.
/// What the reader still takes, the schema must take.
#[test]
fn what_the_reader_takes_the_schema_takes() {
    let schema = schema();
    let mut taken = 0;
    for (what, policy) in right() {
        let policy: Value = serde_json::from_str(&policy).unwrap();
        for pointer in pointers(&policy) {
            for changed in changes(&policy, &pointer) {
                let text = changed.to_string();
                if File::parse(text.as_bytes()).is_ok() {
                    taken += 1;
                    assert!(schema.is_valid(&changed), "{what}: {pointer}: {text}");
                }
            }
        }
    }
    assert!(taken > 1_000, "{taken}");
}

/// The JSON pointers of all values within one.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(place, element)| (format!("/{place}"), element))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (step(name), value))
            .collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (step, child) in children {
        let below = pointers(child);
        all.extend(below.into_iter().map(|below| format!("{step}{below}")));
        all.push(step);
    }
    all
}

fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn changes(policy: &Value, pointer: &str) -> Vec<Value> {
    let mut changes = Vec::new();
    for other in [
        json!(null),
        json!(true),
        json!(0),
        json!(-0.0),
        json!(2.5),
        json!(""),
        json!("text"),
        json!("first"),
        json!("{payload.a}"),
        json!("{payload.a?}"),
        json!("{iotHubHostName}"),
        json!("{{ {registrationId}"),
        json!("{"),
        json!("1.2"),
        json!([]),
        json!(["text", 1]),
        json!([[{}]]),
        json!({}),
        json!({"a": 1}),
        json!({"a.net": 1}),
        json!({"payload.a": "x"}),
        json!({"exists": false}),
        json!({"contains": ["a"], "ignoreCase": true}),
        json!({"refuse": "No."}),
        json!({"tags": {"a": "{payload.a?}"}}),
    ] {
        let mut other_policy = policy.clone();
        *other_policy.pointer_mut(pointer).unwrap() = other;
        changes.push(other_policy);
    }
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    let Some(Value::Object(members)) = policy.pointer(parent) else {
        return changes;
    };
    let members = members.clone();
    let mut replace = |members| {
        let mut other_policy = policy.clone();
        *other_policy.pointer_mut(parent).unwrap() = Value::Object(members);
        changes.push(other_policy);
    };
    let mut without = members;
    let value = without.remove(&last).unwrap();
    replace(without.clone());
    for name in [
        "",
        "a",
        "a b",
        "a.b",
        "$a",
        "{a",
        "a}",
        "{a}",
        "ü\u{feff}",
        "\u{85}",
        "payload.a",
        "rows.a.b",
        "otherwise",
        "hub",
        "refuse",
        "retry",
        "not",
        "exists",
        "equals",
        "anyOf",
    ] {
        let mut renamed = without.clone();
        renamed.insert(name.to_owned(), value.clone());
        replace(renamed);
    }
    changes
}
