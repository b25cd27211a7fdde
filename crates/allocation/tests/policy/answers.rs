//! Twins and payloads, and the sentences of devices that get none.

use custom_handler::InputBindings;
use serde_json::{Value, json};

use crate::support::{decide, decide_with, policy, request, rules};

const HUB: &str = "h.azure-devices.net";

/// What a rule with these members decides on a device that says `payload`.
#[track_caller]
fn decision(members: &Value, payload: &str) -> Value {
    let mut rule = json!({"name": "r", "when": {"registrationId": {"exists": true}}, "hub": {}});
    for (name, value) in members.as_object().unwrap() {
        rule[name] = value.clone();
    }
    let request = format!(
        r#"{{"deviceRuntimeContext":{{"registrationId":"dev-1","payload":{payload}}},"linkedHubs":["{HUB}"]}}"#
    );
    decide_with(&rules(&json!([rule])), &request, "{}")
}

#[test]
fn a_template_copies_or_is_put_into_text() {
    let payload = r#"{"t":"x{y}","n":1.50,"i":7,"b":true,"o":{"a":[1,{}]},"l":[1,null],"z":null,"h":"\ud800","big":1e999}"#;
    for (value, expected) in [
        (json!("{payload.t}"), json!("x{y}")),
        (json!("{payload.n}"), json!(1.5)),
        (json!("{payload.o}"), json!({"a": [1, {}]})),
        (json!("<{payload.n}>"), json!("<1.50>")),
        (json!("{payload.i}{payload.b}"), json!("7true")),
        (
            json!("{{payload.t}} {payload.t}"),
            json!("{payload.t} x{y}"),
        ),
        (json!("{iotHubHostName}"), json!(HUB)),
        (json!("{linkedHubs}"), json!([HUB])),
        (json!("{registrationId}"), json!("dev-1")),
        (json!({"a": {"b": "{payload.gone?}"}}), json!({"a": {}})),
        (json!({"a": "{payload.z?}", "b": 1}), json!({"b": 1})),
        (
            json!(["{payload.gone?}", 1, "{payload.t?}"]),
            json!([1, "x{y}"]),
        ),
        (json!([["{payload.gone?}"]]), json!([[]])),
        (json!(null), json!(null)),
    ] {
        let found = decision(&json!({"payload": {"v": value}}), payload);
        assert_eq!(found["payload"], json!({"v": expected}), "{value}");
    }
    for path in [
        "payload.gone",
        "payload.z",
        "payload.t.x",
        "payload.h",
        "payload.big",
        "currentDeviceId",
    ] {
        let found = decision(&json!({"payload": {"v": format!("{{{path}}}")}}), payload);
        let sentence = format!("The rule \"r\" needs {path}, which the device does not have.");
        assert_eq!(
            found,
            json!({"rule": "r", "status": 400, "sentence": sentence})
        );
    }
    for path in ["payload.o", "payload.l", "payload.gone"] {
        let found = decision(&json!({"payload": {"v": format!("<{{{path}}}>")}}), payload);
        let sentence = format!("The rule \"r\" needs {path}, which the device does not have.");
        assert_eq!(found["sentence"], sentence);
    }
}

#[test]
fn a_copy_is_as_it_is_written_and_members_keep_the_file_s_order() {
    use allocation::{AllocationRequest, Outcome, Policy, Request};
    let file = allocation::policy::File::parse(
        br#"{"version":1,"rules":[{"name":"r","payload":{"z":"{payload}","a":1.50},"hub":{},
        "initialTwin":{"properties":{"desired":{"b":1e2,"a":"{payload.n}"}},"tags":{}}}]}"#,
    )
    .unwrap();
    let json = r#"{"deviceRuntimeContext":{"registrationId":"d","payload":{"n": 1.50, "\u0061":"\u00fc"}},"linkedHubs":["h"]}"#;
    let request = Request::new(
        AllocationRequest::parse(json).unwrap(),
        InputBindings::default(),
    )
    .unwrap();
    let decision = file.decide(&request);
    let Outcome::Assign(assignment) = decision.outcome() else {
        panic!("{decision:?}");
    };
    assert_eq!(
        assignment.payload().unwrap().get(),
        r#"{"z":{"n":1.50,"a":"ü"},"a":1.50}"#
    );
    assert_eq!(
        assignment.initial_twin().unwrap().get(),
        r#"{"properties":{"desired":{"b":1e2,"a":1.50}},"tags":{}}"#
    );
}

