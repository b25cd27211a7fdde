//! The fifteen mistakes of the sample that this app is modelled on, each with the test that this
//! app does not make it.
//!
//! The sample: <https://github.com/Azure-Samples/digital-twins-iothub-integration>.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use digital_twins_instance::{Call, Fault, Options};
use functions_host::EventHubEvent;
use serde_json::{Value, json};
use support::token_endpoint::{self, HEADER, TOKEN};
use support::{
    HUB, OTHER_HUB, SPACE, THERMOSTAT, World, assert_answer, assert_done, assignment, make_twin,
    reading, request,
};

async fn with_twin(properties: Value) -> World {
    let world = World::start().await;
    world.make_twin("dev", THERMOSTAT, properties);
    world
}

/// The app in Azure, where its managed identity signs it in.
async fn signed_in(more: &[(&str, &str)]) -> (World, token_endpoint::Queries) {
    let (endpoint, queries) = token_endpoint::start().await;
    let mut settings = vec![
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", HEADER),
    ];
    settings.extend_from_slice(more);
    let options = Options {
        bearer_token: Some(TOKEN.into()),
        ..Options::default()
    };
    (World::with(&settings, options).await, queries)
}

#[tokio::test]
async fn mistake_1_a_request_that_lacks_something_was_a_500() {
    let world = World::start().await;
    let mut no_payload = request("dev");
    no_payload["deviceRuntimeContext"]["payload"] = Value::Null;
    let mut no_hubs = request("dev");
    no_hubs
        .as_object_mut()
        .unwrap()
        .remove("linkedHubs")
        .unwrap();
    for body in [no_payload.to_string(), no_hubs.to_string(), "{".to_owned()] {
        let answer = world.post(body).await;
        assert_eq!(answer.response.status, 400);
        assert!(
            answer.response.text().ends_with('.'),
            "{}",
            answer.response.text()
        );
    }
    world.assert_no_violations();
}

#[tokio::test]
async fn mistake_2_a_twin_of_another_model_was_wiped() {
    let world = World::start().await;
    world.make_twin(
        "dev",
        SPACE,
        json!({"DisplayName": "Hall", "Location": "North"}),
    );
    let before = world.twins.instance().get("dev").unwrap();
    assert_eq!(world.register("dev").await.response.status, 400);
    assert_eq!(world.twins.instance().get("dev").unwrap(), before);
}

#[tokio::test]
async fn mistake_3_a_twin_that_was_made_meanwhile_was_reset() {
    let world = World::start().await;
    world
        .twins
        .inject(Fault::meanwhile(Call::PutTwin, |instance| {
            make_twin(instance, "dev", THERMOSTAT, json!({"Temperature": 21.5}));
        }));
    assert_answer(&world.register("dev").await, 200, &assignment(HUB, "dev"));
    assert_eq!(world.property("dev", "Temperature"), 21.5);
}

