//! The tables of docs/POLICY.md: each sentence is one that a device hears, each cell of the truth
//! table is what a test comes to, and each member on the page "From C#" does what stands beside it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use allocation::policy::{File, bindings};
use allocation::{AllocationRequest, Outcome, Policy, Request};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../docs/POLICY.md");

/// The cells of the first table behind a text of the page, without its head.
fn table(behind: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = PAGE.split_once(behind).expect(behind);
    let lines = rest.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// What is decided on a request: the rule, the status, and the sentence or the hub.
fn decide(policy: &Value, request: &Value, rows: &Value) -> (String, u16, String) {
    let (policy, request, rows) = (policy.to_string(), request.to_string(), rows.to_string());
    let file = File::parse(policy.as_bytes()).expect(&policy);
    let request = AllocationRequest::parse(&request).unwrap();
    let request = Request::new(request, bindings(&rows).unwrap()).unwrap();
    let decision = file.decide(&request);
    let (status, text) = match decision.outcome() {
        Outcome::Assign(assignment) => (200, assignment.hub().to_owned()),
        Outcome::Refuse(sentence) => (400, sentence.to_string()),
        Outcome::Retry(sentence) => (503, sentence.to_string()),
        Outcome::Fail => (500, String::new()),
    };
    (decision.rule().to_owned(), status, text)
}

fn request(context: &Value) -> Value {
    let mut request = json!({"deviceRuntimeContext": {"registrationId": "dev-1"}, "linkedHubs": ["a.net", "b.net"]});
    let members = request["deviceRuntimeContext"].as_object_mut().unwrap();
    members.extend(context.as_object().unwrap().clone());
    request
}

/// A policy of one rule.
fn rule(members: &Value) -> Value {
    let mut rule = json!({"name": "one"});
    let name = rule.as_object_mut().unwrap();
    name.extend(members.as_object().unwrap().clone());
    if rule.get("when").is_none() {
        return json!({"version": 1, "rules": [rule]});
    }
    json!({"version": 1, "rules": [rule], "otherwise": {"refuse": "No."}})
}

/// Whether a sentence is one of a table, in which `…` stands for anything and `PATH` for a path.
fn fits(sentence: &str, pattern: &str) -> bool {
    let pattern = pattern.replace("PATH", "…");
    let mut rest = sentence;
    for (place, part) in pattern.split('…').enumerate() {
        let Some(at) = rest.find(part) else {
            return false;
        };
        if place == 0 && at > 0 {
            return false;
        }
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn every_sentence_of_the_page_is_one_that_a_device_hears() {
    let nothing = json!({});
    let id = |id: &str| json!({"registrationId": id});
    let row = |row: Value| json!({"device": row});
    let bound = json!({
        "version": 1,
        "rows": {"device": {"binding": "device", "verify": {"id": "{registrationId}"}}},
        "rules": [{"name": "row", "when": {"rows.device": {"exists": true}}, "hub": {}}],
        "otherwise": {"refuse": "No."}
    });
    let by_certificate = rule(&json!({"when": {"certificate.subject.O": "a"}, "hub": {}}));
    let long = json!({"payload": {"a": "x".repeat(5_000)}});
    let cases = [
        (
            rule(&json!({"hub": "{payload.hub}"})),
            nothing.clone(),
            nothing.clone(),
        ),
        (
            rule(&json!({"hub": {}, "payload": {"a": "{payload.a}"}})),
            nothing.clone(),
            nothing.clone(),
        ),
        (
            rule(&json!({"hub": "c.net"})),
            nothing.clone(),
            nothing.clone(),
        ),
        (
            rule(&json!({"hub": {"weights": {"a.net": 0, "c.net": 1}}})),
            nothing.clone(),
            nothing.clone(),
        ),
        (
            rule(&json!({"hub": {}, "initialTwin": {"tags": {"a": "{payload.a}"}}})),
            long,
            nothing.clone(),
        ),
        (
            rule(&json!({"hub": {}, "initialTwin": {"tags": "{payload}"}})),
            json!({"payload": 1}),
            nothing.clone(),
        ),
        (
            rule(&json!({"hub": {}, "payload": "{payload}"})),
            json!({"payload": "text"}),
            nothing.clone(),
        ),
        (
            by_certificate,
            json!({"x509": {"clientCertificate": "none"}}),
            nothing.clone(),
        ),
        (bound.clone(), nothing.clone(), nothing.clone()),
        (
            bound.clone(),
            nothing.clone(),
            row(json!([{"id": "dev-1"}, {"id": "dev-1"}])),
        ),
        (bound.clone(), nothing.clone(), row(json!(5))),
        (bound.clone(), nothing, row(json!({"id": "dev-2"}))),
        (bound, id("2026-09-01T10:15:30"), row(json!(null))),
    ];
    let page: BTreeSet<(&str, u16)> = table("## Our own sentences")
        .into_iter()
        .map(|row| {
            let (_, sentence) = row[0].split_once('`').unwrap();
            let (sentence, _) = sentence.split_once('`').unwrap();
            (sentence, row[1].parse().unwrap())
        })
        .collect();
    let mut heard = BTreeSet::new();
    for (policy, context, rows) in &cases {
        let (_, status, sentence) = decide(policy, &request(context), rows);
        let mut patterns = page
            .iter()
            .filter(|(pattern, expected)| *expected == status && fits(&sentence, pattern));
        let pattern = patterns.next();
        assert!(pattern.is_some(), "the page lacks: {status} {sentence}");
        assert_eq!(patterns.next(), None, "{sentence}");
        heard.extend(pattern);
    }
    assert_eq!(heard, page);
}

#[test]
fn the_truth_table_of_the_page_is_true() {
    // The operators of a column, each with a value that it holds of and one that it doesn't hold
    // of.
    let columns = [
        vec![
            (json!({"equals": "a"}), json!("a"), json!("b")),
            (json!({"equals": 5}), json!(5), json!(6)),
        ],
        vec![
            (json!({"contains": "a"}), json!("bab"), json!("b")),
            (json!({"startsWith": "a"}), json!("ab"), json!("ba")),
            (json!({"endsWith": "a"}), json!("ba"), json!("ab")),
            (
                json!({"version": {"less": "2"}}),
                json!("1.9"),
                json!("2.0"),
            ),
        ],
        vec![
            (json!({"less": 5}), json!(4), json!(5)),
            (json!({"lessOrEquals": 5}), json!(5), json!(6)),
            (json!({"greater": 5}), json!(6), json!(5)),
            (json!({"greaterOrEquals": 5}), json!(5), json!(4)),
        ],
        vec![(json!({"exists": true}), json!("a"), json!(null))],
        vec![(json!({"exists": false}), json!(null), json!("a"))],
    ];
    // What a test comes to follows from whether the rule matches with it, and with its contrary.
    let comes_to = |test: &Value, payload: &Value| {
        let matches = |test: Value| {
            let policy = rule(&json!({"when": {"payload.a": test}, "hub": {}}));
            decide(&policy, &request(&json!({"payload": payload})), &json!({})).0 == "one"
        };
        match (matches(test.clone()), matches(json!({"not": test}))) {
            (true, false) => "holds",
            (false, true) => "does not hold",
            (false, false) => "does not apply",
            (true, true) => panic!("{test} and its contrary hold"),
        }
    };
    let missing = [json!({}), json!({"a": null}), json!("text"), json!(null)];
    let composite = [json!({"a": {"b": 1}}), json!({"a": []})];
    let rows = table("A test holds, does not hold, or does not apply:");
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!(row.len(), columns.len() + 1, "{row:?}");
        for (cell, operators) in row[1..].iter().zip(&columns) {
            for (test, right, wrong) in operators {
                // A value of another type than the operator's.
                let other = if right.is_string() {
                    json!(true)
                } else {
                    json!("5")
                };
                let payloads: Vec<Value> = match row[0] {
                    "missing, null, behind a non-object" => missing.to_vec(),
                    "the operator's type" if test.get("exists").is_none() => {
                        let [right, wrong] = [right, wrong].map(|value| json!({"a": value}));
                        assert_eq!(comes_to(test, &right), "holds", "{test}");
                        assert_eq!(comes_to(test, &wrong), "does not hold", "{test}");
                        assert_eq!(*cell, "holds or not", "{test}");
                        continue;
                    }
                    "the operator's type" => {
                        vec![json!({"a": "a"}), json!({"a": 0}), json!({"a": false})]
                    }
                    "another type" => vec![json!({"a": other})],
                    "an object or an array" => composite.to_vec(),
                    unknown => panic!("no values for the row {unknown:?}"),
                };
                for payload in payloads {
                    assert_eq!(comes_to(test, &payload), *cell, "{test} of {payload}");
                }
            }
        }
    }
}

#[test]
fn what_the_page_offers_to_users_of_c_does_what_it_says() {
    let page: Vec<&str> = table("## From C#").into_iter().map(|row| row[1]).collect();
    let offers = |text: &str| {
        let is_there = page.iter().any(|cell| cell.contains(text));
        assert!(is_there, "the page doesn't offer {text}");
    };
    // Each member on the page, with a device's context, and the hub that it gets.
    for (member, context, hub) in [
        (
            r#""hub": "{payload.hub}""#,
            json!({"payload": {"hub": "B.net"}}),
            "b.net",
        ),
        (r#""hub": {}"#, json!({}), "a.net"),
        (
            r#""payload": "{payload?}""#,
            json!({"payload": {"a": 1}}),
            "a.net",
        ),
    ] {
        offers(member);
        let member: Value = serde_json::from_str(&format!("{{{member}}}")).unwrap();
        let members = if member.get("hub").is_some() {
            member
        } else {
            json!({"hub": {}, "payload": member["payload"]})
        };
        let (_, status, found) = decide(&rule(&members), &request(&context), &json!({}));
        assert_eq!((status, found.as_str()), (200, hub), "{members}");
    }
    offers(r#""take": "spread""#);
    let spread = |number: usize| {
        let request = request(&json!({"registrationId": format!("dev-{number}")}));
        decide(
            &rule(&json!({"hub": {"take": "spread"}})),
            &request,
            &json!({}),
        )
        .2
    };
    let hubs: Vec<String> = (0..20).map(spread).collect();
    assert!(hubs.iter().any(|hub| hub == "a.net") && hubs.iter().any(|hub| hub == "b.net"));
    assert_eq!(
        (0..20).map(spread).collect::<Vec<_>>(),
        hubs,
        "a retry is answered alike"
    );
    offers(r#""certificate": { "exists": true }"#);
    let policy = rule(&json!({"when": {"certificate": {"exists": true}}, "hub": {}}));
    let without = decide(&policy, &request(&json!({})), &json!({}));
    assert_eq!(without, ("otherwise".to_owned(), 400, "No.".to_owned()));
    offers("`keepCurrent`, which is the default");
    let current = request(&json!({"currentIotHubHostName": "b.net"}));
    assert_eq!(
        decide(&rule(&json!({"hub": {}})), &current, &json!({})).2,
        "b.net"
    );
}

#[test]
fn every_link_within_the_page_leads_to_a_heading() {
    let slug = |heading: &str| -> String {
        let kept = heading.to_lowercase();
        let kept = kept.chars().filter_map(|character| match character {
            ' ' | '-' => Some('-'),
            _ => character.is_alphanumeric().then_some(character),
        });
        kept.collect()
    };
    let headings = PAGE.lines().filter(|line| line.starts_with('#'));
    let headings: BTreeSet<String> = headings
        .map(|line| slug(line.trim_start_matches('#').trim()))
        .collect();
    let mut links = 0;
    for rest in PAGE.split("](#").skip(1) {
        let (target, _) = rest.split_once(')').unwrap();
        assert!(headings.contains(target), "{target}: {headings:?}");
        links += 1;
    }
    assert_ne!(links, 0);
}
