//! Batches in, patches out.

use custom_handler::{Encoded, EventHubTrigger};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

/// An event: body, system properties, application properties.
type Event = (&'static str, Value, Value);

fn from(device: &str) -> Value {
    json!({"iothub-connection-device-id": device, "iothub-message-source": "Telemetry", "SequenceNumber": 42})
}

fn from_component(device: &str, component: impl Into<Value>) -> Value {
    let mut properties = from(device);
    properties[COMPONENT] = component.into();
    properties
}

fn plan(events: &[Event], mapping: &str) -> Plan {
    let column = |pick: fn(&Event) -> Value| {
        Value::from(events.iter().map(pick).collect::<Vec<_>>()).to_string()
    };
    let bodies = json!(column(|event| event.0.into())).to_string();
    let metadata = json!({
        "SystemPropertiesArray": column(|event| event.1.clone()),
        "PropertiesArray": column(|event| event.2.clone()),
    });
    let metadata = RawValue::from_string(metadata.to_string()).unwrap();
    let bodies: Encoded<'_> = serde_json::from_str(&bodies).unwrap();
    let trigger = EventHubTrigger::new(bodies, Some(&metadata)).unwrap();
    let mapping = mapping.parse().unwrap();
    Plan::new(&trigger.batch().unwrap(), &mapping, Some("dtId"))
}

#[track_caller]
fn check(events: &[Event], patches: &Value, unusable: &[&str], skipped: usize, why: &str) {
    let plan = plan(events, "Temperature,hum=Humidity");
    let planned = plan.updates.iter().map(|update| {
        let patch = serde_json::to_value(update.patch()).unwrap();
        (update.twin.to_string(), patch)
    });
    assert_eq!(&Value::Object(planned.collect()), patches, "{why}");
    let told: Vec<_> = plan
        .unusable
        .iter()
        .map(|event| event.error.to_string())
        .collect();
    assert_eq!(told, unusable, "{why}");
    assert_eq!(plan.skipped, skipped, "{why}");
}

fn sets(property: &str, value: impl Into<Value>) -> Value {
    json!({"op": "add", "path": format!("/{property}"), "value": value.into()})
}

#[test]
fn the_newest_value_of_each_property_counts() {
    check(
        &[
            (r#"{"Temperature":20}"#, from("a"), json!({})),
            (r#"{"Temperature":30.5,"hum":40}"#, from("b"), json!({})),
            (r#"{"Temperature":21.5,"other":"x"}"#, from("a"), json!({})),
            (r#"{"hum":41}"#, from("b"), json!({})),
        ],
        &json!({
            "a": [sets("Temperature", 21.5)],
            "b": [sets("Humidity", 41), sets("Temperature", 30.5)],
        }),
        &[],
        0,
        "one patch for each twin",
    );
}

#[test]
fn the_enrichment_names_the_twin_unless_it_is_unresolved() {
    for (properties, twin) in [
        (json!({"dtId": "Room 1"}), "Room 1"),
        (json!({"dtId": "$twin.tags.dtId"}), "dev"),
        (json!({"dtId": ""}), "dev"),
        (json!({"dtId": null}), "dev"),
        (json!({"DTID": "x"}), "dev"),
        (Value::Null, "dev"),
    ] {
        check(
            &[(r#"{"Temperature":1}"#, from("dev"), properties)],
            &json!({twin: [sets("Temperature", 1)]}),
            &[],
            0,
            twin,
        );
    }
}

#[test]
fn a_device_is_who_its_hub_says_it_is() {
    check(
        &[(
            r#"{"Temperature":99,"deviceId":"victim","dtId":"victim","SystemProperties":{"iothub-connection-device-id":"victim"}}"#,
            from("dev"),
            json!({"iothub-connection-device-id": "victim", "deviceId": "victim"}),
        )],
        &json!({"dev": [sets("Temperature", 99)]}),
        &[],
        0,
        "neither body nor application properties say who",
    );
}

#[test]
fn events_that_have_nothing_for_us_are_skipped() {
    check(
        &[
            ("{}", from("a"), json!({})),
            (r#"{"Temperature":null}"#, from("a"), json!({})),
            (r#"{"temperature":1}"#, from("a"), json!({})),
            (
                r#"{"Temperature":1}"#,
                json!({"iothub-connection-device-id": "a", "iothub-message-source": "twinChangeEvents"}),
                json!({}),
            ),
        ],
        &json!({}),
        &[],
        4,
        "nothing",
    );
}

#[test]
fn events_that_cannot_be_used_are_told_and_the_others_go_on() {
    let no_object = "its body is not a JSON object in UTF-8";
    check(
        &[
            (r#"{"Temperature":1}"#, from("a"), json!({})),
            ("21.5", from("a"), json!({})),
            ("not JSON", from("a"), json!({})),
            (r#"{"Temperature":2"#, from("a"), json!({})),
            (r#"{"Temperature":"hot"}"#, from("a"), json!({})),
            (r#"{"hum":1e999}"#, from("a"), json!({})),
            (r#"{"Temperature":2}"#, json!({}), json!({})),
            (r#"{"Temperature":2}"#, from("a"), json!({"dtId": ".."})),
            (r#"{"Temperature":3}"#, from("b"), json!({})),
        ],
        &json!({"a": [sets("Temperature", 1)], "b": [sets("Temperature", 3)]}),
        &[
            no_object,
            no_object,
            no_object,
            "Temperature in its body is not a number",
            "hum in its body is not a number",
            "it has no system property iothub-connection-device-id: is it from an IoT hub?",
            "its device or enrichment is not a valid twin ID",
        ],
        0,
        "seven bad ones",
    );
}

#[test]
fn a_component_s_values_are_its_own() {
    let of = |component: &str, property: &str, value: Value| json!({"op": "add", "path": format!("/{component}/{property}"), "value": value});
    check(
        &[
            (
                r#"{"Temperature":21}"#,
                from_component("a", "t1"),
                json!({}),
            ),
            (
                r#"{"Temperature":85}"#,
                from_component("a", "t2"),
                json!({}),
            ),
            (r#"{"hum":40}"#, from_component("a", ""), json!({})),
            (r#"{"hum":41}"#, from_component("a", Value::Null), json!({})),
            (
                r#"{"Temperature":22}"#,
                from_component("a", "t1"),
                json!({}),
            ),
            (
                r#"{"Temperature":1}"#,
                from_component("a", "t/1"),
                json!({}),
            ),
            (
                r#"{"Temperature":1}"#,
                from_component("a", "$metadata"),
                json!({}),
            ),
        ],
        &json!({"a": [
            sets("Humidity", 41),
            of("t1", "Temperature", json!(22)),
            of("t2", "Temperature", json!(85)),
        ]}),
        &["its system property dt-subject is not a valid component name"; 2],
        0,
        "a component is not a twin",
    );
}

#[test]
fn one_bad_value_does_not_drop_the_others() {
    let bad = r#"{"Temperature":"hot","hum":40}"#;
    let worse = r#"{"Temperature":"hot","hum":[]}"#;
    let events = [(bad, from("a"), json!({})), (worse, from("a"), json!({}))];
    let plan = plan(&events, "Temperature,hum=Humidity");
    let patch = serde_json::to_value(plan.updates[0].patch()).unwrap();
    assert_eq!(patch, json!([sets("Humidity", 40)]));
    let told = |problems: &[EventProblem]| -> Vec<String> {
        let problems = problems.iter();
        problems.map(|problem| problem.error.to_string()).collect()
    };
    assert_eq!(
        told(&plan.partly_usable),
        ["Temperature in its body is not a number"]
    );
    assert_eq!(
        told(&plan.unusable),
        ["Temperature in its body is not a number, hum in its body is not a number"]
    );
}

#[test]
fn what_no_setting_names_need_not_be_readable() {
    let body =
        r#"{"\ud800":1,"note":"\ud800","big":1e999,"hum":40,"Temperature":20,"Temperature":21}"#;
    check(
        &[(body, from("a"), json!({}))],
        &json!({"a": [sets("Humidity", 40), sets("Temperature", 21)]}),
        &[],
        0,
        "half a character and a number that is too large",
    );
}

#[test]
fn numbers_are_taken_as_far_as_a_double_goes() {
    for (number, written) in [
        ("-0.0", json!(-0.0)),
        ("1e308", json!(1e308)),
        (
            "18446744073709551615",
            json!(18_446_744_073_709_551_615_u64),
        ),
        (
            "123456789012345678901234567890",
            json!(1.234_567_890_123_456_8e29),
        ),
        ("1e-999", json!(0.0)),
    ] {
        let body = format!(r#"{{"Temperature":{number}}}"#);
        let events = [(body.leak() as &str, from("a"), json!({}))];
        check(
            &events,
            &json!({"a": [sets("Temperature", written)]}),
            &[],
            0,
            number,
        );
    }
}

#[test]
fn a_hub_that_says_nothing_of_a_device_leaves_its_event_out() {
    let unknown = "it has no system property iothub-connection-device-id: is it from an IoT hub?";
    let no_twin = "its device or enrichment is not a valid twin ID";
    for (system, expected) in [
        (Value::Null, unknown),
        (json!([]), unknown),
        (json!("iothub-connection-device-id"), unknown),
        (json!({"Iothub-Connection-Device-Id": "a"}), unknown),
        (json!({"iothub-connection-device-id": ""}), no_twin),
        (json!({"iothub-connection-device-id": "a\nb"}), no_twin),
    ] {
        let why = system.to_string();
        let events = [(r#"{"Temperature":1}"#, system, json!({}))];
        check(&events, &json!({}), &[expected], 0, &why);
    }
}

#[test]
fn strings_booleans_and_nested_members_go_where_the_setting_says() {
    let body = r#"{"fw":"1.2","door":{"open":true},"env":{"in":{"t":20.5}}}"#;
    let events = [(body, from("a"), json!({}))];
    let mapping = "fw=FirmwareVersion:string,door.open=DoorOpen:boolean,env.in.t=Temperature";
    let plan = plan(&events, mapping);
    assert_eq!(
        serde_json::to_value(plan.updates[0].patch()).unwrap(),
        json!([
            sets("DoorOpen", true),
            sets("FirmwareVersion", "1.2"),
            sets("Temperature", 20.5),
        ])
    );
}

#[test]
fn members_are_named_where_none_goes_anywhere() {
    let nested =
        r#"{"temperature":1,"env":{"hum":2,"a":{"b":{"c":1}},"empty":{}},"list":[{"x":1}]}"#;
    let other = json!({"iothub-message-source": "twinChangeEvents"});
    let events = [
        (nested, from("a"), json!({})),
        (r#"{"temperature":2,"humidity":3}"#, from("b"), json!({})),
        (r#"{"Temperature":2,"mapped":3}"#, from("b"), json!({})),
        (r#"{"Temperature":null,"null":3}"#, from("b"), json!({})),
        (r#"{"Temperature":"hot","wrong":3}"#, from("b"), json!({})),
        ("{}", from("b"), json!({})),
        (r#"{"other":1}"#, other, json!({})),
    ];
    let plan = plan(&events, "Temperature");
    let names: Vec<_> = plan.unmapped.members.iter().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "env.a.b",
            "env.empty",
            "env.hum",
            "humidity",
            "list",
            "temperature"
        ]
    );
    assert_eq!((plan.unmapped.events, plan.skipped), (2, 5));
}
