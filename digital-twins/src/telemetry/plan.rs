//! Which twins get which values from a batch.

use custom_handler::EventData;
use serde_json::Number;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use thiserror::Error;

use super::Mapping;
use crate::adt::{JsonPatch, TwinId};

const DEVICE_ID: &str = "iothub-connection-device-id";
const MESSAGE_SOURCE: &str = "iothub-message-source";
const TELEMETRY: &str = "Telemetry";

/// How an enrichment that could not be resolved begins: the hub stamps its literal text, such as `$twin.tags.dtId`.
///
/// Source: <https://learn.microsoft.com/azure/iot-hub/iot-hub-message-enrichments-overview>.
const UNRESOLVED: &str = "$twin.";

/// What is to be written after a batch.
#[derive(Debug, Default)]
pub struct Plan {
    /// The newest value of each property, twin by twin.
    pub patches: Vec<(TwinId, JsonPatch)>,
    /// Events that can't be used, now or later.
    pub unusable: Vec<UnusableEvent>,
    /// How many events have nothing for us: other messages of the hub, or no member that goes anywhere.
    pub skipped: usize,
}

/// An event that can't be used.
#[derive(Debug, PartialEq, Eq)]
pub struct UnusableEvent {
    /// Its number in the partition, by which it can be found.
    pub sequence_number: String,
    /// Why.
    pub error: EventError,
}

/// Why an event can't be used. Shows nothing of its body.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EventError {
    /// The hub has not said which device it is from.
    #[error("it has no system property {DEVICE_ID}: is it from an IoT hub?")]
    NoDeviceId,
    /// The twin that it names can't be one.
    #[error("its device or enrichment names no possible twin")]
    NotATwinId,
    /// The body is no JSON object.
    #[error("its body is no JSON object in UTF-8")]
    NotAnObject,
    /// A member that goes to a property is no number.
    #[error("{member} in its body is no number")]
    NotANumber {
        /// The member.
        member: String,
    },
}

