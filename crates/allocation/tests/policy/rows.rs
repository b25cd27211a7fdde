//! Rows of tables and of bindings.

use serde_json::{Value, json};

use crate::support::{decide, decide_with, policy, request};

const HUBS: [&str; 2] = ["a.azure-devices.net", "b.azure-devices.net"];

/// A policy of these rows, whose rules tell whether there is a row `row`, and what is in it.
fn telling(rows: &Value) -> Value {
    json!({
        "version": 1,
        "rows": rows,
        "rules": [
            {"name": "found", "when": {"rows.row": {"exists": true}}, "hub": {}, "payload": "{rows.row}"},
            {"name": "none", "hub": {}},
        ],
    })
}

#[test]
fn a_key_finds_a_row_of_a_table() {
    let table = json!({"dev-1": {"n": 1}, "5": {"n": 2}, "x-5": {"n": 3}, "x-true": {"n": 4}, "": {"n": 5}});
    for (key, payload, expected) in [
        ("{registrationId}", json!({}), Some(1)),
        ("{payload.id}", json!({"id": "dev-1"}), Some(1)),
        ("{payload.id}", json!({"id": "dev-2"}), None),
        ("{payload.id}", json!({"id": "DEV-1"}), None),
        ("{payload.id}", json!({"id": ""}), Some(5)),
        // What is missing, or is no text, is no key.
        ("{payload.id}", json!({}), None),
        ("{payload.id}", json!({"id": null}), None),
        ("{payload.id}", json!({"id": 5}), None),
        ("{payload.id}", json!({"id": ["dev-1"]}), None),
        // Within text numbers and booleans are text.
        ("x-{payload.id}", json!({"id": 5}), Some(3)),
        ("x-{payload.id}", json!({"id": true}), Some(4)),
        ("x-{payload.id}", json!({}), None),
        // A constant is a key, too.
        ("5", json!({}), Some(2)),
    ] {
        let file = policy(&telling(&json!({"row": {"key": key, "table": table}})));
        let request = request("dev-1", &json!({"payload": payload}), &HUBS);
        let decision = decide(&file, &request);
        let rule = if expected.is_some() { "found" } else { "none" };
        assert_eq!(decision["rule"], rule, "{key} {payload}");
        assert_eq!(
            decision["payload"]["n"].as_i64(),
            expected,
            "{key} {payload}"
        );
    }
}

#[test]
fn the_case_of_a_key_counts_unless_it_is_ignored() {
    for (ignore_case, id, expected) in [
        (false, "Dev-1", "found"),
        (false, "dev-1", "none"),
        (true, "dev-1", "found"),
        (true, "DEV-1", "found"),
        // ASCII alone.
        (true, "KÜCHE", "none"),
        (true, "kÜCHE", "none"),
        (true, "Küche", "found"),
    ] {
        let rows = json!({"row": {"key": "{registrationId}", "ignoreCase": ignore_case,
            "table": {"Dev-1": {}, "küche": {}}}});
        let decision = decide(&policy(&telling(&rows)), &request(id, &json!({}), &HUBS));
        assert_eq!(decision["rule"], expected, "{ignore_case} {id}");
    }
}

#[test]
fn a_key_leads_from_row_to_row() {
    let file = policy(&telling(&json!({
        "row": {"key": "{rows.tenant.hub}", "table": {"b": {"name": "b"}}},
        "device": {"key": "{registrationId}", "table": {"dev-1": {"tenant": "t"}, "dev-2": {"tenant": "u"}}},
        "tenant": {"key": "{rows.device.tenant}", "table": {"t": {"hub": "b"}}},
    })));
    for (id, rule) in [("dev-1", "found"), ("dev-2", "none"), ("dev-3", "none")] {
        let decision = decide(&file, &request(id, &json!({}), &HUBS));
        assert_eq!(decision["rule"], rule, "{id}");
    }
}

#[test]
fn null_in_a_table_is_missing_and_rows_are_never_templates() {
    let rows = json!({"row": {"key": "k", "table": {"k":
        {"gone": null, "text": "{registrationId}", "deep": {"number": 1.50, "list": [null, {}]}}}}});
    let no_row = json!({"row": {"key": "{registrationId}", "table": {"dev-1": null, "dev-2": {}}}});
    for (id, rule) in [("dev-1", "none"), ("dev-2", "found")] {
        let decision = decide(&policy(&telling(&no_row)), &request(id, &json!({}), &HUBS));
        assert_eq!(decision["rule"], rule, "{id}");
    }
    let file = policy(&json!({
        "version": 1,
        "rows": rows,
        "rules": [
            {"name": "there", "when": {"rows.row.gone": {"exists": true}}, "refuse": "No."},
            {"name": "all", "hub": {}, "payload": {"gone": "{rows.row.gone?}", "text": "{rows.row.text}",
                "deep": "{rows.row.deep}", "within": "<{rows.row.text}>"}},
        ],
    }));
    let decision = decide(&file, &request("dev-1", &json!({}), &HUBS));
    assert_eq!(
        decision["payload"],
        json!({"text": "{registrationId}", "deep": {"number": 1.50, "list": [null, {}]},
            "within": "<{registrationId}>"})
    );
}

/// The registry of the page's example (d).
fn registry() -> Value {
    json!({
        "version": 1,
        "rows": {"device": {"binding": "device",
            "verify": {"PartitionKey": {"equals": "{registrationId}", "ignoreCase": true}}}},
        "rules": [
            {"name": "not yet known", "when": {"rows.device": {"exists": false}},
             "retry": "The device is not in the registry yet."},
            {"name": "decommissioned", "when": {"rows.device.status": "decommissioned"},
             "refuse": "The device is decommissioned."},
            {"name": "known", "hub": "{rows.device.hub}",
             "initialTwin": {
                "tags": {"site": "{rows.device.site}", "revision": "{rows.device.revision?}"},
                "properties": {"desired": {"interval": "{rows.device.interval}", "hub": "{iotHubHostName}"}}}},
        ],
    })
}

