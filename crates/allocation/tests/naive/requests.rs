//! Random requests, and rows that bindings bring with them.

use crate::certificate;
use crate::choices::Choices;
use crate::json::Json;
use crate::policies::Policy;
use crate::pools::{HUBS, NUMBERS, TEXTS};

/// A request that has much of what the policy looks for, and repeats some members.
pub(crate) fn request(policy: &Policy, choices: &mut Choices<'_>) -> Json {
    let mut request = Json::object([("deviceRuntimeContext", context(choices))]);
    match choices.below(4) {
        0 => {}
        1 => request.set(
            &["individualEnrollment"],
            enrollment("registrationId", choices),
        ),
        2 => request.set(
            &["enrollmentGroup"],
            enrollment("enrollmentGroupId", choices),
        ),
        _ => {
            request.set(&["individualEnrollment"], Json::Null);
            request.set(
                &["enrollmentGroup"],
                enrollment("enrollmentGroupId", choices),
            );
        }
    }
    let count = [3, 4, 5, 2, 1, 0, 3, 4, 5, 4][choices.below(10)];
    let hubs: Vec<Json> = (0..count).map(|_| Json::text(choices.of(&HUBS))).collect();
    request.set(&["linkedHubs"], Json::Array(hubs));
    for (path, value) in &policy.wishes {
        let names: Vec<&str> = path.split('.').collect();
        let names = match names[0] {
            "registrationId" if names.len() > 1 || value.as_text().is_none() => continue,
            "registrationId" | "currentDeviceId" | "currentIotHubHostName" | "payload" => {
                [&["deviceRuntimeContext"], &names[..]].concat()
            }
            "enrollmentGroup" | "individualEnrollment" => names,
            _ => continue,
        };
        if choices.below(3) > 0 {
            request.set(&names, value.clone());
        }
    }
    if choices.one_in(4) {
        repeat(&mut request, choices);
    }
    request
}

/// Puts members before others of the same names: they don't count.
fn repeat(request: &mut Json, choices: &mut Choices<'_>) {
    let Json::Object(members) = request else {
        return;
    };
    for (name, value) in members.iter_mut() {
        if name == "deviceRuntimeContext"
            && let Json::Object(members) = value
        {
            if let Some((_, Json::Object(payload))) =
                members.iter_mut().find(|(name, _)| name == "payload")
            {
                for name in ["model", "list"] {
                    payload.insert(0, (name.to_owned(), Json::text("earlier")));
                }
            }
            let earlier = Json::object([("model", scalar(choices))]);
            members.insert(0, ("payload".to_owned(), earlier));
            members.insert(0, ("currentIotHubHostName".to_owned(), Json::text(HUBS[0])));
        }
    }
    members.insert(
        0,
        (
            "linkedHubs".to_owned(),
            Json::Array(vec![Json::text(HUBS[3])]),
        ),
    );
}

fn context(choices: &mut Choices<'_>) -> Json {
    let id = choices.of(&["dev-1", "DEV-1", "a", "abc", "küche-1", "", "WioTerminal"]);
    let mut context = vec![("registrationId", Json::text(id))];
    match choices.below(6) {
        0 | 1 => {}
        2 => context.push(("currentIotHubHostName", any(choices))),
        3 => context.push(("currentIotHubHostName", Json::text("gone.example.net"))),
        _ => context.push(("currentIotHubHostName", Json::text(choices.of(&HUBS)))),
    }
    if choices.one_in(2) {
        context.push(("currentDeviceId", scalar(choices)));
    }
    match choices.below(16) {
        0 | 8..10 => context.push(("symmetricKey", Json::object([]))),
        1 => {
            let key = ("endorsementKey", any(choices));
            context.push(("tpm", Json::object([key])));
        }
        2 | 10.. => {}
        3 => context.push(("x509", any(choices))),
        kind => {
            let text = match kind {
                4 => any(choices),
                5 => Json::text(certificate::pem()),
                _ => Json::text(certificate::DER),
            };
            context.push(("x509", Json::object([("clientCertificate", text)])));
        }
    }
    match choices.below(16) {
        0 => {}
        1 => context.push(("payload", any(choices))),
        _ => context.push(("payload", payload(choices))),
    }
    Json::object(context)
}

fn enrollment(id: &'static str, choices: &mut Choices<'_>) -> Json {
    let update = match choices.below(4) {
        0 => any(choices),
        place => Json::Boolean(place == 1),
    };
    let policy = Json::object([("updateHubAssignment", update)]);
    Json::object([(id, scalar(choices)), ("reprovisionPolicy", policy)])
}

