//! `deploy/rotate-key` against a stand-in for `az`: no enrollment is ever left with a key that is
//! revoked.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod stand_in;

use std::sync::OnceLock;

use serde_json::{Value, json};
use stand_in::World;

/// Enrollments of all kinds that call the function with the key dps-1, and some that don't.
fn world() -> World {
    static PREPARED: OnceLock<Value> = OnceLock::new();
    let world = World::new();
    world.write(PREPARED.get_or_init(|| prepared().read()));
    world
}

fn prepared() -> World {
    let world = World::new();
    world.run("enrollments", &[]);
    let webhook = world.webhook("dps-1");
    let other = "https://elsewhere.azurewebsites.net/api/HttpTrigger1?code=s3cr3t-elsewhere";
    let record = |webhook: &str, attestation: Value, etag: &str| {
        json!({
            "attestation": attestation,
            "allocationPolicy": "custom",
            "customAllocationDefinition": {"webhookUrl": webhook, "apiVersion": "2019-03-31"},
            "initialTwin": {"tags": {"kept": true}},
            "etag": etag,
        })
    };
    let keys = json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": "s3cr3t-1", "secondaryKey": "s3cr3t-2"}});
    world.change(|world| {
        world["services"]["dps-dev"]["records"]["enrollmentGroups"]["other"] =
            record(other, keys.clone(), "e100");
        world["services"]["dps-dev"]["records"]["enrollmentGroups"]["hashed"] = json!({
            "attestation": keys, "allocationPolicy": "hashed", "etag": "e101",
        });
        for number in 1..=3 {
            world["services"]["dps-dev"]["records"]["enrollments"][format!("dev-{number}")] =
                record(
                    &webhook.replace("func-allocation", "FUNC-allocation"),
                    keys.clone(),
                    &format!("e11{number}"),
                );
        }
        world["services"]["dps-dev"]["records"]["enrollments"]["dev-x"] = record(
            &webhook,
            json!({"type": "x509", "x509": {"clientCertificates": {"primary": {"info": {}}}}}),
            "e120",
        );
        // As the stand-in keeps them: by name, with the id inside.
        for (collection, id) in [
            ("enrollmentGroups", "enrollmentGroupId"),
            ("enrollments", "registrationId"),
        ] {
            for (name, record) in world["services"]["dps-dev"]["records"][collection]
                .as_object_mut()
                .unwrap()
            {
                record[id] = json!(name);
            }
        }
    });
    world.plan(&json!([]));
    world
}

/// The enrollments that call the function, with the keys in their webhooks.
fn webhooks(world: &World) -> Vec<(String, String)> {
    let world = world.read();
    let mut found = Vec::new();
    for records in world["services"]["dps-dev"]["records"]
        .as_object()
        .unwrap()
        .values()
    {
        for (name, record) in records.as_object().unwrap() {
            if let Some(url) = record["customAllocationDefinition"]["webhookUrl"].as_str()
                && url.to_lowercase().starts_with("https://func-allocation.")
            {
                found.push((
                    name.clone(),
                    url.split("code=").nth(1).unwrap_or_default().to_owned(),
                ));
            }
        }
    }
    found
}

/// Every enrollment has a key that the function takes.
#[track_caller]
fn nobody_is_locked_out(world: &World) {
    let found = world.read();
    let keys: Vec<_> = found["apps"]["func-allocation"]["HttpTrigger1"]
        .as_object()
        .unwrap()
        .values()
        .collect();
    for (name, key) in webhooks(world) {
        assert!(
            keys.iter().any(|known| **known == key),
            "{name} has a key that is revoked"
        );
    }
}

/// One key is left, and all enrollments have it.
#[track_caller]
fn is_rotated(world: &World, to: &str) {
    let found = world.read();
    let keys = found["apps"]["func-allocation"]["HttpTrigger1"]
        .as_object()
        .unwrap();
    let names: Vec<_> = keys
        .keys()
        .filter(|name| name.starts_with("dps-"))
        .collect();
    assert_eq!(names, [to]);
    for (name, key) in webhooks(world) {
        assert_eq!(key, world.key(to).unwrap(), "{name}");
    }
}

