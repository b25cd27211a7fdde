//! The invocation request of an Event Hub trigger: bodies in `Data`, properties in `Metadata`, as
//! its cardinality and data type say.
//!
//! Pure: time and ids come in.
//!
//! Sources:
//! <https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs-trigger>;
//! `EventHubTriggerBindingStrategy` (<https://github.com/Azure/azure-sdk-for-net>) for the
//! metadata, and the host's `ScriptInvocationContextExtensions` and `WorkerFunctionInvoker`
//! (<https://github.com/Azure/azure-functions-host>) for how both are written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::app::function::{Cardinality, DataType, EventHubTrigger};
use crate::envelope::body_text;
use crate::envelope::http_trigger::{BindingData, parse_object};
use crate::invoke::event_hub::{EventHubBatch, EventHubEvent};
use crate::newtonsoft::{JObject, JToken, MAX_DEPTH, NetDateTime, quote};

/// AMQP's own properties, which come before the annotations.
const PROPERTY_SECTION: [&str; 13] = [
    "message-id",
    "user-id",
    "to",
    "subject",
    "reply-to",
    "correlation-id",
    "content-type",
    "content-encoding",
    "absolute-expiry-time",
    "creation-time",
    "group-id",
    "group-sequence",
    "reply-to-group-id",
];

/// One invocation of a function through its Event Hub trigger.
#[derive(Clone, Debug)]
pub(crate) struct EventHubInvocation<'a> {
    pub(crate) function_name: &'a str,
    pub(crate) trigger: &'a EventHubTrigger,
    /// With one event when the cardinality is one.
    pub(crate) batch: &'a EventHubBatch,
    pub(crate) utc_now: NetDateTime,
    pub(crate) rand_guid: String,
    /// The `RetryContext`, when a retry policy applies.
    pub(crate) retry: Option<JObject>,
}

/// Why events can't be bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unbindable {
    /// It in a sentence.
    pub(crate) sentence: String,
    parameter: String,
    /// The type that Newtonsoft was to make of an event.
    kind: &'static str,
}

impl Unbindable {
    /// The exceptions in the host's log, outermost first.
    pub(crate) fn chain(&self) -> Vec<String> {
        let Self {
            parameter, kind, ..
        } = self;
        let outer = format!("Exception binding parameter '{parameter}'");
        let inner = format!(
            "Binding parameters to complex objects (such as '{kind}') uses Json.NET serialization."
        );
        let messages = [outer, inner].into_iter();
        messages
            .map(|message| format!("System.InvalidOperationException: {message}"))
            .collect()
    }
}

