//! `allocation.tests.json`: cases that pass, cases that fail, and files of cases that are wrong.

use serde_json::{Value, json};

use crate::call::{Folder, ROW};

const POLICY: &str = r#"{
  "version": 1,
  "rules": [
    { "name": "pump", "when": { "registrationId": { "startsWith": "pump-", "ignoreCase": true } },
      "hub": { "among": { "startsWith": "pumps" } },
      "initialTwin": { "tags": { "kind": "pump" } }, "payload": { "interval": 60 } }
  ],
  "otherwise": { "refuse": "No pump." }
}"#;

/// A case with a pump and a hub for it, and what is expected of the decision.
fn case(expect: &Value) -> Value {
    json!({"name": "a pump", "expect": expect, "request": {
        "deviceRuntimeContext": {"registrationId": "pump-1"}, "linkedHubs": ["pumps.azure-devices.net"]}})
}

/// What `check` tells of a policy beside these cases.
fn told(policy: &str, cases: &Value) -> (i32, String) {
    let folder = Folder::with(&[
        ("allocation.json", policy),
        ("allocation.tests.json", &cases.to_string()),
    ]);
    folder.told(&["check"])
}

#[test]
fn a_case_that_passes_is_counted() {
    let everything = json!({"rule": "pump", "status": 200, "hub": "pumps.azure-devices.net",
        "initialTwin": {"tags": {"kind": "pump"}}, "payload": {"interval": 6e1}});
    let mut stranger = case(&json!({"rule": "otherwise", "status": 400}));
    stranger["request"]["deviceRuntimeContext"]["registrationId"] = "fridge".into();
    let cases = json!([case(&everything), case(&json!({"rule": "pump"})), stranger]);
    let expected = "allocation.json is right: 1 rule, checksum CHECKSUM, 3 of 3 cases pass\n";
    assert_eq!(told(POLICY, &cases), (0, expected.to_owned()));
}

#[test]
fn a_case_that_fails_tells_what_was_expected_and_what_it_is() {
    for (expect, expected) in [
        (
            json!({"rule": "otherwise"}),
            "rule: expected \"otherwise\", it is \"pump\"",
        ),
        (
            json!({"rule": "pump", "status": 400}),
            "status: expected 400, it is 200",
        ),
        (
            json!({"rule": "pump", "hub": "b.azure-devices.net"}),
            "hub: expected \"b.azure-devices.net\", it is \"pumps.azure-devices.net\"",
        ),
        (
            json!({"rule": "pump", "initialTwin": {"tags": {}}}),
            r#"initialTwin: expected {"tags":{}}, it is {"tags":{"kind":"pump"}}"#,
        ),
        (
            json!({"rule": "pump", "payload": {"interval": "60"}}),
            r#"payload: expected {"interval":"60"}, it is {"interval":60}"#,
        ),
    ] {
        let expected = format!(
            "failed: a pump: {expected}\n\
             allocation.json is wrong: 1 rule, checksum CHECKSUM, 1 of 2 cases pass\n"
        );
        let cases = json!([case(&json!({"rule": "pump"})), case(&expect)]);
        assert_eq!(told(POLICY, &cases), (1, expected), "{expect}");
    }
}

#[test]
fn a_case_that_fails_several_times_tells_all() {
    let mut refused = case(
        &json!({"rule": "pump", "status": 200, "hub": "pumps.azure-devices.net",
        "payload": {"interval": 60}}),
    );
    refused["request"]["linkedHubs"] = json!([]);
    let expected = "failed: a pump: status: expected 200, it is 400\n\
                    failed: a pump: hub: expected \"pumps.azure-devices.net\", it is none\n\
                    failed: a pump: payload: expected {\"interval\":60}, it is null\n\
                    allocation.json is wrong: 1 rule, checksum CHECKSUM, 0 of 1 cases pass\n";
    assert_eq!(told(POLICY, &json!([refused])), (1, expected.to_owned()));
}

