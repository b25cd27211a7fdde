//! `DpsAdtAllocationFunc` behind the emulated host: what the Device Provisioning Service gets, and
//! what becomes of the twins.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use digital_twins_instance::{Call, Fault};
use serde_json::{Value, json};
use support::{
    HUB, OTHER_HUB, SPACE, THERMOSTAT, World, assert_answer, assignment, make_twin, request,
};

const LATER: &str = "Digital Twins is not available at the moment; ask again later.";

#[tokio::test]
async fn a_new_device_gets_a_twin_of_its_name_and_the_first_hub() {
    let world = World::start().await;
    let answer = world.register("thermostat-1").await;
    assert_answer(&answer, 200, &assignment(HUB, "thermostat-1"));
    let twin = world.twins.instance().get("thermostat-1").unwrap();
    assert_eq!(twin["$metadata"]["$model"], THERMOSTAT);
    assert_eq!(
        [
            &twin["Temperature"],
            &twin["HubRegistrationId"],
            &twin["IotHubHostName"]
        ],
        [&json!(0.0), &json!("thermostat-1"), &json!(HUB)]
    );
    assert_eq!(
        answer.logs[2..],
        [
            "the twin thermostat-1 is created; assigned to hub-a.azure-devices.net",
            "Response",
            &assignment(HUB, "thermostat-1"),
        ]
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn asking_again_changes_nothing() {
    let world = World::start().await;
    world.register("thermostat-1").await;
    let before = world.twins.instance().get("thermostat-1").unwrap();
    let again = world.register("thermostat-1").await;
    assert_answer(&again, 200, &assignment(HUB, "thermostat-1"));
    assert_eq!(world.twins.instance().get("thermostat-1").unwrap(), before);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_twin_that_was_made_before_is_found_by_its_id_or_by_its_registration() {
    let world = World::start().await;
    world.make_twin("thermostat-1", THERMOSTAT, json!({"Temperature": 21.5}));
    world.make_twin(
        "Room 12/A",
        THERMOSTAT,
        json!({"HubRegistrationId": "thermostat-2", "Temperature": 19.0}),
    );
    world.make_twin(
        "thermostat-3",
        THERMOSTAT,
        json!({"HubRegistrationId": "another"}),
    );
    world.make_twin(
        "Hall",
        THERMOSTAT,
        json!({"HubRegistrationId": "thermostat-3"}),
    );
    for (id, twin, temperature) in [
        ("thermostat-1", "thermostat-1", json!(21.5)),
        ("thermostat-2", "Room 12/A", json!(19.0)),
        ("thermostat-3", "Hall", Value::Null),
    ] {
        assert_answer(&world.register(id).await, 200, &assignment(HUB, twin));
        assert_eq!(world.property(twin, "Temperature"), temperature, "{id}");
        assert_eq!(world.property(twin, "HubRegistrationId"), id);
        assert_eq!(world.property(twin, "IotHubHostName"), HUB, "{id}");
    }
    assert_eq!(world.calls(Call::PutTwin), 0);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_device_stays_in_its_hub_while_that_is_linked_and_its_twin_records_where_it_goes() {
    let world = World::start().await;
    for (current, linked, expected) in [
        (
            "HUB-B.azure-devices.net",
            json!([HUB, OTHER_HUB]),
            OTHER_HUB,
        ),
        ("gone.azure-devices.net", json!([HUB, OTHER_HUB]), HUB),
        (OTHER_HUB, json!([OTHER_HUB]), OTHER_HUB),
    ] {
        let mut request = request("thermostat-1");
        request["deviceRuntimeContext"]["currentIotHubHostName"] = json!(current);
        request["linkedHubs"] = linked;
        assert_answer(
            &world.allocate(&request).await,
            200,
            &assignment(expected, "thermostat-1"),
        );
        assert_eq!(world.property("thermostat-1", "IotHubHostName"), expected);
    }
    world.assert_no_violations();
}

#[tokio::test]
async fn every_refusal_is_one_sentence_and_makes_no_twin() {
    let world = World::start().await;
    world.make_twin("space-1", SPACE, json!({}));
    world.make_twin("taken", THERMOSTAT, json!({"HubRegistrationId": "another"}));
    for twin in ["one", "two"] {
        world.make_twin(twin, THERMOSTAT, json!({"HubRegistrationId": "doubled"}));
    }
    let before = world.twin_ids();
    let of_model = |model: &str| {
        let mut request = request("thermostat-1");
        request["deviceRuntimeContext"]["payload"]["modelId"] = json!(model);
        request
    };
    let without = |member: &str| {
        let mut request = request("thermostat-1");
        let (parent, name) = member.rsplit_once('/').unwrap();
        request
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name)
            .unwrap();
        request
    };
    let mut nameless_hub = request("thermostat-1");
    nameless_hub["linkedHubs"] = json!([""]);
    for (request, sentence) in [
        (nameless_hub, "No hub group defined for the enrollment."),
        (json!({}), "Registration ID not provided for the device."),
        (
            without("/deviceRuntimeContext/registrationId"),
            "Registration ID not provided for the device.",
        ),
        (
            without("/linkedHubs"),
            "No hub group defined for the enrollment.",
        ),
        (
            without("/deviceRuntimeContext/payload"),
            r#"The device has sent no payload: it must name the model of its digital twin, as in {"modelId":"dtmi:contosocom:DigitalTwins:Thermostat;2"}."#,
        ),
        (
            without("/deviceRuntimeContext/payload/modelId"),
            r#"The device's payload has no modelId: it must name the model of its digital twin, as in {"modelId":"dtmi:contosocom:DigitalTwins:Thermostat;2"}."#,
        ),
        (
            of_model("Thermostat"),
            "deviceRuntimeContext.payload.modelId is no model ID, such as dtmi:contosocom:DigitalTwins:Thermostat;2.",
        ),
        (
            of_model("dtmi:contosocom:DigitalTwins:Toaster;1"),
            "The Digital Twins instance refuses the device's twin of the model dtmi:contosocom:DigitalTwins:Toaster;1 (ValidationFailed: There is no model dtmi:contosocom:DigitalTwins:Toaster;1).",
        ),
        (
            of_model(SPACE),
            "The Digital Twins instance refuses the device's twin of the model dtmi:contosocom:DigitalTwins:Space;1 (ValidationFailed: The model dtmi:contosocom:DigitalTwins:Space;1 has no property \"HubRegistrationId\").",
        ),
        (
            request("space-1"),
            "The device's digital twin space-1 is of the model dtmi:contosocom:DigitalTwins:Space;1, and the device says dtmi:contosocom:DigitalTwins:Thermostat;2: delete the twin or correct the device.",
        ),
        (
            request("taken"),
            "The digital twin taken belongs to the registration another, as its HubRegistrationId says: rename the device or correct the twin.",
        ),
        (
            request("doubled"),
            "Several digital twins have the device's registration ID as their HubRegistrationId (one, two): leave it to one of them.",
        ),
    ] {
        assert_answer(&world.allocate(&request).await, 400, sentence);
    }
    assert_eq!(world.twin_ids(), before);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_with_a_reason() {
    let world = World::start().await;
    for (body, status, start) in [
        (
            "",
            400,
            "The request has no body: send an AllocationRequest as JSON, with a Content-Length",
        ),
        (
            "{",
            400,
            "The request body is no AllocationRequest: it is not JSON",
        ),
        (
            "[]",
            400,
            "The request body is no AllocationRequest: it must be an object, and is an array.",
        ),
        (
            r#"{"linkedHubs":"a"}"#,
            400,
            "The request body is no AllocationRequest: linkedHubs must be an array of host names",
        ),
        (
            &" ".repeat((1 << 20) + 1),
            413,
            "The request body is too large: DpsAdtAllocationFunc serves up to 1048576 bytes.",
        ),
    ] {
        let answer = world.post(body).await;
        assert_eq!(answer.response.status, status);
        assert!(
            answer.response.text().starts_with(start),
            "{}",
            answer.response.text()
        );
    }
    assert_eq!(world.calls(Call::GetTwin), 0);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_payload_s_member_that_nobody_reads_is_no_reason_to_refuse() {
    let world = World::start().await;
    let plain = request("thermostat-1").to_string();
    for member in [r#""x":1e999"#, r#""x":"\ud800""#] {
        let body = plain.replace(r#"{"modelId""#, &format!(r#"{{{member},"modelId""#));
        assert!(body.contains(member));
        assert_answer(
            &world.post(body).await,
            200,
            &assignment(HUB, "thermostat-1"),
        );
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_counted_in_the_log_and_not_shown() {
    let world = World::start().await;
    let answer = world.post(" ".repeat(1_100_000)).await;
    assert_eq!(answer.response.status, 413);
    assert_eq!(answer.logs[1], "(1100000 bytes, not shown)");
}

#[tokio::test]
async fn an_envelope_whose_request_is_an_array_is_none_of_the_host_s() {
    let world = World::start().await;
    let body = json!([
        null,
        null,
        null,
        null,
        null,
        null,
        request("dev").to_string()
    ]);
    let envelope = json!({"Data": {"req": body}, "Metadata": {}}).to_string();
    let answer = support::post_directly(&world, "/DpsAdtAllocationFunc", &envelope).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("DpsAdtAllocationFunc takes the envelope of the Functions host: "),
        "{answer}"
    );
    assert_eq!(world.calls(Call::GetTwin), 0);
}

#[tokio::test]
async fn two_devices_that_race_for_one_id_end_with_one_twin() {
    let world = World::start().await;
    let (one, other) = tokio::join!(
        world.register("thermostat-1"),
        world.register("thermostat-1")
    );
    for answer in [one, other] {
        assert_answer(&answer, 200, &assignment(HUB, "thermostat-1"));
    }
    assert_eq!(world.twin_ids(), ["thermostat-1"]);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_twin_that_goes_while_it_is_linked_is_made_anew() {
    let world = World::start().await;
    world.make_twin("thermostat-1", THERMOSTAT, json!({}));
    world
        .twins
        .inject(Fault::meanwhile(Call::PatchTwin, |instance| {
            instance.delete("thermostat-1", None).unwrap();
        }));
    assert_answer(
        &world.register("thermostat-1").await,
        200,
        &assignment(HUB, "thermostat-1"),
    );
    assert_eq!(world.property("thermostat-1", "Temperature"), 0.0);
}

#[tokio::test]
async fn a_twin_that_others_keep_making_and_deleting_is_left_for_later() {
    let world = World::start().await;
    for _ in 0..3 {
        world
            .twins
            .inject(Fault::meanwhile(Call::GetTwin, |instance| {
                // It is there only between our reading and our writing.
                drop(instance.delete("thermostat-1", None));
            }));
        world
            .twins
            .inject(Fault::meanwhile(Call::PutTwin, |instance| {
                make_twin(instance, "thermostat-1", THERMOSTAT, json!({}));
            }));
    }
    assert_answer(&world.register("thermostat-1").await, 503, LATER);
    world
        .assert_logged("others changed the twin again and again meanwhile")
        .await;
}

#[tokio::test]
async fn an_instance_that_stumbles_is_asked_again_at_once() {
    let world = World::start().await;
    world.twins.inject(Fault::status(Call::GetTwin, 2, 500));
    world.twins.inject(Fault::throttling(Call::PutTwin, 1, 0));
    assert_answer(
        &world.register("thermostat-1").await,
        200,
        &assignment(HUB, "thermostat-1"),
    );
    assert_eq!(
        (world.calls(Call::GetTwin), world.calls(Call::PutTwin)),
        (3, 2)
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn an_instance_that_is_busy_for_longer_means_ask_again_later() {
    let world = World::start().await;
    world
        .twins
        .inject(Fault::throttling(Call::GetTwin, 1, 3600));
    assert_answer(&world.register("thermostat-1").await, 503, LATER);
    assert_answer(&world.register("thermostat-2").await, 503, LATER);
    assert_eq!(
        world.calls(Call::GetTwin),
        1,
        "a throttled instance is left alone"
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn an_instance_that_is_silent_means_ask_again_later_within_the_bound() {
    let world = World::with_settings(&[("ADT_ALLOCATION_TIMEOUT_MS", "100")]).await;
    for call in [Call::GetTwin, Call::Query, Call::PutTwin] {
        world.twins.inject(Fault::silence(call, 1));
        let answer = world.register("thermostat-1").await;
        assert_answer(&answer, 503, LATER);
        assert_eq!(answer.logs[2], "Digital Twins did not answer in time");
    }
    world.assert_no_violations();
}

#[tokio::test]
async fn an_instance_that_is_down_and_comes_back_assigns_then() {
    let mut world = World::start().await;
    assert_answer(
        &world.register("thermostat-1").await,
        200,
        &assignment(HUB, "thermostat-1"),
    );
    world.stop_twins().await;
    let answer = world.register("thermostat-2").await;
    assert_answer(&answer, 503, LATER);
    assert!(
        answer.logs[2].starts_with("Digital Twins can't be reached"),
        "{:?}",
        answer.logs
    );
    world.restart_twins().await;
    assert_answer(
        &world.register("thermostat-2").await,
        200,
        &assignment(HUB, "thermostat-2"),
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn a_missing_permission_is_not_the_device_s_fault() {
    let world = World::start().await;
    for status in [401, 403] {
        world.twins.inject(Fault::status(Call::GetTwin, 1, status));
        assert_answer(&world.register("thermostat-1").await, 503, LATER);
        let line = format!("Digital Twins answered {status} InjectedFault");
        world.assert_logged(&line).await;
    }
}

#[tokio::test]
async fn what_the_instance_should_never_answer_is_our_failure_and_shows_nothing() {
    let world = World::start().await;
    world.twins.inject(Fault::status(Call::GetTwin, 1, 302));
    assert_answer(
        &world.register("thermostat-1").await,
        500,
        "The function failed; its log says why.",
    );
    world.assert_logged("ERROR DpsAdtAllocationFunc").await;
}

#[tokio::test]
async fn the_webhook_answers_plainly_without_an_envelope_too() {
    let world = World::start().await;
    let body = request("thermostat-1").to_string();
    let answer = support::post_directly(&world, "/api/DpsAdtAllocationFunc", &body).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("content-type: application/json; charset=utf-8"),
        "{head}"
    );
    assert_eq!(body, assignment(HUB, "thermostat-1"));
}