impl EventHubInvocation<'_> {
    /// The text of the envelope.
    ///
    /// # Errors
    /// When the host can't convert an event and fails before it calls the handler.
    pub(crate) fn to_envelope(&self) -> Result<String, Unbindable> {
        let data = JObject::default().with(self.trigger.name.as_str(), self.data()?);
        let envelope = JObject::default()
            .with("Data", data)
            .with("Metadata", self.metadata());
        Ok(JToken::from(envelope).to_json())
    }

    fn data(&self) -> Result<String, Unbindable> {
        let events = self.batch.events.iter();
        let many = |items: Vec<JToken>| JToken::Array(items).to_json();
        let unbindable = |sentence: String, kind: &'static str| Unbindable {
            sentence,
            parameter: self.trigger.name.clone(),
            kind,
        };
        Ok(match (self.trigger.cardinality, self.trigger.data_type) {
            (_, DataType::Stream) => {
                let sentence = "the host can't bind an event to the dataType stream".to_owned();
                return Err(unbindable(sentence, "Stream"));
            }
            (Cardinality::One, DataType::Binary) => events.map(base64).collect(),
            (Cardinality::One, _) => events
                .map(|event| quote(&body_text::decode(&event.body)))
                .collect(),
            (Cardinality::Many, DataType::Binary) => {
                many(events.map(base64).map(JToken::from).collect())
            }
            (Cardinality::Many, DataType::String) => many(
                events
                    .map(|event| body_text::decode(&event.body).into())
                    .collect(),
            ),
            (Cardinality::Many, DataType::Undefined) => {
                let parsed: Result<_, _> = events.map(parsed).collect();
                many(parsed.map_err(|sentence| unbindable(sentence, "Object"))?)
            }
        })
    }

    fn metadata(&self) -> JObject {
        let mut binding_data = BindingData::default();
        let context = JObject::default()
            .with("IsCheckpointingAfterInvocation", JToken::Boolean(true))
            .with("FullyQualifiedNamespace", self.batch.namespace.as_str())
            .with("EventHubName", self.batch.event_hub_name.as_str())
            .with("ConsumerGroup", self.trigger.consumer_group.as_str())
            .with("PartitionId", self.batch.partition_id.as_str());
        binding_data.set("TriggerPartitionContext", context.clone());
        binding_data.set("PartitionContext", context);
        let columns = self.columns();
        for (name, values) in columns {
            match self.trigger.cardinality {
                Cardinality::Many => {
                    binding_data.set_json(&format!("{name}Array"), &JToken::Array(values));
                }
                Cardinality::One => match values.into_iter().next() {
                    Some(JToken::Null) | None => {}
                    Some(object @ JToken::Object(_)) => binding_data.set(name, object),
                    Some(scalar) => binding_data.set_json(name, &scalar),
                },
            }
        }
        if self.trigger.cardinality == Cardinality::One {
            // Not an array, so the time is written alone, to the second.
            let seconds = self
                .batch
                .enqueued_time
                .split('.')
                .next()
                .unwrap_or_default();
            binding_data.set_text("EnqueuedTimeUtc", seconds);
        }
        let system = JObject::default()
            .with("MethodName", self.function_name)
            .with("UtcNow", JToken::Date(self.utc_now))
            .with("RandGuid", self.rand_guid.as_str());
        binding_data.set("sys", system);
        if self.trigger.cardinality == Cardinality::One
            && self.trigger.data_type != DataType::Binary
        {
            // The event's own members get in, over what is there: whoever sends it chooses them.
            for event in &self.batch.events {
                if let Some(members) = parse_object(&body_text::decode(&event.body)) {
                    binding_data.set_members(&members);
                }
            }
        }
        let mut metadata = binding_data.into_metadata();
        if let Some(retry) = &self.retry {
            metadata.insert("RetryContext", retry.clone());
        }
        metadata
    }

    /// The metadata's members, each with its value for every event.
    fn columns(&self) -> Vec<(&'static str, Vec<JToken>)> {
        let column = |value: fn(&Self, &EventHubEvent, i64, i64) -> JToken| {
            let placed = self.batch.placed();
            placed
                .map(|(event, number, offset)| value(self, event, number, offset))
                .collect()
        };
        vec![
            ("PartitionKey", column(|_, event, _, _| key(event))),
            (
                "Offset",
                column(|_, _, _, offset| offset.to_string().into()),
            ),
            (
                "OffsetString",
                column(|_, _, _, offset| offset.to_string().into()),
            ),
            (
                "SequenceNumber",
                column(|_, _, number, _| JToken::Integer(number.to_string())),
            ),
            (
                "EnqueuedTimeUtc",
                column(|this, _, _, _| this.batch.enqueued_time.as_str().into()),
            ),
            (
                "Properties",
                column(|_, event, _, _| object(event.properties.iter()).into()),
            ),
            ("SystemProperties", column(Self::system_properties)),
        ]
    }

    fn system_properties(&self, event: &EventHubEvent, number: i64, offset: i64) -> JToken {
        let is_amqp = |(name, _): &&(String, Value)| PROPERTY_SECTION.contains(&name.as_str());
        let mut properties = JObject::default();
        for name in PROPERTY_SECTION {
            let mut known = event.system_properties.iter();
            if let Some((_, value)) = known.find(|(known, _)| known == name) {
                properties.insert(name, amqp_token(name, value));
            }
        }
        properties.insert("x-opt-sequence-number", JToken::Integer(number.to_string()));
        properties.insert("x-opt-offset", offset.to_string());
        properties.insert(
            "x-opt-enqueued-time",
            format!("{}+00:00", self.batch.enqueued_time),
        );
        for (name, value) in event
            .system_properties
            .iter()
            .filter(|property| !is_amqp(property))
        {
            let value = match name.as_str() {
                // A hub writes it as a time, and so does the host.
                "iothub-enqueuedtime" => with_zone(value, "Z"),
                _ => None,
            }
            .unwrap_or_else(|| token(value));
            properties.insert(name.as_str(), value);
        }
        properties.insert("SequenceNumber", JToken::Integer(number.to_string()));
        properties.insert("Offset", JToken::Integer(offset.to_string()));
        properties.insert("OffsetString", offset.to_string());
        properties.insert("PartitionKey", key(event));
        properties.insert("EnqueuedTimeUtc", self.batch.enqueued_time.as_str());
        properties.into()
    }
}

