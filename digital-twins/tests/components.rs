//! Telemetry of IoT Plug and Play devices with components: it goes to the components of the twin,
//! and never to the twin itself.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use digital_twins_instance::{Call, Fault};
use functions_host::EventHubEvent;
use serde_json::{Value, json};
use support::{CONTROLLER, OLD_CONTROLLER, THERMOSTAT, World, assert_done, reading};

/// A batch of two readings, each of a component, as the Functions host sends it.
const TWO_COMPONENTS: &str = include_str!("../../fixtures/field/events-two-components.json");

const NEITHER: &str = "thermostat-1: the twin, of the model dtmi:contosocom:DigitalTwins:Thermostat;2, lacks these components, whose telemetry is skipped: thermostat1, thermostat2";

fn of_component(device: &str, component: &str, temperature: f64) -> EventHubEvent {
    reading(device, temperature).system_property("dt-subject", component)
}

/// A twin of a device with two components.
fn components() -> Value {
    json!({"thermostat1": {"$metadata": {}}, "thermostat2": {"$metadata": {}}})
}

/// Posts the batch of two components; returns the lines that it logs.
async fn post_two_components(world: &World) -> Vec<String> {
    let answer = support::post_directly(world, "/DeviceTelemetryToTwinFunc", TWO_COMPONENTS).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    serde_json::from_value(body["Logs"].clone()).unwrap()
}

#[tokio::test]
async fn components_that_the_twin_does_not_have_leave_it_alone() {
    let world = World::start().await;
    world.make_twin("thermostat-1", THERMOSTAT, json!({"Temperature": 20.0}));
    let before = world.twins.instance().get("thermostat-1").unwrap();
    let logs = post_two_components(&world).await;
    assert_eq!(world.twins.instance().get("thermostat-1").unwrap(), before);
    assert_eq!(world.calls(Call::PatchTwin), 0);
    assert_eq!(
        logs,
        [
            NEITHER,
            "2 events: 0 twins written, 0 refused, 0 failed; 0 events skipped, 0 left out"
        ]
    );
}

#[tokio::test]
async fn components_of_the_twin_get_their_own_values() {
    let world = World::start().await;
    world.make_twin("thermostat-1", CONTROLLER, components());
    let logs = post_two_components(&world).await;
    let temperatures = ["thermostat1", "thermostat2"]
        .map(|name| world.property("thermostat-1", name)["Temperature"].clone());
    assert_eq!(temperatures, [json!(21), json!(85)]);
    assert_eq!(
        (world.calls(Call::GetTwin), world.calls(Call::PatchTwin)),
        (1, 1)
    );
    assert_eq!(
        logs,
        ["2 events: 1 twins written, 0 refused, 0 failed; 0 events skipped, 0 left out"]
    );
}

#[tokio::test]
async fn what_one_component_lacks_the_others_and_the_twin_get() {
    let setting = "Temperature,hum=Humidity";
    let world = World::with_settings(&[("ADT_TELEMETRY_PROPERTIES", setting)]).await;
    let one = json!({"thermostat1": {"$metadata": {}}});
    world.make_twin("dev", OLD_CONTROLLER, one);
    let delivery = world
        .telemetry(vec![
            of_component("dev", "thermostat1", 21.0),
            of_component("dev", "thermostat2", 22.0),
            EventHubEvent::telemetry("dev", r#"{"hum":40}"#),
            of_component("dev", "thermostat1", 23.0),
        ])
        .await;
    assert_done(&delivery);
    assert_eq!(world.property("dev", "thermostat1")["Temperature"], 23.0);
    assert_eq!(world.property("dev", "Humidity"), 40);
    assert_eq!(
        delivery.logs()[0],
        "dev: the twin, of the model dtmi:com:example:TemperatureController;1, lacks these components, whose telemetry is skipped: thermostat2"
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn what_a_component_s_model_refuses_is_told_with_its_path() {
    let setting = "Temperature,hum=Humidity";
    let world = World::with_settings(&[("ADT_TELEMETRY_PROPERTIES", setting)]).await;
    world.make_twin("dev", CONTROLLER, components());
    let event = EventHubEvent::telemetry("dev", r#"{"Temperature":21,"hum":40}"#)
        .system_property("dt-subject", "thermostat1");
    let delivery = world.telemetry(vec![event]).await;
    assert_done(&delivery);
    assert_eq!(world.property("dev", "thermostat1")["Temperature"], 21);
    assert_eq!(
        delivery.logs()[0],
        "dev, thermostat1/Humidity: Digital Twins answered 400 ValidationFailed: The model dtmi:com:example:Thermostat;1 has no property \"Humidity\""
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn a_component_that_can_be_none_and_a_twin_that_is_not_there_are_told() {
    let world = World::start().await;
    world.make_twin("dev", CONTROLLER, components());
    let delivery = world
        .telemetry(vec![
            of_component("dev", "thermostat1/../..", 21.0),
            of_component("nobody", "thermostat1", 22.0),
        ])
        .await;
    assert_done(&delivery);
    assert_eq!(
        delivery.logs(),
        [
            "event 0 is left out: its system property dt-subject is not a valid component name",
            "nobody: Digital Twins answered 404 DigitalTwinNotFound: There is no digital twin \"nobody\"",
            "2 events: 0 twins written, 1 refused, 0 failed; 0 events skipped, 1 left out",
        ]
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn a_twin_that_cannot_be_read_now_comes_again() {
    let world = World::start().await;
    world.make_twin("dev", CONTROLLER, components());
    world.twins.inject(Fault::status(Call::GetTwin, 4, 503));
    let delivery = world
        .telemetry(vec![of_component("dev", "thermostat1", 21.0)])
        .await;
    assert_eq!((delivery.attempts.len(), delivery.lost), (2, vec![]));
    assert_eq!(world.property("dev", "thermostat1")["Temperature"], 21.0);
    world.assert_no_violations();
}
