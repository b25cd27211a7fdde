//! The choice of a hub.

use std::collections::HashMap;

use custom_handler::InputBindings;
use serde_json::{Value, json};

use crate::support::{decide, policy, request, rules};

/// What a rule with this `hub` decides: the hub, or the sentence.
#[track_caller]
fn chosen(hub: &Value, request: &Value) -> String {
    let file =
        rules(&json!([{"name": "all", "when": {"registrationId": {"exists": true}}, "hub": hub}]));
    let decision = decide(&file, request);
    let found = decision.get("hub").unwrap_or(&decision["sentence"]);
    found.as_str().unwrap().to_owned()
}

const NONE: &str = "The rule \"all\" finds no hub among those that are linked.";

#[test]
fn among_is_a_test_of_the_linked_host_names() {
    let hubs = ["X-1.net", "x-2.net", "y-1.net"];
    for (hub, expected) in [
        (json!({}), "X-1.net"),
        (json!({"take": "last"}), "y-1.net"),
        // A string is short for equals without case.
        (json!("X-2.NET"), "x-2.net"),
        (json!("x-2"), NONE),
        (json!({"among": "X-1.net"}), "X-1.net"),
        (json!({"among": "x-1.net"}), NONE),
        (
            json!({"among": {"equals": "x-1.net", "ignoreCase": true}}),
            "X-1.net",
        ),
        (json!({"among": ["y-1.net", "x-2.net"]}), "x-2.net"),
        (
            json!({"among": ["y-1.net", "x-2.net"], "take": "last"}),
            "y-1.net",
        ),
        (json!({"among": {"equals": ["y-1.net"]}}), "y-1.net"),
        (json!({"among": {"startsWith": "x"}}), "x-2.net"),
        (
            json!({"among": {"startsWith": "x", "ignoreCase": true}, "take": "last"}),
            "x-2.net",
        ),
        (
            json!({"among": {"startsWith": "x", "ignoreCase": true}}),
            "X-1.net",
        ),
        (
            json!({"among": {"endsWith": "1.net"}, "take": "last"}),
            "y-1.net",
        ),
        (json!({"among": {"contains": ["-2", "-3"]}}), "x-2.net"),
        (
            json!({"among": {"not": {"startsWith": ["X", "x"]}}}),
            "y-1.net",
        ),
        (json!({"among": {"not": "X-1.net"}}), "x-2.net"),
        (
            json!({"among": {"contains": "-1", "startsWith": "y"}}),
            "y-1.net",
        ),
        (
            json!({"among": {"contains": "-9"}, "none": "No hub is for toasters."}),
            "No hub is for toasters.",
        ),
        (json!({"weights": {"z.net": 1}}), NONE),
        (json!({"weights": {"z.net": 1}, "none": "None."}), "None."),
        // Every linked candidate drains.
        (
            json!({"weights": {"x-1.net": 0, "z.net": 1}, "none": "Full."}),
            "Full.",
        ),
        (json!({"weights": {"x-1.net": 0, "y-1.NET": 3}}), "y-1.net"),
    ] {
        assert_eq!(
            chosen(&hub, &request("d", &json!({}), &hubs)),
            expected,
            "{hub}"
        );
    }
    assert_eq!(chosen(&json!({}), &request("d", &json!({}), &[])), NONE);
}

#[test]
fn a_hub_may_be_named_by_the_request() {
    let context = json!({"payload": {"site": "weu", "number": 1, "gone": null, "list": []}});
    let request = request("d", &context, &["weu-1.net", "neu-1.net"]);
    for (hub, expected) in [
        (json!("{payload.site}-{payload.number}.net"), "weu-1.net"),
        (json!("{payload.site}"), NONE),
        (
            json!({"among": {"startsWith": "{payload.site}"}}),
            "weu-1.net",
        ),
        (
            json!({"among": {"not": {"startsWith": "{payload.site}"}}}),
            "neu-1.net",
        ),
        (
            json!("{payload.gone}.net"),
            "The rule \"all\" needs payload.gone, which the device does not have.",
        ),
        (
            json!({"among": {"contains": ["weu", "{payload.list}"]}}),
            "The rule \"all\" needs payload.list, which the device does not have.",
        ),
        (
            json!("{payload}"),
            "The rule \"all\" needs payload, which the device does not have.",
        ),
    ] {
        assert_eq!(chosen(&hub, &request), expected, "{hub}");
    }
}