#[test]
fn parts_of_a_twin_and_the_payload_may_be_copied_whole() {
    let payload = r#"{"twin":{"tags":{"a":1}},"o":{"a":1},"t":"x","l":[]}"#;
    for (members, expected) in [
        (
            json!({"initialTwin": "{payload.twin}"}),
            json!({"initialTwin": {"tags": {"a": 1}}}),
        ),
        (json!({"initialTwin": "{payload.gone?}"}), json!({})),
        (
            json!({"initialTwin": {"tags": "{payload.o}"}}),
            json!({"initialTwin": {"tags": {"a": 1}}}),
        ),
        (
            json!({"initialTwin": {"tags": "{payload.gone?}"}}),
            json!({"initialTwin": {}}),
        ),
        (
            json!({"initialTwin": {"properties": "{payload.gone?}"}}),
            json!({"initialTwin": {}}),
        ),
        (
            json!({"initialTwin": {"properties": {"desired": "{payload.o?}"}}}),
            json!({"initialTwin": {"properties": {"desired": {"a": 1}}}}),
        ),
        (
            json!({"payload": "{payload.o}"}),
            json!({"payload": {"a": 1}}),
        ),
        (json!({"payload": "{payload.gone?}"}), json!({})),
        (json!({"payload": {}}), json!({"payload": {}})),
    ] {
        let mut expected = expected;
        for (name, value) in [
            ("rule", json!("r")),
            ("status", json!(200)),
            ("hub", json!(HUB)),
        ] {
            expected[name] = value;
        }
        assert_eq!(decision(&members, payload), expected, "{members}");
    }
    let twin = "The rule \"r\" makes a twin that IoT Hub does not accept: ";
    for (members, expected) in [
        (
            json!({"payload": "{payload.t}"}),
            "The rule \"r\" makes a payload that is not an object.".to_owned(),
        ),
        (
            json!({"payload": "{payload.l}"}),
            "The rule \"r\" makes a payload that is not an object.".to_owned(),
        ),
        (
            json!({"initialTwin": "{payload.t}"}),
            format!("{twin}initialTwin is not an object."),
        ),
        (
            json!({"initialTwin": "{payload.o}"}),
            format!("{twin}initialTwin has a member other than tags and properties."),
        ),
        (
            json!({"initialTwin": {"tags": "{payload.l}"}}),
            format!("{twin}tags is not an object."),
        ),
        (
            json!({"initialTwin": {"properties": "{payload.o}"}}),
            format!("{twin}properties has a member other than desired."),
        ),
        (
            json!({"initialTwin": {"properties": "{payload.t}"}}),
            format!("{twin}properties is not an object."),
        ),
        (
            json!({"initialTwin": {"properties": {"desired": "{payload.t}"}}}),
            format!("{twin}desired is not an object."),
        ),
    ] {
        let found = decision(&members, payload);
        assert_eq!(
            found,
            json!({"rule": "r", "status": 400, "sentence": expected}),
            "{members}"
        );
    }
}