#[test]
fn a_request_that_no_rule_is_asked_about_fails() {
    let mut without_id = case(&json!({"rule": "otherwise"}));
    without_id["request"]["deviceRuntimeContext"] = json!({});
    let mut wrong = case(&json!({"rule": "otherwise"}));
    wrong["request"]["linkedHubs"] = "all".into();
    let (status, told) = told(POLICY, &json!([without_id, wrong]));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(status, 1);
    assert_eq!(
        lines[0],
        "failed: a pump: Registration ID not provided for the device."
    );
    assert!(
        lines[1].starts_with("failed: a pump: the request is no AllocationRequest: "),
        "{told}"
    );
}

#[test]
fn bindings_stand_in_a_case_as_in_data() {
    let row = |bindings: Value, expect: Value| {
        let mut case = case(&expect);
        case["bindings"] = bindings;
        case
    };
    let hub = "pumps.azure-devices.net";
    let found = json!({"PartitionKey": "pump-1", "hub": hub});
    let known = json!({"rule": "known", "hub": hub});
    let cases = json!([
        row(json!({"device": found}), known.clone()),
        row(json!({"device": found.to_string()}), known),
        row(
            json!({"device": null}),
            json!({"rule": "unknown", "status": 400})
        ),
        row(
            json!({"device": [found, found]}),
            json!({"rule": "unknown", "status": 503})
        ),
        case(&json!({"rule": "unknown", "status": 503})),
    ]);
    let expected = "note: HttpTrigger1/function.json: there is no such file, so that the bindings of the policy's rows are not checked\n\
                    allocation.json is right: 2 rules, checksum CHECKSUM, 5 of 5 cases pass\n";
    assert_eq!(told(ROW, &cases), (0, expected.to_owned()));
}

#[test]
fn a_file_of_cases_that_is_wrong_is_told_with_its_place() {
    for (text, expected) in [
        (
            "{}",
            "allocation.tests.json:1:1: it must be an array of cases, and is an object",
        ),
        (
            r#"[{"name": "a", "request": {}, "expect": {"rule": "pump", "hubs": ""}}]"#,
            "allocation.tests.json:1:58: [0].expect.hubs: the member is unknown: did you mean \"hub\"?",
        ),
        (
            r#"[{"name": "a", "request": {}, "binding": {}, "expect": {"rule": "pump"}}]"#,
            "allocation.tests.json:1:31: [0].binding: the member is unknown: did you mean \"bindings\"?",
        ),
        (
            r#"[{"name": "a", "request": {}, "expect": {"status": 200}}]"#,
            "allocation.tests.json:1:41: [0].expect: it has no \"rule\", which decides",
        ),
        (
            r#"[{"name": "a", "request": {}, "expect": {"rule": "pump", "status": 500}}]"#,
            "allocation.tests.json:1:68: [0].expect.status: it must be 200, 400 or 503",
        ),
    ] {
        let folder = Folder::with(&[("allocation.json", POLICY), ("allocation.tests.json", text)]);
        let (status, told) = folder.told(&["check"]);
        let first = told.lines().next().unwrap();
        assert_eq!((status, first), (1, format!("error: {expected}").as_str()));
        let verdict = "allocation.json is wrong: 1 rule, checksum CHECKSUM";
        assert_eq!(told.lines().last(), Some(verdict));
    }
}

#[test]
fn machines_get_the_failures_of_each_case() {
    let folder = Folder::with(&[
        ("allocation.json", POLICY),
        (
            "allocation.tests.json",
            &json!([case(&json!({"rule": "otherwise"}))]).to_string(),
        ),
    ]);
    let called = folder.call(&["check", "--json"]);
    let json: Value = serde_json::from_str(&called.stdout).unwrap();
    assert_eq!((called.status, &json["right"]), (1, &false.into()));
    assert_eq!(
        json["cases"],
        json!([{"name": "a pump", "passed": false, "failures": ["rule: expected \"otherwise\", it is \"pump\""]}])
    );
}