fn payload(choices: &mut Choices<'_>) -> Json {
    let mut payload = Vec::new();
    for name in ["model", "n", "flag", "m", "list", "deep"] {
        match choices.below(12) {
            0 => {}
            1 => payload.push((name, any(choices))),
            _ => {
                let value = match name {
                    "n" | "m" => Json::number(choices.of(&NUMBERS)),
                    "flag" => Json::Boolean(choices.one_in(2)),
                    "list" => Json::Array(vec![scalar(choices), scalar(choices)]),
                    "deep" => {
                        let deeper = Json::object([("y", any(choices))]);
                        Json::object([("x", any(choices)), ("deeper", deeper)])
                    }
                    _ => Json::text(choices.of(&TEXTS)),
                };
                payload.push((name, value));
            }
        }
    }
    if choices.below(2) > 0 {
        payload.push(("hub", Json::text(choices.of(&HUBS))));
        payload.push(("site", Json::text(choices.of(&["weu-1", "old", "x"]))));
    }
    if choices.one_in(3) {
        // Twice this and a name of four bytes is what tags may have; half of it, four times.
        let size = choices.of(&[4_092, 2_044, 2_045, 4_093, 4_096, 4_097, 10]);
        payload.push(("big", Json::text("b".repeat(size))));
    }
    if choices.one_in(4) {
        let mut deepest = Json::Boolean(true);
        for _ in 0..choices.of(&[9, 10, 8, 11]) {
            deepest = match choices.below(2) {
                0 => Json::object([("d", deepest)]),
                _ => Json::Array(vec![deepest]),
            };
        }
        payload.push(("deepest", deepest));
    }
    if choices.one_in(4) {
        let desired = Json::object([("a", any(choices))]);
        let properties = Json::object([(choices.of(&["desired", "reported"]), desired)]);
        let tags = any(choices);
        payload.push(("properties", properties.clone()));
        payload.push((
            "twin",
            Json::object([("properties", properties), ("tags", tags)]),
        ));
    }
    Json::object(payload)
}

fn scalar(choices: &mut Choices<'_>) -> Json {
    match choices.below(4) {
        0 | 1 => Json::text(choices.of(&TEXTS)),
        2 => Json::Boolean(choices.one_in(2)),
        _ => Json::number(choices.of(&NUMBERS)),
    }
}

/// Any JSON, also what no test applies to.
fn any(choices: &mut Choices<'_>) -> Json {
    nested(4, choices)
}

/// The same, with at most so many arrays and objects in each other.
fn nested(depth: usize, choices: &mut Choices<'_>) -> Json {
    match choices.below(10) {
        0 => Json::Null,
        1 => Json::number(choices.of(&["1e400", "-1e400"])),
        2 => Json::Half(r"a\ud800".to_owned()),
        3 if depth > 0 => Json::Array(vec![nested(depth - 1, choices)]),
        4 if depth > 0 => Json::object([(
            choices.of(&["a", "b c", "$d", "ü", ""]),
            nested(depth - 1, choices),
        )]),
        _ => scalar(choices),
    }
}

/// What the function's input bindings have brought.
pub(crate) fn bindings(request: &Json, choices: &mut Choices<'_>) -> Json {
    let id = request
        .get("deviceRuntimeContext")
        .and_then(|context| context.get("registrationId"));
    let key = match choices.below(8) {
        7 => scalar(choices),
        _ => id.cloned().unwrap_or(Json::Null),
    };
    // In the alphabet's order, as is what the naive evaluator reads of a row in text.
    let nested = Json::object([("key", key.clone()), ("y", Json::text("y"))]);
    let row = Json::object([
        ("hub", Json::text(choices.of(&HUBS))),
        ("key", key),
        ("n", Json::number(choices.of(&["5", "1", "0"]))),
        ("nested", nested),
        ("x", Json::text(choices.of(&TEXTS))),
    ]);
    let text = |json: &Json| Json::text(json.to_string());
    let value = match choices.below(30) {
        0 => text(&Json::Array(vec![row])),
        1 => text(&text(&row)),
        2 => text(&row),
        3 => Json::Array(vec![row]),
        4 => text(&Json::Null),
        5 => text(&Json::Array(Vec::new())),
        6 => text(&text(&Json::Null)),
        7 => return Json::object([("other", row)]),
        8 => text(&Json::Array(vec![row.clone(), row])),
        9 => any(choices),
        _ => row,
    };
    Json::object([("device", value)])
}