#[tokio::test]
async fn mistake_4_every_request_signed_in_anew() {
    let (world, queries) = signed_in(&[]).await;
    assert_eq!(
        queries.lock().unwrap().len(),
        0,
        "nothing before it is needed"
    );
    for id in ["dev-1", "dev-2", "dev-3"] {
        assert_answer(&world.register(id).await, 200, &assignment(HUB, id));
    }
    assert_done(
        &world
            .telemetry(vec![reading("dev-1", 21.5), reading("dev-2", 22.5)])
            .await,
    );
    assert_done(&world.delete_device(HUB, "dev-1").await);
    assert_eq!(queries.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn mistake_5_model_ids_were_compared_without_their_case() {
    let world = with_twin(json!({})).await;
    let mut request = request("dev");
    request["deviceRuntimeContext"]["payload"]["modelId"] =
        json!("dtmi:contosocom:DigitalTwins:THERMOSTAT;2");
    let answer = world.allocate(&request).await;
    assert_eq!(answer.response.status, 400);
    assert!(
        answer.response.text().contains("is of the model"),
        "{}",
        answer.response.text()
    );
}

#[tokio::test]
async fn mistake_6_the_service_s_address_was_taken_for_the_identity_s_id() {
    let (world, queries) = signed_in(&[]).await;
    world.register("dev").await;
    let query = queries.lock().unwrap()[0].clone();
    assert_eq!(query["resource"], "https://digitaltwins.azure.net");
    assert_eq!(query.get("client_id"), None);

    let (world, queries) = signed_in(&[("AZURE_CLIENT_ID", "the-identity-s-id")]).await;
    world.register("dev").await;
    assert_eq!(queries.lock().unwrap()[0]["client_id"], "the-identity-s-id");
}

#[tokio::test]
async fn mistake_7_a_property_that_was_never_set_could_not_be_updated() {
    let world = with_twin(json!({})).await;
    assert_eq!(world.property("dev", "Temperature"), Value::Null);
    assert_done(&world.telemetry(vec![reading("dev", 21.5)]).await);
    assert_eq!(world.property("dev", "Temperature"), 21.5);
}

#[tokio::test]
async fn mistake_8_the_enrichment_with_the_twin_s_id_was_ignored() {
    let world = with_twin(json!({})).await;
    world.make_twin("Room 1", THERMOSTAT, json!({}));
    let enriched = reading("other", 21.0).property("dtId", "Room 1");
    let unresolved = reading("dev", 22.0).property("dtId", "$twin.tags.dtId");
    assert_done(&world.telemetry(vec![enriched, unresolved]).await);
    assert_eq!(world.property("Room 1", "Temperature"), 21.0);
    assert_eq!(world.property("dev", "Temperature"), 22.0);
}

#[tokio::test]
async fn mistake_9_one_bad_event_failed_the_whole_batch() {
    let world = with_twin(json!({})).await;
    let bad = EventHubEvent::telemetry("dev", "no JSON");
    assert_done(
        &world
            .telemetry(vec![bad, reading("dev", 21.5), reading("nobody", 1.0)])
            .await,
    );
    assert_eq!(world.property("dev", "Temperature"), 21.5);

    world.twins.inject(Fault::status(Call::PatchTwin, 4, 500));
    let delivery = world.telemetry(vec![reading("dev", 22.5)]).await;
    assert_eq!(
        (delivery.attempts.len(), delivery.lost),
        (2, vec![]),
        "what is not the event's fault comes again"
    );
    assert_eq!(world.property("dev", "Temperature"), 22.5);
}

#[tokio::test]
async fn mistake_10_every_message_was_a_write() {
    let world = with_twin(json!({})).await;
    assert_done(
        &world
            .telemetry(
                (0..500)
                    .map(|number| reading("dev", f64::from(number)))
                    .collect(),
            )
            .await,
    );
    assert_eq!(world.property("dev", "Temperature"), 499.0);
    assert_eq!(world.calls(Call::PatchTwin), 1);
}

#[tokio::test]
async fn mistake_11_the_deletion_of_a_module_deleted_the_device_s_twin() {
    let world = with_twin(json!({})).await;
    let deleted = || EventHubEvent::lifecycle("hub-a", "dev", "deleteDeviceIdentity", &json!({}));
    let module = deleted().property("moduleId", "camera");
    let annotated = deleted().system_property("iothub-connection-module-id", "camera");
    assert_done(&world.lifecycle(vec![module, annotated]).await);
    assert_eq!(world.twin_ids(), ["dev"]);
}

#[tokio::test]
async fn mistake_12_a_device_that_moved_to_another_hub_lost_its_twin() {
    let world = World::start().await;
    world.register("dev").await;
    // Its hub is no longer linked: it moves, and then disappears from the old hub.
    let mut again = request("dev");
    again["deviceRuntimeContext"]["currentIotHubHostName"] = json!(HUB);
    again["linkedHubs"] = json!([OTHER_HUB]);
    assert_answer(
        &world.allocate(&again).await,
        200,
        &assignment(OTHER_HUB, "dev"),
    );
    assert_done(&world.delete_device(HUB, "dev").await);
    assert_eq!(world.twin_ids(), ["dev"]);
    assert_done(&world.delete_device(OTHER_HUB, "dev").await);
    assert_eq!(world.twin_ids(), [""; 0]);
}

#[tokio::test]
async fn mistake_13_a_relationship_that_had_gone_kept_the_twin() {
    let world = World::start().await;
    world.register("dev").await;
    world.make_twin("room", SPACE, json!({}));
    world.relate("dev", "serves-room", "serves", "room");
    world.relate("room", "contains-dev", "contains", "dev");
    world
        .twins
        .inject(Fault::meanwhile(Call::DeleteRelationship, |instance| {
            instance
                .delete_relationship("dev", "serves-room", None)
                .unwrap();
        }));
    assert_done(&world.delete_device(HUB, "dev").await);
    assert_eq!(world.twin_ids(), ["room"]);
}

#[tokio::test]
async fn mistake_14_telemetry_during_a_deletion_kept_the_twin() {
    let world = World::start().await;
    world.register("dev").await;
    world
        .twins
        .inject(Fault::meanwhile(Call::DeleteTwin, |instance| {
            let reading = json!([{"op": "add", "path": "/Temperature", "value": 22}]);
            instance
                .patch("dev", &reading, None, "2026-11-22T12:00:01Z")
                .unwrap();
        }));
    assert_done(&world.delete_device(HUB, "dev").await);
    assert_eq!(world.twin_ids(), [""; 0]);
    assert_eq!(world.calls(Call::DeleteTwin), 2);
}

#[tokio::test]
async fn mistake_15_an_event_without_an_operation_failed_the_batch() {
    let world = World::start().await;
    world.register("dev").await;
    let nothing =
        EventHubEvent::new("{}").system_property("iothub-message-source", "deviceLifecycleEvents");
    assert_done(
        &world
            .lifecycle(vec![nothing, support::deleted(HUB, "dev")])
            .await,
    );
    assert_eq!(world.twin_ids(), [""; 0]);
}