/// A property of AMQP's own, in the type that it has there.
fn amqp_token(name: &str, value: &Value) -> JToken {
    let typed = match (name, value) {
        // Bytes, of which the host shows only what their container's type has as members.
        ("user-id", Value::String(id)) => Some(JToken::from(
            JObject::default()
                .with("Length", JToken::Integer(id.len().to_string()))
                .with("IsEmpty", JToken::Boolean(id.is_empty())),
        )),
        ("creation-time" | "absolute-expiry-time", value) => with_zone(value, "+00:00"),
        _ => None,
    };
    typed.unwrap_or_else(|| token(value))
}

/// A time in UTC, as it is written with this at its end.
fn with_zone(value: &Value, zone: &str) -> Option<JToken> {
    let date = NetDateTime::parse(value.as_str()?)?.to_string();
    Some(format!("{}{zone}", date.strip_suffix('Z')?).into())
}

fn key(event: &EventHubEvent) -> JToken {
    event
        .partition_key
        .as_deref()
        .map_or(JToken::Null, JToken::from)
}

fn base64(event: &EventHubEvent) -> String {
    STANDARD.encode(&event.body)
}

/// The body as Newtonsoft reads it, which is how dates in it come to be written anew.
fn parsed(event: &EventHubEvent) -> Result<JToken, String> {
    let text = body_text::decode(&event.body);
    if text.trim().is_empty() {
        return Ok(JToken::Null);
    }
    JToken::parse(&text, MAX_DEPTH).map_err(|error| {
        format!("the host can't bind the batch, as an event's body is not JSON: {error}")
    })
}

fn object<'a>(properties: impl Iterator<Item = &'a (String, Value)>) -> JObject {
    let mut object = JObject::default();
    for (name, value) in properties {
        object.insert(name.as_str(), token(value));
    }
    object
}

