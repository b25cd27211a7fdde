//! The captured cases, every one of them, against the emulated host.
//!
//! What differs must be one of the [exceptions](crate::exceptions).

use std::collections::BTreeMap;

use functions_host::FunctionsHost;
use serde_json::{Value, json};
use storage::azurite::Azurite;

use crate::case::{Captured, Case, options, start};
use crate::compare::exception;
use crate::store::{self, Answers, Stub};
use crate::{event_hub, exceptions, failing, outputs};

/// A case, and in what the emulated host differs.
pub(crate) struct Played<'a> {
    pub(crate) case: &'a Case,
    pub(crate) differences: Vec<String>,
}

/// Plays some cases one after the other.
pub(crate) async fn play<'a>(
    cases: impl Iterator<Item = &'a Case>,
    host: &FunctionsHost,
    stub: Option<&Stub>,
) -> Vec<Played<'a>> {
    let mut played = Vec::new();
    for case in cases {
        let records = host.log().len();
        let invocation = host.invoke(case.to_request()).await;
        let exception = exception(host, &invocation.id);
        let mut differences = case.differences(&invocation, exception.as_deref());
        if let Some(expected) = &case.expect.store_is_asked {
            let found = match stub {
                Some(stub) => stub.asked().first().cloned().unwrap_or_default(),
                None => asked_of_the_file(host, records),
            };
            if !is_same_question(expected, &found) {
                differences.push(format!("asked: expected {expected}, found {found}"));
            }
        } else if let Some(stub) = stub {
            stub.asked();
        }
        played.push(Played { case, differences });
    }
    played
}

/// What the log says since then that Cosmos DB would have been asked.
fn asked_of_the_file(host: &FunctionsHost, since: usize) -> Value {
    let log = host.log();
    let mut texts = log[since..].iter().map(|record| &record.text);
    let told = "the file of rows is asked in place of Cosmos DB: ";
    let Some((_, question)) = texts.find_map(|text| text.split_once(told)) else {
        return Value::Null;
    };
    let (request, rest) = question.split_once(", partition key ").unwrap();
    let (method, path) = request.split_once(' ').unwrap();
    let (key, query) = match rest.split_once(", query ") {
        Some((key, query)) => (key, Some(query)),
        None => (rest, None),
    };
    let key = Some(key).filter(|key| *key != "null");
    let mut asked = json!({"method": method, "path": path, "partition_key": key});
    if let Some(query) = query {
        asked["query"] = serde_json::from_str(query).unwrap();
    }
    asked
}

/// Ids and times are never the same again.
fn is_same_question(expected: &Value, found: &Value) -> bool {
    let (Some(expected), Some(found)) = (expected["blob"].as_str(), found["blob"].as_str()) else {
        return expected == found;
    };
    let Some((start, placeholder)) = expected.split_once('<') else {
        return expected == found;
    };
    let rest = found.strip_prefix(start).unwrap_or_default();
    let shape: String = rest
        .chars()
        .map(|character| {
            if character.is_ascii_hexdigit() {
                'x'
            } else {
                character
            }
        })
        .collect();
    let group = |length: usize| "x".repeat(length);
    let expected = match placeholder.trim_end_matches('>') {
        "guid" => [8, 4, 4, 4, 12].map(group).join("-"),
        "guid without dashes" => group(32),
        _ => "xxxx-xx-xxTxx-xx-xxZ".to_owned(),
    };
    shape == expected
}

async fn replay_expressions(captured: &Captured) -> Vec<Played<'_>> {
    let app = captured.app("expressions");
    let stub = Stub::start(Answers::Nothing).await;
    let connection = store::connection_string(stub.port);
    let host = start(&app, &[("Probe", &connection), ("PFX", "pre")]).await;
    play(captured.of("expressions"), &host, Some(&stub)).await
}

async fn replay_rows<'a>(captured: &'a Captured, azurite: &Azurite) -> Vec<Played<'a>> {
    let mut played = replay_rows_with(captured, azurite, false).await;
    played.extend(replay_rows_with(captured, azurite, true).await);
    played
}