#[test]
fn a_device_stays_at_its_hub_while_that_is_a_candidate() {
    let hubs = ["a.net", "B.net", "c.net"];
    let weights = json!({"weights": {"a.net": 1, "b.net": 0}});
    for (hub, current, expected) in [
        (
            json!({"among": ["a.net", "B.net"]}),
            json!("b.NET"),
            "B.net",
        ),
        (
            json!({"among": ["a.net", "B.net"]}),
            json!("c.net"),
            "a.net",
        ),
        (
            json!({"among": ["a.net", "B.net"]}),
            json!("gone.net"),
            "a.net",
        ),
        (json!({"among": ["a.net", "B.net"]}), json!(null), "a.net"),
        (json!({"among": ["a.net", "B.net"]}), json!(5), "a.net"),
        (
            json!({"among": ["a.net", "B.net"], "keepCurrent": false}),
            json!("B.net"),
            "a.net",
        ),
        (json!({"take": "last"}), json!("a.net"), "a.net"),
        (json!("c.net"), json!("a.net"), "c.net"),
        // A draining hub keeps its devices and gets no new ones.
        (weights.clone(), json!("b.net"), "B.net"),
        (weights.clone(), json!("c.net"), "a.net"),
        (weights, json!(null), "a.net"),
        (
            json!({"weights": {"a.net": 1, "b.net": 0}, "keepCurrent": false}),
            json!("b.net"),
            "a.net",
        ),
    ] {
        let request = request("d", &json!({"currentIotHubHostName": current}), &hubs);
        assert_eq!(chosen(&hub, &request), expected, "{hub} {current}");
    }
}

#[test]
fn a_device_that_never_reprovisions_stays_at_the_only_linked_hub() {
    let keep = json!({"among": "new.net"});
    let never = json!({"reprovisionPolicy": {"updateHubAssignment": false}});
    let update = json!({"reprovisionPolicy": {"updateHubAssignment": true}});
    for (hub, enrollment, policy, current, hubs, expected) in [
        (
            &keep,
            "individualEnrollment",
            &never,
            "OLD.net",
            &["old.net"][..],
            "old.net",
        ),
        (
            &keep,
            "enrollmentGroup",
            &never,
            "old.net",
            &["old.net"],
            "old.net",
        ),
        (
            &keep,
            "enrollmentGroup",
            &update,
            "old.net",
            &["old.net"],
            NONE,
        ),
        (
            &keep,
            "enrollmentGroup",
            &json!({}),
            "old.net",
            &["old.net"],
            NONE,
        ),
        (
            &keep,
            "enrollmentGroup",
            &never,
            "other.net",
            &["old.net"],
            NONE,
        ),
        (
            &keep,
            "enrollmentGroup",
            &never,
            "old.net",
            &["old.net", "b.net"],
            NONE,
        ),
        (
            &json!({"among": "new.net", "keepCurrent": false}),
            "enrollmentGroup",
            &never,
            "old.net",
            &["old.net"],
            NONE,
        ),
        (
            &json!({"weights": {"new.net": 1}}),
            "enrollmentGroup",
            &never,
            "old.net",
            &["old.net"],
            "old.net",
        ),
    ] {
        let mut request = request("d", &json!({"currentIotHubHostName": current}), hubs);
        request[enrollment] = policy.clone();
        assert_eq!(chosen(hub, &request), expected, "{hub} {request}");
    }
}

#[test]
fn the_answer_keeps_the_request_s_spelling_of_the_first_of_two() {
    let hubs = ["b.net", "A.net", "a.NET"];
    for hub in [
        json!("a.net"),
        json!({"weights": {"a.net": 1}}),
        json!({"among": {"not": "b.net"}}),
    ] {
        assert_eq!(
            chosen(&hub, &request("d", &json!({}), &hubs)),
            "A.net",
            "{hub}"
        );
    }
    let current = json!({"currentIotHubHostName": "a.NET"});
    assert_eq!(chosen(&json!({}), &request("d", &current, &hubs)), "A.net");
}