/// `depth` objects within each other.
fn nested(depth: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

#[test]
fn what_iot_hub_does_not_take_is_refused_when_it_is_copied() {
    let twin = |members: Value| json!({"initialTwin": {"tags": members}});
    let copy = || twin(json!({"v": "{payload}"}));
    let text = |length: usize| format!("\"{}\"", "x".repeat(length));
    let name = |length: usize| format!("{{\"{}\":1}}", "x".repeat(length));
    // Below tags at most 10 objects stand in each other.
    let integer = "a whole number is not between -4503599627370496 and 4503599627370495";
    let character = "a name contains a dot, a dollar sign, a space or a control character";
    for (payload, problem) in [
        (text(4096), None),
        (text(4097), Some("a string is longer than 4096 bytes")),
        (name(1024), None),
        (name(1025), Some("a name is longer than 1024 bytes")),
        (r#"{"":1}"#.to_owned(), Some("a name is empty")),
        (r#"{"a.b":1}"#.to_owned(), Some(character)),
        (r#"{"a$b":1}"#.to_owned(), Some(character)),
        (r#"{"a b":1}"#.to_owned(), Some(character)),
        (r#"{"a\u0000":1}"#.to_owned(), Some(character)),
        (r#"{"a":null}"#.to_owned(), Some("a value is null")),
        ("[null]".to_owned(), Some("a value is null")),
        ("4503599627370495".to_owned(), None),
        ("4503599627370496".to_owned(), Some(integer)),
        ("-4503599627370496".to_owned(), None),
        ("-4503599627370497".to_owned(), Some(integer)),
        ("4503599627370496.0".to_owned(), None),
        ("1e300".to_owned(), None),
        (nested(10), None),
        (nested(11), Some("it is nested more than 10 levels deep")),
        (format!("[{}]", vec![text(4000); 2].join(",")), None),
        (
            format!("[{}]", vec![text(4096); 2].join(",")),
            Some("tags is larger than 8192 bytes"),
        ),
        // Control characters count nothing, a number 8 bytes, a boolean 4, brackets nothing; the
        // name v is 1.
        (format!("[{},{}]", text(4096), text(4095)), None),
        (format!("[{},{},\"\\u0001\"]", text(4096), text(4095)), None),
        (format!("[{},{},8]", text(4096), text(4087)), None),
        (
            format!("[{},{},8]", text(4096), text(4088)),
            Some("tags is larger than 8192 bytes"),
        ),
        (format!("[{},{},true]", text(4096), text(4091)), None),
        (
            format!("[{},{},true]", text(4096), text(4092)),
            Some("tags is larger than 8192 bytes"),
        ),
    ] {
        let found = decision(&copy(), &payload);
        let short: String = payload.chars().take(40).collect();
        match problem {
            None => assert_eq!(found["status"], 200, "{short}: {found}"),
            Some(problem) => {
                let sentence =
                    format!("The rule \"r\" makes a twin that IoT Hub does not accept: {problem}.");
                assert_eq!(
                    found,
                    json!({"rule": "r", "status": 400, "sentence": sentence}),
                    "{short}"
                );
            }
        }
    }
    for payload in ["[1e999]", r#"["\ud800"]"#] {
        let found = decision(&copy(), payload);
        let sentence = "The rule \"r\" needs payload, which the device does not have.";
        assert_eq!(found["sentence"], sentence, "{payload}");
    }
    // What is put into text counts, too.
    let found = decision(&twin(json!({"v": "{payload}{payload}"})), &text(2049));
    assert_eq!(
        found["sentence"],
        "The rule \"r\" makes a twin that IoT Hub does not accept: a string is longer than 4096 bytes."
    );
    // A payload has no such limits.
    let found = decision(
        &json!({"payload": {"a.b": "{payload}"}}),
        &format!("[null,{}]", text(9000)),
    );
    assert_eq!(found["status"], 200);
}

#[test]
fn the_first_failure_in_the_file_s_order_is_the_answer() {
    let twin = json!({"tags": {"a": "{payload.a}"}});
    let payload = json!({"b": "{payload.b}"});
    let needs =
        |path: &str| format!("The rule \"r\" needs {path}, which the device does not have.");
    for (rule, expected) in [
        (
            format!(r#"{{"name":"r","payload":{payload},"initialTwin":{twin},"hub":{{}}}}"#),
            needs("payload.b"),
        ),
        (
            format!(r#"{{"name":"r","initialTwin":{twin},"payload":{payload},"hub":{{}}}}"#),
            needs("payload.a"),
        ),
        (
            format!(r#"{{"name":"r","initialTwin":{twin},"hub":"{{payload.c}}"}}"#),
            needs("payload.c"),
        ),
        (
            format!(r#"{{"name":"r","initialTwin":{twin},"hub":"none.net"}}"#),
            "The rule \"r\" finds no hub among those that are linked.".to_owned(),
        ),
    ] {
        let file = format!(r#"{{"version":1,"rules":[{rule}]}}"#);
        let file = allocation::policy::File::parse(file.as_bytes()).unwrap();
        let found = decide(&file, &request("d", &json!({}), &[HUB]));
        assert_eq!(found["sentence"], expected, "{rule}");
    }
}

#[test]
fn a_device_without_a_hub_hears_the_file_s_sentence() {
    let file = policy(&json!({
        "version": 1.0,
        "rules": [
            {"name": "refused", "when": {"registrationId": "r"}, "refuse": "It is \"gone\".", "log": "Gone"},
            {"name": "again", "when": {"registrationId": "a"}, "retry": "Not yet."},
        ],
        "otherwise": {"retry": "Nobody knows it."},
    }));
    for (id, expected) in [
        (
            "r",
            json!({"rule": "refused", "status": 400, "sentence": "It is \"gone\"."}),
        ),
        (
            "a",
            json!({"rule": "again", "status": 503, "sentence": "Not yet."}),
        ),
        (
            "",
            json!({"rule": "otherwise", "status": 503, "sentence": "Nobody knows it."}),
        ),
    ] {
        assert_eq!(decide(&file, &request(id, &json!({}), &[])), expected);
    }
}
