//! A device whose firmware brings a newer version of its model, behind the emulated host.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use digital_twins_instance::{Call, Fault};
use serde_json::{Value, json};
use support::{CONTROLLER, HUB, OLD_CONTROLLER, World, assert_answer, request};

const ON: (&str, &str) = ("ADT_UPGRADE_MODELS", "true");
const INITIAL: (&str, &str) = (
    "ADT_INITIAL_PROPERTIES",
    r#"{"thermostat1":{"$metadata":{}},"thermostat2":{"$metadata":{}}}"#,
);

/// The app with these settings, and a twin of the old model.
async fn with_old_twin(settings: &[(&str, &str)]) -> World {
    let world = World::with_settings(settings).await;
    let properties = json!({
        "HubRegistrationId": "dev", "FirmwareVersion": "1.0",
        "thermostat1": {"$metadata": {}, "Temperature": 21.5},
    });
    world.make_twin("dev", OLD_CONTROLLER, properties);
    world
}

fn request_of(model: &str) -> Value {
    let mut request = request("dev");
    request["deviceRuntimeContext"]["payload"]["modelId"] = json!(model);
    request
}

fn assignment_of(model: &str) -> String {
    format!(
        r#"{{"iotHubHostName":"{HUB}","initialTwin":{{"properties":{{"desired":{{}}}},"tags":{{"dtId":"dev","dtmi":"{model}"}}}}}}"#
    )
}

fn model(world: &World) -> String {
    let metadata = world.property("dev", "$metadata");
    metadata["$model"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_newer_version_of_its_model_upgrades_the_twin_and_keeps_what_it_says() {
    let world = with_old_twin(&[ON, INITIAL]).await;
    let answer = world.allocate(&request_of(CONTROLLER)).await;
    assert_answer(&answer, 200, &assignment_of(CONTROLLER));
    assert_eq!(model(&world), CONTROLLER);
    assert_eq!(world.property("dev", "thermostat1")["Temperature"], 21.5);
    assert_eq!(world.property("dev", "FirmwareVersion"), "1.0");
    assert_eq!(world.property("dev", "IotHubHostName"), HUB);
    assert_eq!(
        answer.logs[2],
        "the twin dev is found by its id, and upgraded from the model dtmi:com:example:TemperatureController;1 to dtmi:com:example:TemperatureController;2; assigned to hub-a.azure-devices.net"
    );
    let again = world.allocate(&request_of(CONTROLLER)).await;
    assert_answer(&again, 200, &assignment_of(CONTROLLER));
    assert_eq!(world.calls(Call::PatchTwin), 1);
    world.assert_no_violations();
}

#[tokio::test]
async fn without_the_setting_and_for_an_older_version_the_twin_stays_and_the_device_is_refused() {
    let other = |is: &str, wanted: &str| {
        format!(
            "The device's digital twin dev is of the model {is}, and the device says {wanted}: delete the twin or correct the device."
        )
    };
    let world = with_old_twin(&[INITIAL]).await;
    let before = world.twins.instance().get("dev").unwrap();
    let answer = world.allocate(&request_of(CONTROLLER)).await;
    assert_answer(&answer, 400, &other(OLD_CONTROLLER, CONTROLLER));
    assert_eq!(world.twins.instance().get("dev").unwrap(), before);

    let world = with_old_twin(&[ON, INITIAL]).await;
    world.allocate(&request_of(CONTROLLER)).await;
    let answer = world.allocate(&request_of(OLD_CONTROLLER)).await;
    assert_answer(&answer, 400, &other(CONTROLLER, OLD_CONTROLLER));
    assert_eq!(model(&world), CONTROLLER);
}

#[tokio::test]
async fn a_twin_that_does_not_fit_the_newer_version_stays_as_it_is() {
    let world = with_old_twin(&[ON, ("ADT_INITIAL_PROPERTIES", "{}")]).await;
    let before = world.twins.instance().get("dev").unwrap();
    let answer = world.allocate(&request_of(CONTROLLER)).await;
    assert_answer(
        &answer,
        400,
        "The Digital Twins instance refuses the device's twin of the model dtmi:com:example:TemperatureController;2 (ValidationFailed: The digital twin lacks the component \"thermostat2\" of the model dtmi:com:example:TemperatureController;2: it is an object with $metadata).",
    );
    assert_eq!(world.twins.instance().get("dev").unwrap(), before);
}

#[tokio::test]
async fn a_twin_that_changes_before_its_upgrade_is_looked_at_again() {
    let world = with_old_twin(&[ON, INITIAL]).await;
    let change = Fault::meanwhile(Call::PatchTwin, |instance| {
        let reading = json!([{"op": "add", "path": "/thermostat1/Temperature", "value": 22}]);
        instance
            .patch("dev", &reading, None, "2026-11-22T12:00:01Z")
            .unwrap();
    });
    world.twins.inject(change);
    let answer = world.allocate(&request_of(CONTROLLER)).await;
    assert_answer(&answer, 200, &assignment_of(CONTROLLER));
    assert_eq!(world.property("dev", "thermostat1")["Temperature"], 22);
    assert_eq!(
        (model(&world), world.calls(Call::PatchTwin)),
        (CONTROLLER.to_owned(), 2)
    );
    world.assert_no_violations();
}

#[tokio::test]
async fn a_new_device_with_components_gets_a_twin_with_them() {
    let world = World::with_settings(&[INITIAL]).await;
    let answer = world.allocate(&request_of(CONTROLLER)).await;
    assert_answer(&answer, 200, &assignment_of(CONTROLLER));
    assert_eq!(
        world.property("dev", "thermostat2"),
        json!({"$metadata": {}})
    );
    world.assert_no_violations();
}