const FLEET: [&str; 3] = [
    "contoso-weu-1.azure-devices.net",
    "contoso-weu-2.azure-devices.net",
    "contoso-old.azure-devices.net",
];

#[test]
fn the_page_s_devices_are_spread_as_it_says() {
    let expected = "weu-1 old weu-1 old weu-1 old weu-1 weu-1 old weu-1 old weu-2";
    for (number, name) in (1..).zip(expected.split(' ')) {
        let id = format!("dev-{number}");
        let found = chosen(
            &json!({"take": "spread"}),
            &request(&id, &json!({}), &FLEET),
        );
        assert_eq!(found, format!("contoso-{name}.azure-devices.net"), "{id}");
    }
}

#[test]
fn order_and_case_of_hubs_and_ids_move_nobody() {
    let weights: Value = FLEET
        .iter()
        .map(|hub| (hub.to_uppercase(), json!(2)))
        .collect();
    for hub in [json!({"take": "spread"}), json!({"weights": weights})] {
        for number in 0..100 {
            let (id, upper) = (format!("dev-{number}"), format!("DEV-{number}"));
            let expected = chosen(&hub, &request(&id, &json!({}), &FLEET));
            let upper_hubs = FLEET.map(str::to_uppercase);
            let turned = [&*upper_hubs[2], &*upper_hubs[0], &*upper_hubs[1]];
            let found = chosen(&hub, &request(&upper, &json!({}), &turned));
            assert_eq!(found, expected.to_uppercase(), "{hub} {id}");
        }
    }
}

/// Where each of 100,000 devices goes.
fn fleet(hub: &Value) -> Vec<String> {
    use allocation::{AllocationRequest, Outcome, Policy, Request};
    let file = policy(&json!({"version": 1, "rules": [{"name": "all", "hub": hub}]}));
    let hubs = json!(FLEET);
    let hub_of = |number: u32| {
        let json = format!(
            r#"{{"deviceRuntimeContext":{{"registrationId":"dev-{number}"}},"linkedHubs":{hubs}}}"#
        );
        let request = AllocationRequest::parse(&json).unwrap();
        let request = Request::new(request, InputBindings::default()).unwrap();
        match file.decide(&request).outcome() {
            Outcome::Assign(assignment) => assignment.hub().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    (0..100_000).map(hub_of).collect()
}

#[track_caller]
fn check_shares(fleet: &[String], shares: [f64; 3]) {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for hub in fleet {
        *counts.entry(hub).or_default() += 1;
    }
    for (hub, expected) in FLEET.into_iter().zip(shares) {
        let found = f64::from(counts.get(hub).copied().unwrap_or_default()) / 100_000.0;
        assert!(
            (found - expected).abs() < 0.01,
            "{hub}: {found} of {expected}"
        );
    }
}

#[test]
fn a_fleet_is_spread_evenly_and_by_weight() {
    check_shares(&fleet(&json!({"take": "spread"})), [1.0 / 3.0; 3]);
    let weights = |weights: [u8; 3]| {
        let weights: Value = FLEET
            .iter()
            .zip(weights)
            .map(|(hub, weight)| ((*hub).to_owned(), json!(weight)))
            .collect();
        fleet(&json!({"weights": weights}))
    };
    let before = weights([3, 1, 0]);
    check_shares(&before, [0.75, 0.25, 0.0]);
    // A greater weight moves devices into the grown hub and nowhere else: from a quarter to two
    // fifths.
    let after = weights([3, 2, 0]);
    check_shares(&after, [0.6, 0.4, 0.0]);
    let moved: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .collect();
    assert!(
        moved.iter().all(|(_, after)| *after == FLEET[1]),
        "{moved:?}"
    );
    assert!((14_000..16_000).contains(&moved.len()), "{}", moved.len());
}
