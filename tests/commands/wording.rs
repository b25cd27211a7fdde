//! How `handler explain` words each operator, each way to a hub, and what an answer takes.

use serde_json::{Value, json};

use crate::call::Folder;

/// What is told of the device `dev-1`, which has this payload and is at the hub b, by a policy of a
/// rule with these members.
fn told(rule: &Value, payload: &Value) -> String {
    let rule = rule.to_string();
    told_by(&rule[1..rule.len() - 1], payload)
}

/// The same of members as they are written.
fn told_by(members: &str, payload: &Value) -> String {
    let otherwise = if members.contains("\"when\"") {
        r#","otherwise":{"refuse":"No."}"#
    } else {
        ""
    };
    let policy = format!(
        r#"{{"version":1,
            "rows":{{"site":{{"key":"{{payload.site}}","table":{{"ulm":{{"n":5,"hub":"b.azure-devices.net"}}}}}}}},
            "rules":[{{"name":"one",{members}}}]{otherwise}}}"#
    );
    let request = json!({
        "deviceRuntimeContext": {"registrationId": "dev-1", "payload": payload,
            "currentIotHubHostName": "b.azure-devices.net"},
        "linkedHubs": ["a.azure-devices.net", "b.azure-devices.net"]
    });
    let folder = Folder::with(&[
        ("allocation.json", &policy),
        ("request.json", &request.to_string()),
    ]);
    let (status, told) = folder.told(&["explain", "request.json"]);
    assert_eq!(status, 0, "{told}");
    told
}

/// Checks the lines of one condition on `payload.a`, without the blanks before a mark.
#[track_caller]
fn check(test: &Value, payload: &Value, expected: &[&str]) {
    let told = told(&json!({"when": {"payload.a": test}, "hub": {}}), payload);
    let lines = told.lines().filter(|line| line.ends_with("claimed"));
    let lines: Vec<String> = lines
        .map(|line| {
            let (line, _) = line.rsplit_once("   ").unwrap();
            line.trim_end().to_owned()
        })
        .collect();
    assert_eq!(lines, expected, "{test}");
}

#[test]
fn each_operator_is_worded_with_its_outcome() {
    let a = |value: Value| json!({"a": value});
    for (test, payload, expected) in [
        (json!("x"), a(json!("x")), "equals \"x\": yes"),
        (
            json!("x"),
            a(json!("y\n")),
            r#"equals "x": no, it is "y\n""#,
        ),
        (json!("x"), a(json!(5.0)), "equals \"x\": no, it is 5.0"),
        (
            json!("x"),
            a(json!([1])),
            "equals \"x\": does not apply, it is an array",
        ),
        (
            json!("x"),
            json!({}),
            "equals \"x\": does not apply, it is missing",
        ),
        (
            json!([1, "x", true]),
            a(json!(true)),
            "equals 1 or \"x\" or true: yes",
        ),
        (
            json!({"equals": "X", "ignoreCase": true}),
            a(json!("x")),
            "equals \"X\" in any case: yes",
        ),
        (
            json!({"startsWith": "x"}),
            a(json!("y")),
            "startsWith \"x\": no, it is \"y\"",
        ),
        (
            json!({"endsWith": ["x", "y"]}),
            a(json!("xy")),
            "endsWith \"x\" or \"y\": yes",
        ),
        (
            json!({"contains": "x"}),
            a(json!({})),
            "contains \"x\": does not apply, it is an object",
        ),
        (json!({"less": 5}), a(json!(5)), "less 5: no, it is 5"),
        (
            json!({"lessOrEquals": 5}),
            a(json!(5)),
            "lessOrEquals 5: yes",
        ),
        (
            json!({"greater": 5.5}),
            a(json!("6")),
            "greater 5.5: does not apply, it is \"6\"",
        ),
        (
            json!({"greaterOrEquals": 5}),
            a(json!(4)),
            "greaterOrEquals 5: no, it is 4",
        ),
        (
            json!({"version": {"less": "2"}}),
            a(json!("1.10")),
            "version less \"2\": yes",
        ),
        (
            json!({"version": {"equals": "2"}}),
            a(json!("2-rc")),
            "version equals \"2\": does not apply, it is \"2-rc\"",
        ),
        (
            json!({"exists": true}),
            json!({}),
            "exists: does not apply, it is missing",
        ),
        (
            json!({"exists": false}),
            a(json!(false)),
            "does not exist: no, it is false",
        ),
        (
            json!({"not": "x"}),
            a(json!("x")),
            "not (equals \"x\"): no, it is \"x\"",
        ),
        (
            json!({"not": {"startsWith": "x", "endsWith": "y"}}),
            a(json!("z")),
            "not (endsWith \"y\" and startsWith \"x\"): yes",
        ),
    ] {
        check(&test, &payload, &[&format!("  payload.a {expected}")]);
    }
}

#[test]
fn several_operators_have_a_line_each() {
    check(
        &json!({"endsWith": "y", "startsWith": "z"}),
        &json!({"a": "xy"}),
        &[
            "  payload.a endsWith \"y\": yes",
            "  payload.a startsWith \"z\": no, it is \"xy\"",
        ],
    );
}

