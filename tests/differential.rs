//! The handler against a second statement of the tutorial's rules, on random requests.
//!
//! [`tutorial`] is a plain reading of the C# function over a tree of values: slow, obvious, and
//! written without a look at `src`. Source:
//! <https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies>.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, rt};
use allocation::policy::File;
use custom_allocation::functions;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use test_support::tutorial::POLICY;

/// The tutorial's policy.
fn policy() -> File {
    File::parse(POLICY.as_bytes()).unwrap()
}

fn tutorial(data: &Value) -> (u16, String) {
    let bad_request = |message: &str| (400, message.to_owned());
    let Some(registration_id) = data["deviceRuntimeContext"]["registrationId"].as_str() else {
        return bad_request("Registration ID not provided for the device.");
    };
    let Some(hubs) = data["linkedHubs"].as_array() else {
        return bad_request("No hub group defined for the enrollment.");
    };
    let mut hub_of_device = None;
    let twin;
    if registration_id.contains("-contoso-tstrsd-007") {
        for hub in hubs {
            if hub.as_str().unwrap().contains("-toasters-") {
                hub_of_device = Some(hub);
            }
        }
        if hub_of_device.is_none() {
            return bad_request("No toasters hub found for the enrollment.");
        }
        twin = r#"{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}"#;
    } else if registration_id.contains("-contoso-hpsd-088") {
        for hub in hubs {
            if hub.as_str().unwrap().contains("-heatpumps-") {
                hub_of_device = Some(hub);
            }
        }
        if hub_of_device.is_none() {
            return bad_request("No heat pumps hub found for the enrollment.");
        }
        twin = r#"{"properties":{"desired":{"state":"on","temperatureSetting":"65"}},"tags":{"deviceType":"heatpump"}}"#;
    } else {
        return bad_request("Unrecognized device registration.");
    }
    (
        200,
        format!(
            r#"{{"iotHubHostName":{},"initialTwin":{twin}}}"#,
            hub_of_device.unwrap()
        ),
    )
}

/// Whether the tutorial's function would read the request without an exception of its own.
fn is_well_typed(data: &Value) -> bool {
    let context = &data["deviceRuntimeContext"];
    let registration_id = &context["registrationId"];
    let hubs = &data["linkedHubs"];
    data.is_object()
        && (context.is_null() || context.is_object())
        && (registration_id.is_null() || registration_id.is_string())
        && (hubs.is_null()
            || hubs
                .as_array()
                .is_some_and(|hubs| hubs.iter().all(Value::is_string)))
}

fn made_of(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(select(pieces), 0..5).prop_map(|pieces| pieces.concat())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// An absent, null or present member.
fn optional<T: Into<Value> + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<Value>> {
    option::weighted(
        0.9,
        option::weighted(0.9, value).prop_map(|value| value.map_or(Value::Null, Into::into)),
    )
}

fn object(members: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let present = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}

fn request() -> impl Strategy<Value = Value> {
    let registration_id = made_of(&[
        "-contoso-tstrsd-007",
        "-contoso-hpsd-088",
        "-Contoso-Tstrsd-007",
        "-contoso-",
        "breakroom499",
        "\"\\\n",
        "é\u{1f35e}",
    ]);
    let hub = made_of(&[
        "-toasters-",
        "-heatpumps-",
        "-Toasters-",
        "toasters",
        "contoso",
        ".azure-devices.net",
        "\u{2028}\"",
    ]);
    let context = (
        optional(registration_id),
        optional(any_json()),
        optional(any_json()),
    )
        .prop_map(|(registration_id, hub, payload)| {
            object([
                ("currentIotHubHostName", hub),
                ("registrationId", registration_id),
                ("payload", payload),
            ])
        });
    (
        optional(context),
        optional(vec(hub, 0..6)),
        optional(any_json()),
        optional(any_json()),
    )
        .prop_map(|(context, hubs, group, unknown)| {
            object([
                ("enrollmentGroup", group),
                ("deviceRuntimeContext", context),
                ("unknown", unknown),
                ("linkedHubs", hubs),
            ])
        })
}

/// Runs `check` on what the handler answers, plainly and through an envelope, to each of `cases`
/// random bodies.
fn for_all(cases: u32, bodies: impl Strategy<Value = Vec<u8>>, check: impl Fn(&[u8], u16, &str)) {
    let system = rt::System::new();
    let app = system.block_on(init_service(
        App::new().configure(functions::routes(policy())),
    ));
    let answer_of = |path: &str, body: Vec<u8>| {
        system.block_on(async {
            let request = TestRequest::post().uri(path).set_payload(body).to_request();
            let response = call_service(&app, request).await;
            (response.status().as_u16(), read_body(response).await)
        })
    };
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let tested = runner.run(&bodies, |body| {
        let (status, answer) = answer_of("/api/HttpTrigger1", body.clone());
        check(&body, status, std::str::from_utf8(&answer).unwrap());
        if let Ok(text) = std::str::from_utf8(&body) {
            let envelope = json!({"Data": {"req": {"Body": text}}, "Metadata": {}});
            let (envelope_status, envelope) =
                answer_of("/HttpTrigger1", envelope.to_string().into());
            assert_eq!(envelope_status, 200);
            let envelope: Value = serde_json::from_slice(&envelope).unwrap();
            let res = &envelope["Outputs"]["res"];
            assert_eq!(res["statusCode"], status);
            assert_eq!(res["body"].as_str().unwrap().as_bytes(), answer);
        }
        Ok(())
    });
    tested.unwrap();
}

#[test]
fn random_requests_are_answered_as_the_tutorial_does() {
    let bodies = request().prop_map(|request| request.to_string().into_bytes());
    for_all(1024, bodies, |body, status, answer| {
        let request = serde_json::from_slice(body).unwrap();
        assert_eq!((status, answer.to_owned()), tutorial(&request));
    });
}

/// A request of which some bytes are changed, dropped or doubled.
fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<Index>(), 0..4_u8, any::<u8>()), 1..4);
    (request(), edits).prop_map(|(request, edits)| {
        let mut body = request.to_string().into_bytes();
        for (place, edit, byte) in edits {
            if body.is_empty() {
                break;
            }
            let place = place.index(body.len());
            match edit {
                0 => body[place] = byte,
                1 => drop(body.remove(place)),
                2 => body.insert(place, byte),
                _ => body.truncate(place),
            }
        }
        body
    })
}

#[test]
fn mangled_requests_are_refused_in_a_sentence_or_answered_as_the_tutorial_does() {
    for_all(2048, mangled(), |body, status, answer| {
        match serde_json::from_slice::<Value>(body) {
            Ok(request) if is_well_typed(&request) => {
                assert_eq!((status, answer.to_owned()), tutorial(&request));
            }
            // What that parser can't read and ours needn't: a number that is too large, an escape
            // that is no character.
            Err(_) if status == 200 => {
                let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
                assert!(is_json);
            }
            Ok(_) | Err(_) => assert_eq!(status, 400),
        }
        if status == 400 {
            assert!(
                answer.ends_with('.') && answer.len() < 300 && !answer.contains('\n'),
                "{answer:?}"
            );
        }
    });
}
