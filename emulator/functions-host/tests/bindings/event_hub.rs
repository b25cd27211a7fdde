//! Batches of events as they stood in the hub, and the envelopes that they became.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_host::{EventHubBatch, EventHubEvent, FunctionsHost};
use serde_json::{Value, json};

use crate::case::{Captured, Case, DEFAULT_ANSWER, Event, options};
use crate::compare::{chain, exception, is_like, is_same_chain};
use crate::replay::Played;

/// A value with its type, in the form in which the hub's reader hands it over.
fn value(value: &Value) -> Value {
    match value["$"].as_str() {
        None => value.clone(),
        Some("time") => {
            let text = value["v"].as_str().unwrap().trim_end_matches('Z');
            json!(format!(
                "{}Z",
                text.trim_end_matches('0').trim_end_matches('.')
            ))
        }
        Some(_) => value["v"].clone(),
    }
}

impl Event {
    fn annotation(&self, name: &str) -> Value {
        value(&self.annotations[name])
    }

    fn to_event(&self) -> EventHubEvent {
        let body = match &self.base64 {
            Some(body) => STANDARD.decode(body).unwrap(),
            None => self.text.clone().into_bytes(),
        };
        let offset = self.annotation("x-opt-offset");
        let mut event = EventHubEvent::new(body).offset(offset.as_str().unwrap().parse().unwrap());
        for (name, property) in &self.amqp {
            event = event.system_property(name, value(property));
        }
        for (name, annotation) in &self.annotations {
            match name.as_str() {
                // These are the batch's.
                "x-opt-sequence-number" | "x-opt-offset" | "x-opt-enqueued-time" => {}
                name => event = event.system_property(name, value(annotation)),
            }
            if name == "x-opt-partition-key" {
                event = event.partition_key(annotation.as_str().unwrap());
            }
        }
        for (name, property) in &self.properties {
            event = event.property(name, value(property));
        }
        event
    }
}

fn batch(events: &[Event]) -> EventHubBatch {
    let first = &events[0];
    let number = first.annotation("x-opt-sequence-number").as_i64().unwrap();
    let time = first.annotation("x-opt-enqueued-time");
    EventHubBatch::new("telemetry", events.iter().map(Event::to_event))
        .at("0", number, 0)
        .enqueued(time.as_str().unwrap().trim_end_matches('Z'))
        .namespace("contoso.servicebus.windows.net")
}

/// An envelope without the headers of the answer that made it come again: each handler has its own.
fn without_headers(envelope: &str) -> String {
    let Some((before, rest)) = envelope.split_once(r"Headers:\n{") else {
        return envelope.to_owned();
    };
    let (_, behind) = rest.split_once('}').unwrap();
    format!("{before}{behind}")
}

/// Delivers the events of all cases.
pub(crate) async fn replay(captured: &Captured) -> Vec<Played<'_>> {
    let app = captured.app("event hub");
    let options = options(
        &app,
        &[("Hub", "Endpoint=sb://contoso.servicebus.windows.net/")],
    );
    let host = FunctionsHost::start(options.without_retry_pauses())
        .await
        .unwrap();
    let mut played = Vec::new();
    for case in captured.of("event hub") {
        let answer = case.handler_answers.as_ref().map(|answer| answer.get());
        let answer = answer.unwrap_or(DEFAULT_ANSWER);
        // An answer that is no JSON stands in a text.
        let text = serde_json::from_str::<String>(answer);
        app.write("answer.json", text.as_deref().unwrap_or(answer));
        let differences = deliver(&host, case).await;
        played.push(Played { case, differences });
    }
    played
}

async fn deliver(host: &FunctionsHost, case: &Case) -> Vec<String> {
    let expected = &case.expect;
    let mut differences = Vec::new();
    let delivery = host
        .deliver(&case.function, &batch(&case.events))
        .await
        .unwrap();
    // What is tried again says so in its envelope.
    let mut succeeded: Vec<bool> = Vec::new();
    for attempt in &delivery.attempts {
        let envelope: Value = serde_json::from_slice(&attempt.envelope).unwrap_or_default();
        let tried = envelope["Metadata"]["RetryContext"]["RetryCount"].as_u64();
        if tried.is_some_and(|tried| tried > 0) {
            succeeded.pop();
        }
        succeeded.push(attempt.succeeded);
    }
    if succeeded != expected.invocations_succeeded {
        differences.push(format!(
            "succeeded: expected {:?}, found {succeeded:?}",
            expected.invocations_succeeded
        ));
    }
    let attempts = delivery.attempts.iter();
    let envelopes: Vec<_> = attempts
        .filter(|attempt| !attempt.envelope.is_empty())
        .map(|attempt| String::from_utf8_lossy(&attempt.envelope).into_owned())
        .collect();
    if envelopes.len() != expected.envelopes.len() {
        differences.push(format!(
            "envelopes: expected {}, found {}",
            expected.envelopes.len(),
            envelopes.len()
        ));
    }
    for (expected, found) in expected.envelopes.iter().zip(&envelopes) {
        let (expected, found) = (without_headers(expected), without_headers(found));
        if !is_like(&expected, &found) {
            differences.push(format!("envelope: expected {expected}, found {found}"));
        }
    }
    if let Some(log) = &expected.log {
        let exception = exception(host, &delivery.attempts[0].id).unwrap_or_default();
        let found: Vec<&str> = chain(&exception).collect();
        if !is_same_chain(log, &found) {
            differences.push(format!("log: expected {log:?}, found {found:?}"));
        }
    }
    differences
}
