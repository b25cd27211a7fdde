//! The captured cases, one group of functions after the other.
//!
//! Left out are: the tables of the extension before bundle 3 (`Storage 4.0.2`), which is not
//! emulated; outputs, which [`outputs`](crate::outputs) replays; the Event Hub trigger, which is
//! not replayed yet; of Cosmos DB, what its stand-in does that a file of rows can't (a refusal, an
//! answer to a value that no document has); and the failures, which [`failures`](crate::failures)
//! brings about in less time.

use functions_host::{FunctionsHost, LogSource};
use serde_json::Value;

use crate::case::{Captured, Case, options, start};
use crate::store::{self, Answers, Stub};

/// Single cases, with the reason.
const EXCEPTIONS: [(&str, &str); 4] = [
    (
        "cosmos query date",
        "the stand-in made a document up for this value",
    ),
    ("cosmos 403", "the file of rows refuses nobody"),
    ("cosmos 503", "the file of rows is always there"),
    ("cosmos down", "the file of rows is always there"),
];

fn is_left_out(case: &Case) -> bool {
    let is_old_table = case.extension == "Storage 4.0.2" && case.id.contains("table");
    let is_old_message = case.extension == "Storage 4.0.2" && case.id.contains("fail ");
    let is_old_row = case.id == "old extension: Edm9";
    let is_exception = EXCEPTIONS.iter().any(|(id, _)| *id == case.id);
    is_old_table || is_old_message || is_old_row || is_exception
}

/// The exception in the latest record of a failed invocation.
pub(crate) fn exception(host: &FunctionsHost, id: &str) -> Option<String> {
    let log = host.log();
    let mut records = log.iter().rev();
    let record =
        records.find(|record| record.source == LogSource::Host && record.text.contains(id));
    record.and_then(|record| record.exception.clone())
}

/// Plays the cases of one area and says how many there were.
async fn replay(
    captured: &Captured,
    area: &str,
    host: &FunctionsHost,
    stub: Option<&Stub>,
) -> usize {
    let cases = captured.cases.iter();
    let cases: Vec<_> = cases
        .filter(|case| case.area == area && !is_left_out(case))
        .collect();
    let mut complaints = Vec::new();
    for case in &cases {
        let invocation = host.invoke(case.to_request()).await;
        let exception = exception(host, &invocation.id);
        let mut differences = case.differences(&invocation, exception.as_deref());
        if let Some(stub) = stub {
            let asked = stub.asked();
            if let Some(expected) = &case.expect.store_is_asked {
                let found = asked.first().cloned().unwrap_or_default();
                if !is_same_question(expected, &found) {
                    differences.push(format!("asked: expected {expected}, found {found}"));
                }
            }
        }
        if !differences.is_empty() {
            complaints.push(format!(
                "{} ({}): {}",
                case.id,
                case.function,
                differences.join("; ")
            ));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    cases.len()
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

#[tokio::test(flavor = "multi_thread")]
async fn expressions_become_what_they_became_in_the_real_host() {
    let captured = Captured::load();
    let app = captured.app("expressions");
    let stub = Stub::start(Answers::Nothing).await;
    let connection = store::connection_string(stub.port);
    let host = start(&app, &[("Probe", &connection), ("PFX", "pre")]).await;
    let played = replay(&captured, "expressions", &host, Some(&stub)).await;
    assert!(played > 120, "{played}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_shown_as_the_real_host_shows_them() {
    let captured = Captured::load();
    let Some(azurite) = store::azurite().await else {
        return;
    };
    store::fill(&azurite, &captured).await;
    let app = captured.app("rows");
    for (function, bindings) in &captured.apps["slow"] {
        let file = serde_json::json!({ "bindings": bindings });
        app.write(&format!("{function}/function.json"), &file.to_string());
    }
    let settings = [
        ("Store", azurite.connection_string()),
        ("WrongKey", store::with_wrong_key(&azurite)),
        ("Bad", "garbage".to_owned()),
        ("Empty", String::new()),
        (
            "ById__tableServiceUri",
            "http://127.0.0.1:1/devstoreaccount1".to_owned(),
        ),
    ];
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let host = start(&app, &settings).await;
    let played = replay(&captured, "rows", &host, None).await;
    assert!(played > 80, "{played}");
    azurite.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_shown_as_the_real_host_shows_them() {
    let captured = Captured::load();
    let app = captured.app("cosmos");
    let documents: Vec<_> = captured.stores.cosmos.documents.values().collect();
    let rows = serde_json::json!({"cosmosDB": {"fleet/devices": []}}).to_string();
    let documents = serde_json::to_string(&documents).unwrap();
    app.write("rows.json", &rows.replace("[]", &documents));
    let settings = [(
        "Cz",
        "AccountEndpoint=https://127.0.0.1:1;AccountKey=c2VjcmV0;",
    )];
    let options = options(&app, &settings).rows_file(app.path().join("rows.json"));
    let host = FunctionsHost::start(options).await.unwrap();
    let played = replay(&captured, "cosmos", &host, None).await;
    assert!(played > 12, "{played}");
}