#[test]
fn a_template_s_values_are_told_below_the_condition() {
    check(
        &json!({"greater": "{rows.site.n}"}),
        &json!({"a": 4, "site": "ulm"}),
        &[
            "  payload.a greater {rows.site.n}: no, it is 4",
            "    rows.site.n is 5",
        ],
    );
    check(
        &json!(["{payload.b}", "b is {payload.b}"]),
        &json!({"a": "b is c", "b": "c"}),
        &[
            "  payload.a equals {payload.b} or \"b is {payload.b}\": yes",
            "    payload.b is \"c\"",
            "    payload.b is \"c\"",
        ],
    );
}

#[test]
fn branches_are_told_one_by_one() {
    let rule = json!({"when": {"anyOf": [{"payload.a": 1}, {"payload.a": 2, "registrationId": "dev-1"}]}, "hub": {}});
    let expected = "one: yes
  anyOf[0]: no
    payload.a equals 1: no, it is 2        claimed
  anyOf[1]: yes
    payload.a equals 2: yes                claimed
    registrationId equals \"dev-1\": yes     proved
  hub: 2 linked, 2 candidates, stays at the current one: b.azure-devices.net
200 {\"iotHubHostName\":\"b.azure-devices.net\"}
";
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&told(&rule, &json!({"a": 2}))), words(expected));
}

#[test]
fn each_way_to_a_hub_is_told() {
    let (a, b) = ("a.azure-devices.net", "b.azure-devices.net");
    let moves = |hub: Value| {
        let mut hub = hub;
        hub["keepCurrent"] = false.into();
        hub
    };
    for (hub, expected) in [
        (
            json!({}),
            format!("2 linked, 2 candidates, stays at the current one: {b}"),
        ),
        (
            moves(json!({})),
            format!("2 linked, 2 candidates, first: {a}"),
        ),
        (
            moves(json!({"take": "last"})),
            format!("2 linked, 2 candidates, last: {b}"),
        ),
        (
            moves(json!({"among": {"startsWith": "b"}, "take": "spread"})),
            format!("2 linked, 1 candidate, spread: {b}"),
        ),
        (
            moves(json!({"weights": {a: 1, "c.azure-devices.net": 9}})),
            format!("2 linked, 1 candidate, weights: {a}"),
        ),
        (
            json!("c.azure-devices.net"),
            "2 linked, 0 candidates, first: none".to_owned(),
        ),
        (
            json!("{payload.hub}"),
            "payload.hub can't be filled in".to_owned(),
        ),
    ] {
        let told = told(&json!({"hub": hub}), &json!({}));
        let line = told.lines().nth(1).unwrap();
        assert_eq!(line, format!("  hub: {expected}"), "{hub}");
    }
}

#[test]
fn what_the_answer_takes_is_told() {
    let members = r#""hub": "{rows.site.hub}",
        "initialTwin": {"tags": {"site": "{payload.site}", "hub": "{iotHubHostName}", "was": "{payload.was?}"}},
        "payload": "{payload}""#;
    let expected = r#"one: yes
  hub: 2 linked, 1 candidate, stays at the current one: b.azure-devices.net
  hub takes rows.site.hub: "b.azure-devices.net"            claimed
  initialTwin takes payload.site: "ulm"                     claimed
  initialTwin takes iotHubHostName: "b.azure-devices.net"   ours
  initialTwin takes payload.was: missing                    claimed
  payload takes payload: an object                          claimed
200 {"iotHubHostName":"b.azure-devices.net","initialTwin":{"tags":{"site":"ulm","hub":"b.azure-devices.net"}},"payload":{"site":"ulm"}}
"#;
    assert_eq!(told_by(members, &json!({"site": "ulm"})), expected);
}

#[test]
fn a_refusal_and_a_retry_are_told_with_their_sentence() {
    for (effect, expected) in [
        ("refuse", "one: yes\n400 Not now.\n"),
        ("retry", "one: yes\n503 Not now.\n"),
    ] {
        assert_eq!(told(&json!({effect: "Not now."}), &json!({})), expected);
    }
}

#[test]
fn what_a_rule_needs_and_cannot_have_is_told() {
    let request = json!({
        "deviceRuntimeContext": {"registrationId": "dev-1", "x509": {"clientCertificate": "none"}},
        "linkedHubs": ["a.azure-devices.net"]
    });
    let policy = json!({"version": 1, "otherwise": {"refuse": "No."}, "rules": [
        {"name": "one", "when": {"registrationId": "dev-2"}, "hub": {}},
        {"name": "two", "when": {"certificate.subject.CN": "dev-1"}, "hub": {}}]});
    let folder = Folder::with(&[
        ("allocation.json", &policy.to_string()),
        ("request.json", &request.to_string()),
    ]);
    let expected = "one: no
  registrationId equals \"dev-2\": no, it is \"dev-1\"   proved
two: what it needs can't be had
400 The device's certificate can't be read.
";
    assert_eq!(
        folder.told(&["explain", "request.json"]),
        (0, expected.to_owned())
    );
}
