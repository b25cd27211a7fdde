//! Events as they stand in an Event Hub, in batches as its trigger takes them.
//!
//! Source: <https://learn.microsoft.com/azure/event-hubs/event-hubs-features>; for the names of
//! system properties `AmqpSystemProperties` in <https://github.com/Azure/azure-sdk-for-net>, and
//! for what an IoT hub adds
//! <https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-messages-construct> and
//! <https://learn.microsoft.com/azure/iot-hub/iot-hub-non-telemetry-event-schema>.

use serde_json::Value;
use time::OffsetDateTime;
use time::macros::format_description;

/// One event.
#[derive(Clone, Debug)]
pub struct EventHubEvent {
    pub(crate) body: Vec<u8>,
    pub(crate) properties: Vec<(String, Value)>,
    pub(crate) system_properties: Vec<(String, Value)>,
    pub(crate) partition_key: Option<String>,
    /// Where it stands in the partition, when that is not where the one before it ends.
    pub(crate) offset: Option<i64>,
}

impl EventHubEvent {
    /// An event with this body and no properties.
    #[must_use]
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            properties: Vec::new(),
            system_properties: Vec::new(),
            partition_key: None,
            offset: None,
        }
    }

    /// What a device has sent, as its hub routes it to an Event Hub.
    #[must_use]
    pub fn telemetry(device_id: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new(body)
            .system_property("content-type", "application/json")
            .system_property("content-encoding", "utf-8")
            .system_property("iothub-connection-device-id", device_id)
            .system_property("iothub-message-source", "Telemetry")
            .partition_key(device_id)
    }

    /// What a hub says when one of its devices is made or deleted; `operation` is
    /// `createDeviceIdentity` or `deleteDeviceIdentity`, and `twin` the device's twin in the hub.
    #[must_use]
    pub fn lifecycle(hub_name: &str, device_id: &str, operation: &str, twin: &Value) -> Self {
        Self::new(twin.to_string())
            .system_property("iothub-connection-device-id", device_id)
            .system_property("iothub-message-source", "deviceLifecycleEvents")
            .property("hubName", hub_name)
            .property("deviceId", device_id)
            .property("opType", operation)
            .property("iothub-message-schema", "deviceLifecycleNotification")
            .partition_key(device_id)
    }

    /// Adds an application property.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a system property: one of AMQP's, or an annotation.
    #[must_use]
    pub fn system_property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.system_properties.push((name.to_owned(), value.into()));
        self
    }

    /// Sets where it stands in the partition; without, it follows the event before it.
    #[must_use]
    pub fn offset(mut self, offset: i64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Sets the partition key.
    #[must_use]
    pub fn partition_key(mut self, key: &str) -> Self {
        self.partition_key = Some(key.to_owned());
        self
    }
}

/// Events that follow each other in a partition.
#[derive(Clone, Debug)]
pub struct EventHubBatch {
    pub(crate) namespace: String,
    pub(crate) event_hub_name: String,
    pub(crate) partition_id: String,
    pub(crate) first_sequence_number: i64,
    pub(crate) first_offset: i64,
    /// Without an offset: `2026-09-01T10:15:29.5`.
    pub(crate) enqueued_time: String,
    pub(crate) events: Vec<EventHubEvent>,
}

impl EventHubBatch {
    /// A batch from the start of partition 0, enqueued now.
    #[must_use]
    pub fn new(event_hub_name: &str, events: impl IntoIterator<Item = EventHubEvent>) -> Self {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:1+]"
        );
        Self {
            namespace: "local.servicebus.windows.net".to_owned(),
            event_hub_name: event_hub_name.to_owned(),
            partition_id: "0".to_owned(),
            first_sequence_number: 0,
            first_offset: 0,
            // The format has nothing that a date could lack.
            enqueued_time: OffsetDateTime::now_utc().format(format).unwrap_or_default(),
            events: events.into_iter().collect(),
        }
    }

    /// Where the batch stands in its partition.
    #[must_use]
    pub fn at(self, partition_id: &str, sequence_number: i64, offset: i64) -> Self {
        Self {
            partition_id: partition_id.to_owned(),
            first_sequence_number: sequence_number,
            first_offset: offset,
            ..self
        }
    }

    /// When its events were enqueued, in UTC: `2026-09-01T10:15:29.5`.
    #[must_use]
    pub fn enqueued(self, time: &str) -> Self {
        Self {
            enqueued_time: time.to_owned(),
            ..self
        }
    }

    /// The namespace of the Event Hub, a host name.
    #[must_use]
    pub fn namespace(self, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..self
        }
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events with their sequence numbers and offsets. An event takes as much of the partition
    /// as its body is long.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (&EventHubEvent, i64, i64)> {
        let mut offset = self.first_offset;
        self.events
            .iter()
            .zip(self.first_sequence_number..)
            .map(move |(event, number)| {
                let start = event.offset.unwrap_or(offset);
                offset = start + i64::try_from(event.body.len()).unwrap_or_default();
                (event, number, start)
            })
    }
}