/// Those of the extension before bundle 3, or all others.
async fn replay_rows_with<'a>(
    captured: &'a Captured,
    azurite: &Azurite,
    is_old: bool,
) -> Vec<Played<'a>> {
    let app = if is_old {
        captured.app_of_the_old_extension("rows")
    } else {
        captured.app("rows")
    };
    for (function, bindings) in &captured.apps["slow"] {
        let file = json!({ "bindings": bindings });
        app.write(&format!("{function}/function.json"), &file.to_string());
    }
    let identity = "http://127.0.0.1:1/devstoreaccount1".to_owned();
    let settings = [
        ("Store", azurite.connection_string()),
        ("WrongKey", store::with_wrong_key(azurite)),
        ("Bad", "garbage".to_owned()),
        ("Empty", String::new()),
        ("ById__tableServiceUri", identity),
    ];
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let host = start(&app, &settings).await;
    let cases = captured.of("rows");
    let cases = cases.filter(|case| (case.extension == "Storage 4.0.2") == is_old);
    play(cases, &host, None).await
}

/// The account that stood in for Cosmos DB, whatever it answered.
async fn replay_cosmos_db(captured: &Captured) -> Vec<Played<'_>> {
    let documents: Vec<_> = captured.stores.cosmos.documents.values().collect();
    let documents = serde_json::to_string(&documents).unwrap();
    let settings = [
        (
            "Cz",
            "AccountEndpoint=https://127.0.0.1:1;AccountKey=c2VjcmV0;",
        ),
        (
            "Down",
            "AccountEndpoint=https://127.0.0.1:1/;AccountKey=c2VjcmV0;",
        ),
    ];
    let mut played = Vec::new();
    for (store, failing) in [
        ("cosmos", json!({"Down": "down"})),
        ("cosmos; answers 403 to each read", json!({"Cz": "refused"})),
        (
            "cosmos; answers 429 to each read",
            json!({"Cz": "throttled"}),
        ),
        (
            "cosmos; answers 503 to each read",
            json!({"Cz": "unavailable"}),
        ),
    ] {
        let app = captured.app("cosmos");
        let rows = json!({"cosmosDB": {"fleet/devices": []}, "failing": failing}).to_string();
        app.write("rows.json", &rows.replace("[]", &documents));
        let options = options(&app, &settings).rows_file(app.path().join("rows.json"));
        let host = FunctionsHost::start(options).await.unwrap();
        let cases = captured.of("cosmos").filter(|case| case.store == store);
        played.extend(play(cases, &host, None).await);
    }
    played
}

#[tokio::test(flavor = "multi_thread")]
async fn every_captured_case_is_replayed_and_differs_only_as_is_known() {
    let captured: &'static Captured = Box::leak(Box::new(Captured::load()));
    let mut played = Vec::new();
    let without_azurite = async {
        let (expressions, cosmos_db, events, failing, slow) = tokio::join!(
            replay_expressions(captured),
            replay_cosmos_db(captured),
            event_hub::replay(captured),
            failing::replay(captured),
            failing::replay_slow(captured),
        );
        [expressions, cosmos_db, events, failing, slow]
    };
    let with_azurite = async {
        let azurite = store::azurite().await?;
        store::fill(&azurite, captured).await;
        let (rows, outputs) = tokio::join!(
            replay_rows(captured, &azurite),
            outputs::replay(captured, &azurite),
        );
        azurite.stop().await;
        Some([rows, outputs])
    };
    let (first, second) = tokio::join!(without_azurite, with_azurite);
    played.extend(first.into_iter().flatten());
    let is_whole = second.is_some();
    played.extend(second.into_iter().flatten().flatten());
    if is_whole {
        assert_eq!(
            played.len(),
            captured.cases.len(),
            "not every case was played"
        );
    }
    let mut complaints = Vec::new();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for Played { case, differences } in &played {
        let (same, all) = counts.entry(&case.area).or_default();
        *all += 1;
        *same += usize::from(differences.is_empty());
        for difference in differences {
            if exceptions::of(case, difference).is_none() {
                let (id, function) = (&case.id, &case.function);
                complaints.push(format!("{id} ({function}): {difference}"));
            }
        }
    }
    let complaints = complaints.join("\n");
    assert!(
        complaints.is_empty(),
        "the same, of all: {counts:?}\n{complaints}"
    );
}
