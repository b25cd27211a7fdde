//! The Event Hub trigger's batch: bodies in `Data` under the binding's name, their properties in
//! `Metadata`, joined by place.
//!
//! Only batches are read (`"cardinality": "many"`). Where the host hands over one event alone, it
//! merges that event's own members into `Metadata`, so that a device could write itself another's
//! name there.
//!
//! Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs-trigger>, and
//! for the encoding the [host](https://github.com/Azure/azure-functions-host) and the trigger's
//! [extension](https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/eventhub/Microsoft.Azure.WebJobs.Extensions.EventHubs).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Encoded;
use crate::json;

/// What the trigger hands over, before its batch is read.
#[derive(Clone, Debug)]
pub struct EventHubTrigger<'a> {
    /// The member of `Data` that has the binding's name.
    pub events: Encoded<'a>,
    /// What of `Metadata` belongs to the batch.
    pub metadata: EventHubMetadata<'a>,
}

/// The members of `Metadata` that go with a batch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EventHubMetadata<'a> {
    /// Where the batch comes from.
    pub partition_context: PartitionContext,
    /// The properties that the sender set, and the hub's enrichments: an array with one object for
    /// each event.
    #[serde(borrow)]
    pub properties_array: Option<Encoded<'a>>,
    /// What Event Hubs and IoT Hub say of each event: an array with one object for each event.
    #[serde(borrow)]
    pub system_properties_array: Option<Encoded<'a>>,
    /// Present when the function has a retry policy, from the first attempt on.
    pub retry_context: Option<RetryContext>,
}

/// The partition that a batch comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PartitionContext {
    /// The event hub.
    pub event_hub_name: String,
    /// The partition's number.
    pub partition_id: String,
}

/// Which attempt this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryContext {
    /// How many attempts have failed: 0 at the first.
    pub retry_count: i64,
    /// How many may follow the first; −1 is no limit.
    pub max_retry_count: i64,
}

impl RetryContext {
    /// Whether the host gives the batch up when this attempt fails.
    #[must_use]
    pub fn is_last(self) -> bool {
        self.max_retry_count >= 0 && self.retry_count >= self.max_retry_count
    }
}

impl<'a> EventHubTrigger<'a> {
    /// Reads the metadata of an invocation.
    ///
    /// # Errors
    /// When the metadata of a batch has another shape than the host's.
    pub fn new(events: Encoded<'a>, metadata: Option<&'a RawValue>) -> Result<Self, BatchError> {
        let metadata = metadata.map(|metadata| serde_json::from_str(metadata.get()));
        Ok(Self {
            events,
            metadata: metadata
                .transpose()
                .map_err(|_| BatchError::NotMetadata)?
                .unwrap_or_default(),
        })
    }

    /// The events of the batch, in the order of the partition.
    ///
    /// # Errors
    /// When this is not a batch, or events and properties don't pair up.
    pub fn batch(&self) -> Result<Vec<EventData<'_>>, BatchError> {
        let bodies: Vec<&RawValue> =
            serde_json::from_str(self.events.json()).map_err(|_| BatchError::NotABatch)?;
        let metadata = &self.metadata;
        let properties = array(
            "PropertiesArray",
            metadata.properties_array.as_ref(),
            bodies.len(),
        )?;
        let system_properties = array(
            "SystemPropertiesArray",
            metadata.system_properties_array.as_ref(),
            bodies.len(),
        )?;
        let events = bodies.into_iter().enumerate();
        Ok(events
            .map(|(place, body)| EventData {
                body,
                properties: EventProperties(properties.get(place).copied()),
                system_properties: EventProperties(system_properties.get(place).copied()),
            })
            .collect())
    }
}

/// The array of properties `name`, which must be as long as the batch if the host sends it at all.
fn array<'a>(
    name: &'static str,
    encoded: Option<&'a Encoded<'_>>,
    events: usize,
) -> Result<Vec<&'a RawValue>, BatchError> {
    let Some(encoded) = encoded else {
        return Ok(Vec::new());
    };
    let array: Vec<&RawValue> =
        serde_json::from_str(encoded.json()).map_err(|_| BatchError::NotAnArray { name })?;
    let properties = array.len();
    if properties == events {
        Ok(array)
    } else {
        Err(BatchError::Unpaired {
            name,
            properties,
            events,
        })
    }
}