/// A property's value. Its text stays text, even where it looks like a date.
fn token(value: &Value) -> JToken {
    match value {
        Value::Null => JToken::Null,
        Value::Bool(value) => JToken::Boolean(*value),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => JToken::Float(float),
            _ => JToken::Integer(number.to_string()),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => JToken::Array(items.iter().map(token).collect()),
        Value::Object(members) => {
            let mut object = JObject::default();
            for (name, value) in members {
                object.insert(name.as_str(), token(value));
            }
            object.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::http_trigger::retry_context;

    const FIRST: &str = r#"{"t":21.5,"u":"C","at":"2026-09-01T10:15:28.0000000Z"}"#;
    const SECOND: &str = r#"{"t":22.0,"u":"C","at":"2026-09-01T10:15:28.5000000Z"}"#;

    fn event(body: &str, device: &str, k: &str) -> EventHubEvent {
        EventHubEvent::new(body)
            .system_property("iothub-connection-device-id", device)
            .system_property("iothub-enqueuedtime", "2026-09-01T10:15:29.4Z")
            .system_property("content-type", "application/json")
            .property("k", k)
            .partition_key(device)
    }

    fn envelope(
        cardinality: Cardinality,
        data_type: DataType,
        events: Vec<EventHubEvent>,
        retry: Option<(u32, i64)>,
    ) -> Result<String, Unbindable> {
        let batch = EventHubBatch::new("telemetry", events)
            .at("0", 42, 140)
            .enqueued("2026-09-01T10:15:29.5")
            .namespace("contoso.servicebus.windows.net");
        let trigger = EventHubTrigger {
            name: "events".to_owned(),
            consumer_group: "$Default".to_owned(),
            cardinality,
            data_type,
        };
        EventHubInvocation {
            function_name: "EventHubTrigger1",
            trigger: &trigger,
            batch: &batch,
            utc_now: NetDateTime::parse("2026-09-01T10:15:30.1234567Z").unwrap(),
            rand_guid: "5f0a7d7e-6c0e-4b57-9d3f-2f6d1f4d7a10".to_owned(),
            retry: retry.map(|(failed, most)| retry_context(failed, most, None)),
        }
        .to_envelope()
    }

    #[track_caller]
    fn check(
        cardinality: Cardinality,
        data_type: DataType,
        retry: Option<(u32, i64)>,
        fixture: &str,
    ) {
        let mut events = vec![event(FIRST, "dev-1", "0")];
        if cardinality == Cardinality::Many {
            events.push(event(SECOND, "dev-2", "1"));
        }
        // The fixtures' second event begins 72 bytes behind the first; ours at the end of its body.
        let fixture = fixture.trim_end().replace("212", "194");
        // They were derived from the host's source. The captured host ends this time otherwise.
        let time = r#"x-opt-enqueued-time\":\"2026-09-01T10:15:29.5"#;
        let fixture = fixture.replace(&format!("{time}Z"), &format!("{time}+00:00"));
        let time = time.replace('\\', "");
        let fixture = fixture.replace(&format!("{time}Z"), &format!("{time}+00:00"));
        assert_eq!(
            envelope(cardinality, data_type, events, retry).unwrap(),
            fixture
        );
    }

    #[test]
    fn a_batch_comes_out_byte_for_byte_in_every_data_type() {
        let many = Cardinality::Many;
        check(
            many,
            DataType::Undefined,
            None,
            include_str!("../../../../fixtures/host/eh_many.json"),
        );
        check(
            many,
            DataType::String,
            None,
            include_str!("../../../../fixtures/host/eh_many_string.json"),
        );
        check(
            many,
            DataType::Binary,
            None,
            include_str!("../../../../fixtures/host/eh_many_binary.json"),
        );
        check(
            many,
            DataType::String,
            Some((1, 3)),
            include_str!("../../../../fixtures/host/eh_many_retry.json"),
        );
    }

    #[test]
    fn an_event_alone_comes_out_byte_for_byte() {
        let one = Cardinality::One;
        check(
            one,
            DataType::String,
            None,
            include_str!("../../../../fixtures/host/eh_one.json"),
        );
        check(
            one,
            DataType::Binary,
            None,
            include_str!("../../../../fixtures/host/eh_one_binary.json"),
        );
    }

    #[test]
    fn an_event_that_comes_alone_writes_over_its_metadata() {
        let forged = r#"{"SystemProperties":{"iothub-connection-device-id":"other"}}"#;
        let envelope = envelope(
            Cardinality::One,
            DataType::String,
            vec![event(forged, "dev-1", "0")],
            None,
        )
        .unwrap();
        let envelope: Value = serde_json::from_str(&envelope).unwrap();
        assert_eq!(
            envelope["Metadata"]["SystemProperties"]["iothub-connection-device-id"],
            "other"
        );
    }

    #[test]
    fn without_a_data_type_one_event_that_is_no_json_fails_the_batch() {
        let events = vec![event(FIRST, "dev-1", "0"), event("no JSON", "dev-2", "1")];
        let error =
            envelope(Cardinality::Many, DataType::Undefined, events.clone(), None).unwrap_err();
        assert!(
            error
                .sentence
                .starts_with("the host can't bind the batch, as an event's body is not JSON"),
            "{error:?}"
        );
        assert_eq!(
            error.chain(),
            [
                "System.InvalidOperationException: Exception binding parameter 'events'",
                "System.InvalidOperationException: Binding parameters to complex objects (such as \
                 'Object') uses Json.NET serialization."
            ]
        );
        let envelope = envelope(Cardinality::Many, DataType::String, events, None).unwrap();
        assert!(envelope.contains(r#"\"no JSON\""#), "{envelope}");
    }

    #[test]
    fn without_a_data_type_an_event_without_a_body_is_null() {
        let events = vec![event("", "dev-1", "0"), event("5", "dev-2", "1")];
        let envelope = envelope(Cardinality::Many, DataType::Undefined, events, None).unwrap();
        let start = r#"{"Data":{"events":"[null,5]"},"#;
        assert!(envelope.starts_with(start), "{envelope}");
    }
}
