//! `DeviceTelemetryToTwinFunc` behind the emulated host: batches in, properties of twins out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use digital_twins_instance::{Call, Fault};
use functions_host::EventHubEvent;
use serde_json::{Value, json};
use support::{CONTROLLER, THERMOSTAT, World, assert_done, reading};

async fn with_twins(count: usize) -> World {
    let world = World::start().await;
    for number in 0..count {
        world.make_twin(&format!("dev-{number}"), THERMOSTAT, json!({}));
    }
    world
}

#[tokio::test]
async fn a_reading_moves_the_temperature_of_its_twin() {
    let world = with_twins(2).await;
    assert_done(
        &world
            .telemetry(vec![reading("dev-0", 21.5), reading("dev-1", 19.0)])
            .await,
    );
    assert_eq!(world.property("dev-0", "Temperature"), 21.5);
    assert_eq!(world.property("dev-1", "Temperature"), 19.0);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_thousand_events_of_a_hundred_twins_with_five_bad_ones_need_a_hundred_patches() {
    let world = with_twins(100).await;
    let mut events: Vec<_> = (0..995_u32)
        .map(|number| reading(&format!("dev-{}", number % 100), f64::from(number)))
        .collect();
    let bad = [
        EventHubEvent::telemetry("dev-1", "no JSON"),
        EventHubEvent::telemetry("dev-2", r#"{"Temperature":"hot"}"#),
        EventHubEvent::telemetry("dev-3", "[1]"),
        EventHubEvent::telemetry("dev-4", [0xff, 0xfe, 0x00]),
        EventHubEvent::new(r#"{"Temperature":1}"#),
    ];
    for (place, event) in bad.into_iter().enumerate() {
        events.insert(place * 199, event);
    }
    let delivery = world.telemetry(events).await;
    assert_done(&delivery);
    assert_eq!(world.calls(Call::PatchTwin), 100);
    for number in 0..100 {
        let newest = if number < 95 {
            900 + number
        } else {
            800 + number
        };
        assert_eq!(
            world.property(&format!("dev-{number}"), "Temperature"),
            f64::from(newest)
        );
    }
    let logs = delivery.logs();
    assert_eq!(logs.len(), 6, "{logs:?}");
    assert_eq!(
        logs[0],
        "event 0 is left out: its body is not a JSON object in UTF-8"
    );
    assert_eq!(
        logs[1],
        "event 199 is left out: Temperature in its body is not a number"
    );
    assert_eq!(
        logs[4],
        "event 796 is left out: it has no system property iothub-connection-device-id: is it from an IoT hub?"
    );
    assert_eq!(
        logs[5],
        "1000 events: 100 twins written, 0 refused, 0 failed; 0 events skipped, 5 left out"
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn handling_a_batch_twice_is_handling_it_once() {
    let world = with_twins(1).await;
    let batch = vec![reading("dev-0", 20.0), reading("dev-0", 21.0)];
    assert_done(&world.telemetry(batch.clone()).await);
    assert_done(&world.telemetry(batch).await);
    assert_eq!(world.property("dev-0", "Temperature"), 21.0);
}

#[tokio::test]
async fn what_fails_for_the_moment_comes_again_until_it_succeeds() {
    let world = with_twins(2).await;
    // Four attempts within the first invocation, one in the second.
    world
        .twins
        .inject(Fault::status(Call::PatchTwin, 5, 503).of("dev-0"));
    let delivery = world
        .telemetry(vec![reading("dev-0", 21.0), reading("dev-1", 22.0)])
        .await;
    let succeeded: Vec<_> = delivery
        .attempts
        .iter()
        .map(|attempt| attempt.succeeded)
        .collect();
    assert_eq!((succeeded, delivery.lost), (vec![false, true], vec![]));
    assert_eq!(world.property("dev-0", "Temperature"), 21.0);
    assert_eq!(world.property("dev-1", "Temperature"), 22.0);
    world
        .assert_logged("1 of the batch's writes have failed; attempt 2 will follow")
        .await;
    world.assert_no_violations();
}

#[tokio::test]
async fn an_instance_that_stays_down_loses_the_batch_and_the_log_says_so() {
    let mut world = with_twins(1).await;
    world.stop_twins().await;
    let delivery = world
        .telemetry(vec![reading("dev-0", 20.0), reading("dev-0", 21.0)])
        .await;
    assert_eq!((delivery.attempts.len(), delivery.lost), (6, vec![0, 1]));
    world.assert_logged("ERROR DeviceTelemetryToTwinFunc").await;
    world
        .assert_logged("after 6 attempts its events are lost")
        .await;
    world.restart_twins().await;
    assert_done(&world.telemetry(vec![reading("dev-0", 22.0)]).await);
    assert_eq!(world.property("dev-0", "Temperature"), 22.0);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_throttled_instance_is_left_alone_as_long_as_it_asks() {
    let world = with_twins(10).await;
    world.twins.inject(Fault::throttling(Call::PatchTwin, 1, 0));
    assert_done(&world.telemetry(vec![reading("dev-0", 21.0)]).await);
    assert_eq!(
        world.calls(Call::PatchTwin),
        2,
        "Retry-After: 0 means at once"
    );

    let world = World::with_settings(&[("ADT_PARALLEL_TWINS", "1")]).await;
    world
        .twins
        .inject(Fault::throttling(Call::PatchTwin, 100, 3600));
    let events = (0..10)
        .map(|number| reading(&format!("dev-{number}"), 21.0))
        .collect();
    let delivery = world.telemetry(events).await;
    assert_eq!(delivery.lost.len(), 10);
    assert_eq!(
        world.calls(Call::PatchTwin),
        1,
        "one call has been told for all"
    );
}

#[tokio::test]
async fn a_silent_instance_holds_a_batch_no_longer_than_the_bound() {
    let world = World::with_settings(&[("ADT_BATCH_TIMEOUT_MS", "100")]).await;
    world.make_twin("dev-0", THERMOSTAT, json!({}));
    world.make_twin("dev-1", THERMOSTAT, json!({}));
    world
        .twins
        .inject(Fault::silence(Call::PatchTwin, 1).of("dev-0"));
    let delivery = world
        .telemetry(vec![reading("dev-0", 21.0), reading("dev-1", 22.0)])
        .await;
    assert_eq!((delivery.attempts.len(), delivery.lost), (2, vec![]));
    assert_eq!(
        world.property("dev-1", "Temperature"),
        22.0,
        "others are not held up"
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn what_a_twin_refuses_is_logged_and_the_others_go_on() {
    let world = with_twins(1).await;
    world.make_twin("space", support::SPACE, json!({}));
    let delivery = world
        .telemetry(vec![
            reading("nobody", 1.0),
            reading("space", 2.0),
            reading("dev-0", 3.0),
        ])
        .await;
    assert_done(&delivery);
    assert_eq!(world.property("dev-0", "Temperature"), 3.0);
    let logs = delivery.logs();
    assert!(logs.contains(&"nobody: Digital Twins answered 404 DigitalTwinNotFound: There is no digital twin \"nobody\""), "{logs:?}");
    assert!(
        logs.iter()
            .any(|line| line.starts_with("space: Digital Twins answered 400 ValidationFailed")),
        "{logs:?}"
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn the_setting_says_which_members_go_where() {
    let world = World::with_settings(&[(
        "ADT_TELEMETRY_PROPERTIES",
        "temp=Temperature,comfort=ComfortIndex",
    )])
    .await;
    world.make_twin("dev", THERMOSTAT, json!({}));
    let body = r#"{"temp":20,"comfort":0.5,"Temperature":99}"#;
    assert_done(
        &world
            .telemetry(vec![EventHubEvent::telemetry("dev", body)])
            .await,
    );
    assert_eq!(world.property("dev", "Temperature"), 20);
    assert_eq!(world.property("dev", "ComfortIndex"), 0.5);
}

#[tokio::test]
async fn strings_booleans_and_nested_members_go_where_the_setting_says() {
    let setting = "env.hum=Humidity,fw=FirmwareVersion:string,door.open=DoorOpen:boolean";
    let world = World::with_settings(&[("ADT_TELEMETRY_PROPERTIES", setting)]).await;
    let components = json!({"thermostat1": {"$metadata": {}}, "thermostat2": {"$metadata": {}}});
    world.make_twin("dev", CONTROLLER, components);
    let body = r#"{"env":{"hum":40.5},"fw":"1.2","door":{"open":true}}"#;
    let event = EventHubEvent::telemetry("dev", body);
    assert_done(&world.telemetry(vec![event]).await);
    let values =
        ["Humidity", "FirmwareVersion", "DoorOpen"].map(|name| world.property("dev", name));
    assert_eq!(values, [json!(40.5), json!("1.2"), json!(true)]);
    assert_eq!(world.calls(Call::PatchTwin), 1);
    world.assert_no_violations();
}

#[tokio::test]
async fn one_bad_value_does_not_drop_the_others() {
    let setting = "Temperature,comfort=ComfortIndex,hum=Humidity";
    let world = World::with_settings(&[("ADT_TELEMETRY_PROPERTIES", setting)]).await;
    world.make_twin("bad", THERMOSTAT, json!({}));
    world.make_twin("unmodelled", THERMOSTAT, json!({}));
    let bad = EventHubEvent::telemetry("bad", r#"{"Temperature":"hot","comfort":0.5}"#);
    let unmodelled = EventHubEvent::telemetry("unmodelled", r#"{"Temperature":21,"hum":40}"#);
    let delivery = world.telemetry(vec![bad, unmodelled]).await;
    assert_done(&delivery);
    assert_eq!(world.property("bad", "ComfortIndex"), 0.5);
    assert_eq!(world.property("unmodelled", "Temperature"), 21);
    assert_eq!(
        delivery.logs(),
        [
            "event 0 is used in part: Temperature in its body is not a number",
            "unmodelled, Humidity: Digital Twins answered 400 ValidationFailed: The model dtmi:contosocom:DigitalTwins:Thermostat;2 has no property \"Humidity\"",
            "2 events: 2 twins written, 1 refused, 0 failed; 0 events skipped, 0 left out",
        ]
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn a_write_that_fails_while_a_patch_is_taken_apart_comes_again() {
    let world = World::with_settings(&[("ADT_TELEMETRY_PROPERTIES", "Temperature,hum")]).await;
    world.make_twin("dev", THERMOSTAT, json!({}));
    // The patch is refused whole, and the write of its first value fails four times.
    world.twins.inject(Fault::status(Call::PatchTwin, 1, 400));
    world.twins.inject(Fault::status(Call::PatchTwin, 4, 503));
    let event = EventHubEvent::telemetry("dev", r#"{"Temperature":21,"hum":40}"#);
    let delivery = world.telemetry(vec![event]).await;
    assert_eq!((delivery.attempts.len(), delivery.lost), (2, vec![]));
    assert_eq!(world.property("dev", "Temperature"), 21);
    world.assert_no_violations();
}

#[tokio::test]
async fn members_that_were_seen_are_named_where_none_is_mapped() {
    let world = with_twins(1).await;
    let many: serde_json::Map<_, _> = (10..33)
        .map(|number| (format!("m{number}"), json!(number)))
        .collect();
    for (bodies, expected) in [
        (
            vec![
                r#"{"temperature":21}"#.to_owned(),
                r#"{"env":{"hum\n":1}}"#.to_owned(),
            ],
            "in 2 of the events no member is one that ADT_TELEMETRY_PROPERTIES names (Temperature); seen instead: env.hum\\n, temperature",
        ),
        (
            vec![Value::Object(many).to_string()],
            "in 1 of the events no member is one that ADT_TELEMETRY_PROPERTIES names (Temperature); seen instead: m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29 and 3 more",
        ),
    ] {
        let bodies = bodies.iter();
        let events = bodies.map(|body| EventHubEvent::telemetry("dev-0", body.as_str()));
        let delivery = world.telemetry(events.collect()).await;
        assert_done(&delivery);
        assert_eq!(delivery.logs()[0], expected);
    }
    assert_done(
        &world
            .telemetry(vec![EventHubEvent::telemetry("dev-0", "{}")])
            .await,
    );
    assert_eq!(world.calls(Call::PatchTwin), 0);
    world.assert_no_violations();
}

#[tokio::test]
async fn the_enrichment_can_be_switched_off_where_no_hub_makes_it() {
    let world = World::with_settings(&[("ADT_TWIN_ID_ENRICHMENT", "")]).await;
    world.make_twin("dev", THERMOSTAT, json!({}));
    world.make_twin("victim", THERMOSTAT, json!({}));
    assert_done(
        &world
            .telemetry(vec![reading("dev", 99.0).property("dtId", "victim")])
            .await,
    );
    assert_eq!(world.property("victim", "Temperature"), Value::Null);
    assert_eq!(world.property("dev", "Temperature"), 99.0);
}

#[tokio::test]
async fn a_device_cannot_pass_itself_off_as_another_by_its_message() {
    let world = with_twins(0).await;
    world.make_twin("dev", THERMOSTAT, json!({}));
    world.make_twin("victim", THERMOSTAT, json!({"Temperature": 20.0}));
    let body = json!({
        "Temperature": 99, "deviceId": "victim", "dtId": "victim", "$dtId": "victim",
        "SystemProperties": {"iothub-connection-device-id": "victim"},
        "SystemPropertiesArray": [{"iothub-connection-device-id": "victim"}],
        "Properties": {"dtId": "victim"},
    });
    let event = EventHubEvent::telemetry("dev", body.to_string())
        .property("iothub-connection-device-id", "victim");
    assert_done(&world.telemetry(vec![event]).await);
    assert_eq!(world.property("victim", "Temperature"), 20.0);
    assert_eq!(world.property("dev", "Temperature"), 99);
    world.assert_no_violations();
}

#[tokio::test]
async fn an_invocation_that_is_no_batch_is_told_and_fails() {
    let world = with_twins(0).await;
    let one = include_str!("../../fixtures/host/eh_one.json");
    for (body, expected) in [
        (
            one,
            "DeviceTelemetryToTwinFunc takes a batch of events from the Functions host: the trigger hands over no batch of events: its function.json needs \"cardinality\": \"many\", as the metadata of an event that comes alone can be forged by its sender.",
        ),
        (
            "{",
            "DeviceTelemetryToTwinFunc takes a batch of events from the Functions host: the invocation is not JSON (line 1, column 1).",
        ),
    ] {
        let answer = support::post_directly(&world, "/DeviceTelemetryToTwinFunc", body).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert_eq!(body, expected);
    }
}