/// One event of a batch.
#[derive(Clone, Copy)]
pub struct EventData<'a> {
    body: &'a RawValue,
    /// What the sender set, and the hub's enrichments. A device can set any name here that its hub
    /// doesn't enrich.
    pub properties: EventProperties<'a>,
    /// What Event Hubs and IoT Hub say of the event. No device can write here.
    pub system_properties: EventProperties<'a>,
}

impl<'a> EventData<'a> {
    /// The body's text. With `"dataType": "string"` it is what the sender sent; without a
    /// `dataType` the host has parsed the body and written it anew. With `"binary"` it is base64.
    #[must_use]
    pub fn body(&self) -> Cow<'a, str> {
        text(self.body)
    }
}

impl fmt::Debug for EventData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventData({} bytes)", self.body.get().len())
    }
}

/// Named values of an event.
#[derive(Clone, Copy)]
pub struct EventProperties<'a>(Option<&'a RawValue>);

impl<'a> EventProperties<'a> {
    /// The property `name`, in exactly this spelling: the text of a string, the JSON of anything
    /// else.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let [value] = json::members(self.0?.get(), &[name]).ok()?;
        value.map(text)
    }
}

impl fmt::Debug for EventProperties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EventProperties({} bytes)",
            self.0.map_or(0, |json| json.get().len())
        )
    }
}

/// What a JSON string says; any other JSON, and a string with half a character in it, as it is
/// written.
fn text(json: &RawValue) -> Cow<'_, str> {
    json::text(json.get()).unwrap_or(json.get().into())
}

/// Why an invocation has no batch of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// The trigger hands over something else than an array.
    NotABatch,
    /// The metadata is not as the host writes it.
    NotMetadata,
    /// A member of the metadata is not an array.
    NotAnArray {
        /// The member.
        name: &'static str,
    },
    /// An array of the metadata has another length than the batch.
    Unpaired {
        /// The array.
        name: &'static str,
        /// Its length.
        properties: usize,
        /// The batch's.
        events: usize,
    },
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABatch => f.write_str(
                "the trigger hands over no batch of events: its function.json needs \"cardinality\": \"many\", as the metadata of an \
                 event that comes alone can be forged by its sender",
            ),
            Self::NotMetadata => f.write_str("the metadata of the batch has a member of another type than the host's"),
            Self::NotAnArray { name } => write!(f, "{name} in the metadata is not an array"),
            Self::Unpaired { name, properties, events } => {
                write!(f, "{name} in the metadata has {properties} entries for {events} events")
            }
        }
    }
}

