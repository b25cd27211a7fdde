//! Outputs beside the response: what stood in the store after each captured answer, and what the
//! caller got.

use std::fmt::Write as _;

use serde_json::{Value, json};
use storage::azurite::Azurite;
use storage::{Blobs, Queues, Retry, Tables};

use crate::case::{Captured, Case, DEFAULT_ANSWER, start};
use crate::compare::exception;
use crate::replay::Played;
use crate::store;

/// The stores that outputs are written to.
struct Written {
    blobs: Blobs,
    queues: Queues,
    tables: Tables,
}

impl Written {
    fn of(azurite: &Azurite) -> Self {
        Self {
            blobs: Blobs::new(azurite.account(), Retry::BLOBS).unwrap(),
            queues: Queues::new(azurite.account(), Retry::BLOBS).unwrap(),
            tables: Tables::new(azurite.account(), Retry::TABLES).unwrap(),
        }
    }

    /// What a case's store holds, in the words of the file.
    async fn after(&self, case: &Case, binding: &Value, expected: &Value) -> Value {
        if expected.get("blob").is_some() {
            let path = binding["path"].as_str().unwrap();
            let id = case.registration_id();
            let path = path.replace("{deviceRuntimeContext.registrationId}", &id);
            let (container, name) = path.split_once('/').unwrap();
            let content = self.blobs.read(container, name).await.unwrap();
            return json!({"blob": content.map(|content| with_backslashes(&content))});
        }
        if expected.get("messages_base64").is_some() {
            let queue = binding["queueName"].as_str().unwrap();
            let messages = self.queues.receive(queue).await.unwrap();
            let messages = messages
                .into_iter()
                .map(|message| Some(message).filter(|message| !message.is_empty()));
            return json!({"messages_base64": messages.collect::<Vec<_>>()});
        }
        let table = binding["tableName"].as_str().unwrap();
        let mut rows = self.tables.query(table, "", None).await.unwrap();
        for row in &mut rows {
            row.retain(|name, _| name != "Timestamp" && !name.starts_with("odata."));
        }
        json!({ "rows": rows })
    }
}

/// Bytes as text, those that are no UTF-8 as `\xNN`.
fn with_backslashes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").unwrap();
        }
    }
    text
}

/// The expected rows without those that only cases outside the file have written: no answer so far
/// names their keys.
fn without_rows_of_others(expected: &Value, found: &Value, played: &[&Case]) -> Value {
    let Some(rows) = expected["rows"].as_array() else {
        return expected.clone();
    };
    let keys = |row: &Value| (row["PartitionKey"].clone(), row["RowKey"].clone());
    let known = found["rows"].as_array().unwrap();
    let is_ours = |row: &&Value| {
        let (partition_key, row_key) = keys(row);
        let is_found = known.iter().any(|known| keys(known) == keys(row));
        let names_it = |case: &&Case| {
            let answer = case
                .handler_answers
                .as_ref()
                .map_or("", |answer| answer.get());
            answer.contains(row_key.as_str().unwrap()) || partition_key == case.registration_id()
        };
        is_found || played.iter().any(names_it)
    };
    json!({"rows": rows.iter().filter(is_ours).collect::<Vec<_>>()})
}

/// Plays all outputs, and looks into the stores after each.
pub(crate) async fn replay<'a>(captured: &'a Captured, azurite: &Azurite) -> Vec<Played<'a>> {
    let written = Written::of(azurite);
    let app = captured.app("outputs");
    let settings = [
        ("Store", azurite.connection_string()),
        ("WrongKey", store::with_wrong_key(azurite)),
        ("Down", store::connection_string(store::closed_port().await)),
        // The tries count, the pauses between them don't.
        ("Down__retry__delay", "00:00:00.001".to_owned()),
        ("Down__retry__maxDelay", "00:00:00.001".to_owned()),
    ];
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let host = start(&app, &settings).await;
    let cases: Vec<&Case> = captured.of("outputs").collect();
    let mut played = Vec::new();
    for (position, &case) in cases.iter().enumerate() {
        let answer = case.handler_answers.as_ref().map(|answer| answer.get());
        app.write("answer.json", answer.unwrap_or(DEFAULT_ANSWER));
        let invocation = host.invoke(case.to_request()).await;
        let exception = exception(&host, &invocation.id);
        let mut differences = case.differences(&invocation, exception.as_deref());
        if let Some(expected) = &case.expect.store_then_holds {
            let bindings = captured.apps["outputs"][&case.function].as_array().unwrap();
            let binding = bindings.iter().find(|binding| binding["name"] == "log");
            let found = written.after(case, binding.unwrap(), expected).await;
            let expected = &without_rows_of_others(expected, &found, &cases[..=position]);
            if found != *expected {
                differences.push(format!("store: expected {expected}, found {found}"));
            }
        }
        played.push(Played { case, differences });
    }
    played
}
