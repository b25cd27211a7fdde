//! `deploy/enrollments` when things go wrong: Azure is busy or not ready, somebody else is faster,
//! or the script is killed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod stand_in;

use serde_json::{Value, json};
use stand_in::{GROUP, PYTHON, World};

const GROUPS: &str = "enrollmentGroups";

#[test]
fn a_new_key_is_tried_until_the_app_lets_it_in() {
    let world = World::new();
    world.change(|world| world["unknown_for"] = json!(4));
    let done = world.run("enrollments", &[]);
    assert_eq!(done.status, Some(0), "{done:?}");
    world.has_its_group();

    let world = World::new();
    world.change(|world| world["unknown_for"] = json!(1000));
    let done = world.run("enrollments", &[]);
    assert_eq!(
        done.errors,
        "enrollments: func-allocation does not let the key of HttpTrigger1 in, it answers 401: no enrollment was changed; try again later\n"
    );
    assert_eq!(world.record(GROUPS, GROUP), Value::Null);
}

#[test]
fn a_busy_service_is_asked_again() {
    let calls = {
        let world = World::new();
        world.run("enrollments", &[]);
        world.calls()
    };
    for call in 1..=calls {
        for status in [429, 503] {
            let world = World::new();
            world.plan(&json!([{"call": call, "status": status, "retry_after": "0"}]));
            let done = world.run("enrollments", &[]);
            assert_eq!(done.status, Some(0), "{call}: {done:?}");
            world.has_its_group();
        }
    }
    let world = World::new();
    world.plan(&json!([{"call": 1, "status": 429, "retry_after": "1"}]));
    let done = world.run("enrollments", &[]);
    assert!(
        done.output
            .starts_with("  the service is busy (429): again in 1 s\n"),
        "{done:?}"
    );
}

/// A role that was given by the same `azd up` isn't known everywhere at once.
#[test]
fn a_service_that_does_not_let_one_in_yet_is_asked_again() {
    let world = World::new();
    world.run("enrollments", &[]);
    world.plan(&json!([]));
    world.run("enrollments", &[]);
    let call = world.calls();
    for status in [401, 403] {
        world.plan(&json!([{"call": call, "status": status, "retry_after": "0"}]));
        let done = world.run("enrollments", &[]);
        assert_eq!(
            done.output,
            format!(
                "  dps-dev does not let you in; a new role takes some minutes ({status}): again in 0 s\n\
                 unchanged group contoso-custom-allocated-devices\n"
            )
        );
    }
    let plans: Vec<_> = (call..call + 20)
        .map(|call| json!({"call": call, "status": 403, "retry_after": "0"}))
        .collect();
    world.plan(&json!(plans));
    let done = world.run("enrollments", &[]);
    assert!(
        done.errors
            .starts_with("enrollments: the group contoso-custom-allocated-devices: 403 "),
        "{done:?}"
    );
    assert_eq!(world.calls(), call + 9);
}

/// Right after a deployment the host is still starting.
#[test]
fn an_app_that_does_not_answer_for_its_function_yet_is_asked_again() {
    let world = World::new();
    for status in [400, 404, 503] {
        world.plan(&json!([{"call": 3, "status": status, "retry_after": "0"}]));
        let done = world.run("enrollments", &[]);
        assert_eq!(done.status, Some(0), "{done:?}");
    }
    world.has_its_group();
}

#[test]
fn a_service_that_stays_busy_ends_the_script() {
    let world = World::new();
    let plans: Vec<_> = (1..=20)
        .map(|call| json!({"call": call, "status": 429, "retry_after": "0"}))
        .collect();
    world.plan(&json!(plans));
    let done = world.run("enrollments", &[]);
    assert_eq!(
        done.errors,
        "enrollments: the service dps-dev: 429 Too Many Requests: Too much, with sharedAccessKey=**** in it\n"
    );
    assert_eq!((done.status, world.calls()), (Some(1), 8));
}

/// Whatever somebody else does between two calls, the group ends as the file wants it.
#[test]
fn what_others_do_meanwhile() {
    for change in ["touch", "delete", "make"] {
        for is_there in [false, true] {
            let prepared = || {
                let world = World::new();
                if is_there {
                    world.run("enrollments", &[]);
                    world.change(|world| {
                        world["services"]["dps-dev"]["records"][GROUPS][GROUP]["allocationPolicy"] =
                            json!("hashed");
                    });
                }
                world.plan(&json!([]));
                world
            };
            let calls = {
                let world = prepared();
                world.run("enrollments", &[]);
                world.calls()
            };
            for call in 1..=calls {
                let world = prepared();
                world.plan(&json!([{"call": call, "change": change}]));
                let done = world.run("enrollments", &[]);
                assert_eq!(done.status, Some(0), "{change} at {call}: {done:?}");
                world.has_its_group();
            }
        }
    }
}

#[test]
fn somebody_who_never_stops_ends_the_script() {
    let world = World::new();
    world.run("enrollments", &[]);
    world.change(|world| {
        world["services"]["dps-dev"]["records"][GROUPS][GROUP]["allocationPolicy"] =
            json!("hashed");
    });
    let plans: Vec<_> = (1..=60)
        .map(|call| json!({"call": call, "change": "touch"}))
        .collect();
    world.plan(&json!(plans));
    let done = world.run("enrollments", &[]);
    assert!(done.output.contains(
        "  group contoso-custom-allocated-devices was changed by somebody else: reading it again\n"
    ));
    assert_eq!(
        done.errors,
        "enrollments: the group contoso-custom-allocated-devices is changed all the time by somebody else: try again later\n"
    );
}

#[test]
fn it_can_be_killed_anywhere_and_run_again() {
    let calls = {
        let world = World::new();
        world.run("enrollments", &[]);
        world.calls()
    };
    for call in 1..=calls {
        for stop in ["before", "after"] {
            let world = World::new();
            world.plan(&json!([{"call": call, "stop": stop}]));
            let done = world.run("enrollments", &[]);
            assert_eq!(done.status, None, "{stop} {call}: {done:?}");
            world.plan(&json!([]));
            let done = world.run("enrollments", &[]);
            assert_eq!(done.status, Some(0), "{stop} {call}: {done:?}");
            world.has_its_group();
            assert_eq!(world.key("dps-2"), None);
        }
    }
}

#[test]
fn without_az_it_says_so() {
    let world = World::new();
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../enrollments");
    let output = std::process::Command::new(&*PYTHON)
        .arg(script)
        .args(["--resource-group", "rg-dev", "--dps", "d", "--app", "a"])
        .env("PATH", world.file("empty", ""))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "enrollments: cannot run `az`: install the Azure CLI\n"
    );
}