#[test]
fn every_enrollment_gets_the_new_key_and_the_old_one_is_revoked() {
    let world = world();
    let before = world.read();
    let done = world.run("rotate-key", &[]);
    assert_eq!((done.status, done.errors.as_str()), (Some(0), ""));
    assert_eq!(
        done.output,
        "made the key dps-2 of HttpTrigger1\n\
         updated group contoso-custom-allocated-devices of dps-dev\n\
         updated individual dev-1 of dps-dev\n\
         updated individual dev-2 of dps-dev\n\
         updated individual dev-3 of dps-dev\n\
         updated individual dev-x of dps-dev\n\
         revoked dps-1\n\
         every enrollment calls HttpTrigger1 with dps-2\n"
    );
    is_rotated(&world, "dps-2");
    assert_eq!(webhooks(&world).len(), 5);
    assert_eq!(world.key("default").as_deref(), Some("s3cr3t-default"));
    // Nothing else of them has changed, and no device has lost its key.
    let records = &before["services"]["dps-dev"]["records"];
    for (collection, records) in records.as_object().unwrap() {
        for (name, before) in records.as_object().unwrap() {
            let after = world.record(collection, name);
            for member in ["attestation", "initialTwin", "allocationPolicy"] {
                assert_eq!(after[member], before[member], "{member} of {name}");
            }
            let version = "apiVersion";
            assert_eq!(
                after["customAllocationDefinition"][version],
                before["customAllocationDefinition"][version]
            );
        }
    }
    assert_eq!(
        world.record("enrollmentGroups", "other"),
        records["enrollmentGroups"]["other"]
    );
    assert_eq!(
        world.record("enrollmentGroups", "hashed"),
        records["enrollmentGroups"]["hashed"]
    );
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let world = world();
    let before = world.read();
    let done = world.run("rotate-key", &["--dry-run"]);
    assert_eq!(
        done.output,
        "would make the key dps-2 of HttpTrigger1\n\
         would update group contoso-custom-allocated-devices of dps-dev\n\
         would update individual dev-1 of dps-dev\n\
         would update individual dev-2 of dps-dev\n\
         would update individual dev-3 of dps-dev\n\
         would update individual dev-x of dps-dev\n\
         would revoke dps-1\n"
    );
    let after = world.read();
    assert_eq!(
        (&after["apps"], &after["services"]),
        (&before["apps"], &before["services"])
    );
}

#[test]
fn it_can_be_killed_anywhere_and_run_again() {
    let calls = {
        let world = world();
        world.run("rotate-key", &[]);
        world.calls()
    };
    assert!(calls > 20, "{calls}");
    for call in 1..=calls {
        for stop in ["before", "after"] {
            let world = world();
            world.plan(&json!([{"call": call, "stop": stop}]));
            let done = world.run("rotate-key", &[]);
            assert_eq!(done.status, None, "{stop} {call}: {done:?}");
            nobody_is_locked_out(&world);
            let was_done = world.key("dps-1").is_none();
            world.plan(&json!([]));
            let done = world.run("rotate-key", &[]);
            assert_eq!(done.status, Some(0), "{stop} {call}: {done:?}");
            // Where the old key was revoked already, this was a rotation of its own.
            is_rotated(&world, if was_done { "dps-3" } else { "dps-2" });
        }
    }
}

#[test]
fn a_run_that_finds_two_keys_goes_on() {
    let world = world();
    world.plan(&json!([{"call": 7, "stop": "after"}]));
    world.run("rotate-key", &[]);
    world.plan(&json!([]));
    let done = world.run("rotate-key", &["--dry-run"]);
    assert!(
        done.output
            .starts_with("an earlier run made dps-2: going on with it\n"),
        "{done:?}"
    );
    assert!(done.output.ends_with("would revoke dps-1\n"), "{done:?}");
    let done = world.run("rotate-key", &[]);
    assert!(
        done.output
            .starts_with("an earlier run made dps-2: going on with it\n"),
        "{done:?}"
    );
    is_rotated(&world, "dps-2");
}