impl std::error::Error for BatchError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Invocation;

    const MANY: &str = include_str!("../../../../fixtures/host/eh_many.json");
    const MANY_STRING: &str = include_str!("../../../../fixtures/host/eh_many_string.json");
    const MANY_BINARY: &str = include_str!("../../../../fixtures/host/eh_many_binary.json");
    const MANY_RETRY: &str = include_str!("../../../../fixtures/host/eh_many_retry.json");
    const ONE: &str = include_str!("../../../../fixtures/host/eh_one.json");

    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        events: Encoded<'a>,
    }

    fn trigger(envelope: &str) -> Result<EventHubTrigger<'_>, BatchError> {
        let invocation = Invocation::<Data<'_>>::parse(envelope.as_bytes()).unwrap();
        EventHubTrigger::new(invocation.data.events, invocation.metadata)
    }

    #[track_caller]
    fn check(envelope: &str, bodies: [&str; 2], why: &str) {
        let trigger = trigger(envelope).unwrap();
        let batch = trigger.batch().unwrap();
        assert_eq!(
            batch.iter().map(EventData::body).collect::<Vec<_>>(),
            bodies,
            "{why}"
        );
        for (event, device, number, k) in [
            (&batch[0], "dev-1", "42", "0"),
            (&batch[1], "dev-2", "43", "1"),
        ] {
            let system = &event.system_properties;
            assert_eq!(
                system.get("iothub-connection-device-id").unwrap(),
                device,
                "{why}"
            );
            assert_eq!(system.get("SequenceNumber").unwrap(), number, "{why}");
            assert_eq!(system.get("iothub-connection-module-id"), None, "{why}");
            assert_eq!(event.properties.get("k").unwrap(), k, "{why}");
        }
        assert_eq!(
            trigger.metadata.partition_context.event_hub_name,
            "telemetry"
        );
        assert_eq!(trigger.metadata.partition_context.partition_id, "0");
    }

    #[test]
    fn a_batch_is_read_in_every_data_type() {
        check(
            MANY_STRING,
            [
                r#"{"t":21.5,"u":"C","at":"2026-09-01T10:15:28.0000000Z"}"#,
                r#"{"t":22.0,"u":"C","at":"2026-09-01T10:15:28.5000000Z"}"#,
            ],
            "string: as sent",
        );
        check(
            MANY,
            [
                r#"{"t":21.5,"u":"C","at":"2026-09-01T10:15:28Z"}"#,
                r#"{"t":22.0,"u":"C","at":"2026-09-01T10:15:28.5Z"}"#,
            ],
            "no data type: written anew",
        );
        check(
            MANY_BINARY,
            [
                "eyJ0IjoyMS41LCJ1IjoiQyIsImF0IjoiMjAyNi0wOS0wMVQxMDoxNToyOC4wMDAwMDAwWiJ9",
                "eyJ0IjoyMi4wLCJ1IjoiQyIsImF0IjoiMjAyNi0wOS0wMVQxMDoxNToyOC41MDAwMDAwWiJ9",
            ],
            "binary: base64",
        );
    }

    #[test]
    fn the_metadata_tells_which_attempt_this_is() {
        assert_eq!(trigger(MANY_STRING).unwrap().metadata.retry_context, None);
        let retry = trigger(MANY_RETRY).unwrap().metadata.retry_context.unwrap();
        assert_eq!((retry.retry_count, retry.max_retry_count), (1, 3));
        for (retry_count, max_retry_count, is_last) in
            [(0, 3, false), (2, 3, false), (3, 3, true), (9, -1, false)]
        {
            assert_eq!(
                RetryContext {
                    retry_count,
                    max_retry_count
                }
                .is_last(),
                is_last
            );
        }
    }

    #[test]
    fn an_event_that_comes_alone_is_refused_as_its_sender_can_forge_its_metadata() {
        let error = trigger(ONE).unwrap().batch().unwrap_err();
        assert_eq!(error, BatchError::NotABatch);
        assert!(error.to_string().contains(r#""cardinality": "many""#));
    }

    #[test]
    fn properties_that_do_not_pair_up_with_the_events_are_told() {
        for (metadata, expected) in [
            (
                r#"{"PropertiesArray":"[{}]"}"#,
                "PropertiesArray in the metadata has 1 entries for 2 events",
            ),
            (
                r#"{"SystemPropertiesArray":"[1,2,3]"}"#,
                "SystemPropertiesArray in the metadata has 3 entries for 2 events",
            ),
            (
                r#"{"PropertiesArray":{}}"#,
                "PropertiesArray in the metadata is not an array",
            ),
            (
                r#"{"PartitionContext":"x"}"#,
                "the metadata of the batch has a member of another type than the host's",
            ),
        ] {
            let envelope = format!(r#"{{"Data":{{"events":"[1,2]"}},"Metadata":{metadata}}}"#);
            let error = trigger(&envelope)
                .and_then(|trigger| trigger.batch().map(|_| ()))
                .unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn properties_may_be_missing_and_of_any_type() {
        let bare = trigger(r#"{"Data":{"events":["a"]}}"#).unwrap();
        let batch = bare.batch().unwrap();
        assert_eq!(batch[0].body(), "a");
        assert_eq!(batch[0].properties.get("k"), None);
        let odd = trigger(
            r#"{"Data":{"events":"[\"a\",{}]"},"Metadata":{"PropertiesArray":"[null,{\"n\":1.5,\"z\":null,\"o\":{},\"s\":\"\\u0061\"}]"}}"#,
        )
        .unwrap();
        let batch = odd.batch().unwrap();
        assert_eq!(batch[0].properties.get("n"), None);
        let properties = batch[1].properties;
        assert_eq!(properties.get("n").unwrap(), "1.5");
        assert_eq!(properties.get("z"), None);
        assert_eq!(properties.get("o").unwrap(), "{}");
        assert_eq!(properties.get("s").unwrap(), "a");
        assert_eq!(properties.get("S"), None, "the case counts");
    }

    #[test]
    fn debug_shows_neither_bodies_nor_properties() {
        let trigger = trigger(MANY_STRING).unwrap();
        let shown = format!(
            "{trigger:?} {:?} {:?}",
            trigger.batch(),
            trigger.batch().unwrap()[0].properties
        );
        assert!(
            !shown.contains("dev-1") && !shown.contains("21.5"),
            "{shown}"
        );
        for name in ["EventData(", "EventProperties("] {
            assert!(shown.contains(name), "{shown}");
        }
    }
}
