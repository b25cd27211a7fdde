//! `DeleteDeviceInTwinFunc` behind the emulated host: devices are deleted, and their twins go.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use digital_twins_instance::{Call, Fault, Options};
use functions_host::EventHubEvent;
use serde_json::json;
use support::{HUB, SPACE, THERMOSTAT, World, assert_done, deleted};

#[tokio::test]
async fn a_deleted_device_takes_its_twin_and_its_relationships_with_it() {
    let world = World::with(
        &[],
        Options {
            page_size: 2,
            ..Options::default()
        },
    )
    .await;
    world.register("dev").await;
    for room in 0..5 {
        let room = format!("room-{room}");
        world.make_twin(&room, SPACE, json!({}));
        world.relate("dev", &format!("serves-{room}"), "serves", &room);
        world.relate(&room, "contains-dev", "contains", "dev");
    }
    let delivery = world.delete_device(HUB, "dev").await;
    assert_done(&delivery);
    assert_eq!(
        delivery.logs(),
        ["device dev is gone: its twin dev is deleted"]
    );
    assert_eq!(
        world.twin_ids(),
        ["room-0", "room-1", "room-2", "room-3", "room-4"]
    );
    for room in world.twin_ids() {
        assert_eq!(
            world.twins.instance().outgoing(&room).unwrap(),
            [] as [serde_json::Value; 0]
        );
    }
    assert_eq!(world.calls(Call::ListRelationships), 3, "all pages");
    world.assert_no_violations();
}

#[tokio::test]
async fn handling_a_batch_twice_is_handling_it_once() {
    let world = World::start().await;
    world.register("dev").await;
    assert_done(&world.delete_device(HUB, "dev").await);
    let again = world.delete_device(HUB, "dev").await;
    assert_done(&again);
    assert_eq!(again.logs(), ["device dev is gone: it has no twin"]);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_twin_of_another_name_is_found_by_its_registration_or_by_the_device_s_tags() {
    let world = World::start().await;
    world.make_twin("Room 1", THERMOSTAT, json!({"HubRegistrationId": "dev-1"}));
    world.make_twin(
        "Room 2",
        THERMOSTAT,
        json!({"HubRegistrationId": "the-registration-of-dev-2"}),
    );
    let twin = json!({"deviceId": "dev-2", "tags": {"dtId": "Room 2"}});
    let tagged = EventHubEvent::lifecycle("hub-a", "dev-2", "deleteDeviceIdentity", &twin);
    assert_done(&world.lifecycle(vec![deleted(HUB, "dev-1"), tagged]).await);
    assert_eq!(world.twin_ids(), [""; 0]);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_twin_that_belongs_to_another_device_stays() {
    let world = World::start().await;
    world.make_twin("dev", THERMOSTAT, json!({"HubRegistrationId": "another"}));
    let delivery = world.delete_device(HUB, "dev").await;
    assert_done(&delivery);
    assert_eq!(
        delivery.logs(),
        ["device dev is gone: the twin dev stays: it belongs to another"]
    );
    assert_eq!(world.twin_ids(), ["dev"]);
}

#[tokio::test]
async fn a_device_that_was_deleted_and_made_again_keeps_its_twin() {
    let world = World::start().await;
    world.register("dev").await;
    let made = EventHubEvent::lifecycle("hub-a", "dev", "createDeviceIdentity", &json!({}));
    assert_done(&world.lifecycle(vec![deleted(HUB, "dev"), made]).await);
    assert_eq!(world.twin_ids(), ["dev"]);
}

#[tokio::test]
async fn a_relationship_that_is_made_meanwhile_goes_too() {
    let world = World::start().await;
    world.register("dev").await;
    world.make_twin("room", SPACE, json!({}));
    world
        .twins
        .inject(Fault::meanwhile(Call::DeleteTwin, |instance| {
            let serves = json!({"$targetId": "room", "$relationshipName": "serves"});
            instance.put_relationship("dev", "late", &serves).unwrap();
        }));
    assert_done(&world.delete_device(HUB, "dev").await);
    assert_eq!(world.twin_ids(), ["room"]);
    world.assert_no_violations();
}

#[tokio::test]
async fn a_device_that_moves_while_its_twin_is_deleted_keeps_it() {
    let world = World::start().await;
    world.register("dev").await;
    world
        .twins
        .inject(Fault::meanwhile(Call::DeleteTwin, |instance| {
            let moved =
                json!([{"op": "add", "path": "/IotHubHostName", "value": support::OTHER_HUB}]);
            instance
                .patch("dev", &moved, None, "2026-11-22T12:00:01Z")
                .unwrap();
        }));
    let delivery = world.delete_device(HUB, "dev").await;
    assert_done(&delivery);
    assert_eq!(
        delivery.logs(),
        ["device dev is gone: the twin dev stays: the device has moved to hub-b.azure-devices.net"]
    );
    assert_eq!(world.twin_ids(), ["dev"]);
}

#[tokio::test]
async fn what_fails_for_the_moment_comes_again_until_it_succeeds() {
    let world = World::start().await;
    world.register("dev-1").await;
    world.register("dev-2").await;
    world
        .twins
        .inject(Fault::status(Call::DeleteTwin, 4, 500).of("dev-1"));
    let delivery = world
        .lifecycle(vec![deleted(HUB, "dev-1"), deleted(HUB, "dev-2")])
        .await;
    let succeeded: Vec<_> = delivery
        .attempts
        .iter()
        .map(|attempt| attempt.succeeded)
        .collect();
    assert_eq!((succeeded, delivery.lost), (vec![false, true], vec![]));
    assert_eq!(world.twin_ids(), [""; 0]);
    world.assert_no_violations();
}

#[tokio::test]
async fn older_versions_of_the_api_serve_as_well() {
    let world = World::with_settings(&[("ADT_API_VERSION", "2020-10-31")]).await;
    world.register("dev").await;
    assert_done(&world.delete_device(HUB, "dev").await);
    assert_eq!(world.twin_ids(), [""; 0]);
}