impl Plan {
    /// Reads a batch. Later events are newer: a partition keeps the order of a device's messages.
    ///
    /// `enrichment` is the application property in which the hub names the twin.
    #[must_use]
    pub fn new(batch: &[EventData<'_>], mapping: &Mapping, enrichment: Option<&str>) -> Self {
        let mut newest: BTreeMap<TwinId, BTreeMap<&str, Number>> = BTreeMap::new();
        let mut plan = Self::default();
        for event in batch {
            match Reading::of(event, mapping, enrichment) {
                Ok(None) => plan.skipped += 1,
                Ok(Some(Reading { twin, values })) => {
                    newest.entry(twin).or_default().extend(values);
                }
                Err(error) => plan.unusable.push(UnusableEvent {
                    sequence_number: sequence_number(event),
                    error,
                }),
            }
        }
        plan.patches = newest
            .into_iter()
            .map(|(twin, values)| (twin, patch(values)))
            .collect();
        plan
    }
}

fn patch(values: BTreeMap<&str, Number>) -> JsonPatch {
    let mut patch = JsonPatch::default();
    for (property, value) in values {
        patch.add(property, value);
    }
    patch
}

fn sequence_number(event: &EventData<'_>) -> String {
    let number = event.system_properties.get("SequenceNumber");
    number.map_or_else(|| "?".to_owned(), Cow::into_owned)
}

/// What one event says of a twin.
struct Reading<'m> {
    twin: TwinId,
    values: Vec<(&'m str, Number)>,
}

impl<'m> Reading<'m> {
    fn of(
        event: &EventData<'_>,
        mapping: &'m Mapping,
        enrichment: Option<&str>,
    ) -> Result<Option<Self>, EventError> {
        let source = event.system_properties.get(MESSAGE_SOURCE);
        if source.is_some_and(|source| source != TELEMETRY) {
            return Ok(None);
        }
        let device = event
            .system_properties
            .get(DEVICE_ID)
            .ok_or(EventError::NoDeviceId)?;
        let named = enrichment.and_then(|name| event.properties.get(name));
        let named = named.filter(|twin| !twin.is_empty() && !twin.starts_with(UNRESOLVED));
        let twin = TwinId::parse(&named.unwrap_or(device)).ok_or(EventError::NotATwinId)?;
        let body = event.body();
        let members: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_str(&body).map_err(|_| EventError::NotAnObject)?;
        let mut values = Vec::new();
        for (member, property) in mapping.iter() {
            match members.get(member).map(|value| value.get()) {
                None | Some("null") => {}
                Some(value) => values.push((property, number(member, value)?)),
            }
        }
        Ok((!values.is_empty()).then_some(Self { twin, values }))
    }
}

fn number(member: &str, value: &str) -> Result<Number, EventError> {
    serde_json::from_str(value).map_err(|_| EventError::NotANumber {
        member: member.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use custom_handler::{Encoded, EventHubTrigger};
    use serde_json::{Value, json};

    use super::*;

    /// An event: body, system properties, application properties.
    type Event = (&'static str, Value, Value);

    fn from(device: &str) -> Value {
        json!({"iothub-connection-device-id": device, "iothub-message-source": "Telemetry", "SequenceNumber": 42})
    }

    #[track_caller]
    fn check(events: &[Event], patches: &Value, unusable: &[&str], skipped: usize, why: &str) {
        let column = |pick: fn(&Event) -> Value| {
            Value::from(events.iter().map(pick).collect::<Vec<_>>()).to_string()
        };
        let bodies = json!(column(|event| event.0.into())).to_string();
        let metadata = json!({
            "SystemPropertiesArray": column(|event| event.1.clone()),
            "PropertiesArray": column(|event| event.2.clone()),
        });
        let metadata = RawValue::from_string(metadata.to_string()).unwrap();
        let bodies: Encoded<'_> = serde_json::from_str(&bodies).unwrap();
        let trigger = EventHubTrigger::new(bodies, Some(&metadata)).unwrap();
        let mapping = "Temperature,hum=Humidity".parse().unwrap();
        let plan = Plan::new(&trigger.batch().unwrap(), &mapping, Some("dtId"));
        let planned = plan
            .patches
            .iter()
            .map(|(twin, patch)| (twin.to_string(), serde_json::to_value(patch).unwrap()));
        assert_eq!(&Value::Object(planned.collect()), patches, "{why}");
        let told: Vec<_> = plan
            .unusable
            .iter()
            .map(|event| event.error.to_string())
            .collect();
        assert_eq!(told, unusable, "{why}");
        assert_eq!(plan.skipped, skipped, "{why}");
    }

    fn sets(property: &str, value: impl Into<Value>) -> Value {
        json!({"op": "add", "path": format!("/{property}"), "value": value.into()})
    }

    #[test]
    fn the_newest_value_of_each_property_counts() {
        check(
            &[
                (r#"{"Temperature":20}"#, from("a"), json!({})),
                (r#"{"Temperature":30.5,"hum":40}"#, from("b"), json!({})),
                (r#"{"Temperature":21.5,"other":"x"}"#, from("a"), json!({})),
                (r#"{"hum":41}"#, from("b"), json!({})),
            ],
            &json!({
                "a": [sets("Temperature", 21.5)],
                "b": [sets("Humidity", 41), sets("Temperature", 30.5)],
            }),
            &[],
            0,
            "one patch for each twin",
        );
    }

    #[test]
    fn the_enrichment_names_the_twin_unless_it_is_unresolved() {
        for (properties, twin) in [
            (json!({"dtId": "Room 1"}), "Room 1"),
            (json!({"dtId": "$twin.tags.dtId"}), "dev"),
            (json!({"dtId": ""}), "dev"),
            (json!({"dtId": null}), "dev"),
            (json!({"DTID": "x"}), "dev"),
            (Value::Null, "dev"),
        ] {
            check(
                &[(r#"{"Temperature":1}"#, from("dev"), properties)],
                &json!({twin: [sets("Temperature", 1)]}),
                &[],
                0,
                twin,
            );
        }
    }

    #[test]
    fn a_device_is_who_its_hub_says_it_is() {
        check(
            &[(
                r#"{"Temperature":99,"deviceId":"victim","dtId":"victim","SystemProperties":{"iothub-connection-device-id":"victim"}}"#,
                from("dev"),
                json!({"iothub-connection-device-id": "victim", "deviceId": "victim"}),
            )],
            &json!({"dev": [sets("Temperature", 99)]}),
            &[],
            0,
            "neither body nor application properties say who",
        );
    }

    #[test]
    fn events_that_have_nothing_for_us_are_skipped() {
        check(
            &[
                ("{}", from("a"), json!({})),
                (r#"{"Temperature":null}"#, from("a"), json!({})),
                (r#"{"temperature":1}"#, from("a"), json!({})),
                (
                    r#"{"Temperature":1}"#,
                    json!({"iothub-connection-device-id": "a", "iothub-message-source": "twinChangeEvents"}),
                    json!({}),
                ),
            ],
            &json!({}),
            &[],
            4,
            "nothing",
        );
    }

    #[test]
    fn events_that_cannot_be_used_are_told_and_the_others_go_on() {
        let no_object = "its body is no JSON object in UTF-8";
        check(
            &[
                (r#"{"Temperature":1}"#, from("a"), json!({})),
                ("21.5", from("a"), json!({})),
                ("not JSON", from("a"), json!({})),
                (r#"{"Temperature":2"#, from("a"), json!({})),
                (r#"{"Temperature":"hot"}"#, from("a"), json!({})),
                (r#"{"hum":1e999}"#, from("a"), json!({})),
                (r#"{"Temperature":2}"#, json!({}), json!({})),
                (r#"{"Temperature":2}"#, from("a"), json!({"dtId": ".."})),
                (r#"{"Temperature":3}"#, from("b"), json!({})),
            ],
            &json!({"a": [sets("Temperature", 1)], "b": [sets("Temperature", 3)]}),
            &[
                no_object,
                no_object,
                no_object,
                "Temperature in its body is no number",
                "hum in its body is no number",
                "it has no system property iothub-connection-device-id: is it from an IoT hub?",
                "its device or enrichment names no possible twin",
            ],
            0,
            "seven bad ones",
        );
    }
}