#[test]
fn a_busy_service_and_what_others_do_meanwhile() {
    let calls = {
        let world = world();
        world.run("rotate-key", &[]);
        world.calls()
    };
    for call in 1..=calls {
        let plans = [
            json!({"call": call, "status": 429, "retry_after": "0"}),
            json!({"call": call, "change": "touch"}),
            json!({"call": call, "change": "delete"}),
        ];
        for plan in plans {
            let world = world();
            world.plan(&json!([plan]));
            let done = world.run("rotate-key", &[]);
            assert_eq!(done.status, Some(0), "{plan}: {done:?}");
            is_rotated(&world, "dps-2");
        }
    }
}

#[test]
fn a_key_that_the_app_does_not_let_in_is_given_to_nobody() {
    let world = world();
    world.change(|world| world["unknown_for"] = json!(1000));
    let done = world.run("rotate-key", &[]);
    assert_eq!(
        done.errors,
        "rotate-key: func-allocation does not let the key of HttpTrigger1 in, it answers 401: no enrollment was changed; try again later\n"
    );
    nobody_is_locked_out(&world);
    assert!(
        webhooks(&world)
            .iter()
            .all(|(_, key)| *key == world.key("dps-1").unwrap())
    );
}

#[test]
fn enrollments_whose_key_is_hidden_are_written_once_a_run() {
    let world = world();
    world.change(|world| world["hides_keys"] = json!(true));
    let done = world.run("rotate-key", &[]);
    assert_eq!(done.output.matches("updated").count(), 5, "{done:?}");
    is_rotated(&world, "dps-2");
}

#[test]
fn enrollments_made_in_the_portal_move_to_a_key_of_ours() {
    let world = world();
    let default = world.webhook("default");
    world.change(|world| {
        world["apps"]["func-allocation"]["HttpTrigger1"].as_object_mut().unwrap().remove("dps-1");
        let group = &mut world["services"]["dps-dev"]["records"]["enrollmentGroups"]["contoso-custom-allocated-devices"];
        group["customAllocationDefinition"]["webhookUrl"] = json!(default);
    });
    let done = world.run("rotate-key", &["--renew-default"]);
    assert!(
        done.output
            .ends_with("renewed the key default\nevery enrollment calls HttpTrigger1 with dps-1\n"),
        "{done:?}"
    );
    is_rotated(&world, "dps-1");
    assert_ne!(world.key("default").as_deref(), Some("s3cr3t-default"));
}

#[test]
fn all_services_that_call_the_app_are_seen() {
    let world = world();
    let webhook = world.webhook("dps-1");
    world.change(|world| {
        world["services"]["dps-too"] = json!({"records": {"enrollmentGroups": {"there": {
            "enrollmentGroupId": "there",
            "attestation": {"type": "x509"},
            "customAllocationDefinition": {"webhookUrl": webhook},
            "etag": "e1",
        }}}});
    });
    let done = world.run("rotate-key", &["--and-dps", "dps-too"]);
    assert!(
        done.output.contains("updated group there of dps-too\n"),
        "{done:?}"
    );
    let url = world.read()["services"]["dps-too"]["records"]["enrollmentGroups"]["there"]["customAllocationDefinition"]
        ["webhookUrl"]
        .clone();
    assert_eq!(url, world.webhook("dps-2"));
}

#[test]
fn the_key_of_the_other_app() {
    let world = World::new();
    let done = world.run("rotate-key", &["--of", "digital-twins"]);
    assert_eq!(
        done.output,
        "made the key dps-1 of DpsAdtAllocationFunc\nevery enrollment calls DpsAdtAllocationFunc with dps-1\n"
    );
}