/// What is decided when `Data` holds this JSON under the binding's name; nothing when there is
/// none.
#[track_caller]
fn brought(id: &str, value: Option<&str>) -> Value {
    let rows = value.map_or("{}".to_owned(), |value| format!(r#"{{"device":{value}}}"#));
    let request = request(id, &json!({}), &HUBS).to_string();
    decide_with(&policy(&registry()), &request, &rows)
}

/// `times` JSON-encoded as a JSON string.
fn encoded(json: &str, times: usize) -> String {
    (0..times).fold(json.to_owned(), |json, _| Value::from(json).to_string())
}

#[test]
fn a_row_decides_however_a_binding_encodes_it() {
    let row = r#"{"PartitionKey":"DEV-1","hub":"B.azure-devices.net","site":"s","interval":60.0}"#;
    let expected = json!({
        "rule": "known", "status": 200, "hub": "b.azure-devices.net",
        "initialTwin": {"tags": {"site": "s"},
            "properties": {"desired": {"interval": 60.0, "hub": "b.azure-devices.net"}}},
    });
    let list = format!("[{row}]");
    for json in [row, &list] {
        for times in 0..3 {
            let value = encoded(json, times);
            assert_eq!(brought("dev-1", Some(&value)), expected, "{value}");
        }
    }
}

#[test]
fn null_and_an_empty_list_mean_that_there_is_no_row() {
    for json in ["null", "[]"] {
        for times in 0..3 {
            let value = encoded(json, times);
            let decision = brought("dev-1", Some(&value));
            assert_eq!(
                decision,
                json!({"rule": "not yet known", "status": 503,
                    "sentence": "The device is not in the registry yet."}),
                "{value}"
            );
        }
    }
}

#[test]
fn what_can_t_be_a_row_is_a_mistake_of_deployment() {
    let absent = "The row \"device\" did not come with the request: its binding is missing from function.json.";
    let several = "There is more than one row \"device\" for the device.";
    let unreadable = "The row \"device\" is not a JSON object.";
    let foreign = "The row \"device\" is not the device's own.";
    let two = r#"[{"PartitionKey":"dev-1"},{"PartitionKey":"dev-2"}]"#;
    let thrice = encoded(r#"{"PartitionKey":"dev-1"}"#, 3);
    for (value, sentence) in [
        (None, absent),
        (Some(two.to_owned()), several),
        (Some(encoded(two, 1)), several),
        (Some(encoded(two, 2)), several),
        (Some("[null,null]".to_owned()), several),
        (Some("[null]".to_owned()), unreadable),
        (Some("[5]".to_owned()), unreadable),
        (Some("[[]]".to_owned()), unreadable),
        (Some("5".to_owned()), unreadable),
        (Some("true".to_owned()), unreadable),
        (Some(encoded("5", 1)), unreadable),
        (Some(r#""""#.to_owned()), unreadable),
        (Some(r#""text""#.to_owned()), unreadable),
        (Some(r#""eyJhIjoxfQ==""#.to_owned()), unreadable),
        (Some(encoded(r#"{"a":1"#, 1)), unreadable),
        (Some(thrice), unreadable),
        (Some(r#"{"PartitionKey":"dev-2"}"#.to_owned()), foreign),
        (Some(r#"{"PartitionKey":null}"#.to_owned()), foreign),
        (Some(r#"{"PartitionKey":5}"#.to_owned()), foreign),
        (Some(r#"{"partitionKey":"dev-1"}"#.to_owned()), foreign),
        (Some("{}".to_owned()), foreign),
    ] {
        assert_eq!(
            brought("dev-1", value.as_deref()),
            json!({"rule": "not yet known", "status": 503, "sentence": sentence}),
            "{value:?}"
        );
    }
}

#[test]
fn of_a_repeated_member_of_a_row_the_last_counts() {
    let row = r#"{"PartitionKey":"dev-2","PartitionKey":"dev-1","status":"new","status":"decommissioned"}"#;
    assert_eq!(brought("dev-1", Some(row))["rule"], "decommissioned");
}

#[test]
fn an_id_that_the_host_rewrites_can_t_be_looked_up() {
    let id = "2026-09-01T10:15:30Z";
    let expected = "The row \"device\" can't be looked up: the Functions host rewrites a registration id that reads as a date.";
    assert_eq!(brought(id, Some("[]"))["sentence"], expected);
}

#[test]
fn a_row_that_can_t_be_had_matters_when_its_rule_s_turn_comes() {
    let verify = json!({"id": "{registrationId}"});
    let file = policy(&json!({
        "version": 1,
        "rows": {
            "device": {"binding": "device", "verify": verify},
            "tenant": {"key": "{rows.device.tenant}", "table": {"t": {}}},
        },
        "rules": [
            {"name": "early", "when": {"registrationId": "early"}, "hub": {}},
            {"name": "needs", "when": {"registrationId": "other", "rows.tenant": {"exists": false}}, "hub": {}},
            {"name": "late", "hub": {}},
        ],
    }));
    for (id, rule, status) in [("early", "early", 200), ("late", "needs", 503)] {
        let decision = decide(&file, &request(id, &json!({}), &HUBS));
        assert_eq!(
            (&decision["rule"], &decision["status"]),
            (&json!(rule), &json!(status)),
            "{id}"
        );
    }
}
