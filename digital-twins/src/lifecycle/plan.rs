//! Which devices have been deleted, and whether their twins may go.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use custom_handler::EventData;
use serde::Deserialize;

use crate::adt::{DigitalTwin, TwinId, printable};
use crate::provisioning::HUB_REGISTRATION_ID;

const MESSAGE_SOURCE: &str = "iothub-message-source";
const MODULE_ID: &str = "iothub-connection-module-id";
const LIFECYCLE: &str = "deviceLifecycleEvents";

/// A device was deleted from a hub.
///
/// Source:
/// <https://learn.microsoft.com/azure/iot-hub/iot-hub-non-telemetry-event-schema#device-lifecycle-events>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The device.
    pub device_id: String,
    /// The hub that it was deleted from: its name, or its host name.
    pub hub_name: Option<String>,
    /// The digital twin that the hub's twin of the device names, in its tag `dtId`.
    pub twin_id: Option<TwinId>,
}

/// The hub's last twin of a device, which is the body of the event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct DeviceTwin {
    tags: Tags,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tags {
    #[serde(rename = "dtId")]
    dt_id: Option<String>,
}

/// The devices that are gone after a batch. Of a device that was deleted and made again in the same
/// hub, the last event counts.
///
/// Events of modules, which are no devices, and all that is no lifecycle event of the hub are left
/// out: a device can give its own messages any application property, but not the system property
/// that says what an event is.
#[must_use]
pub fn plan(batch: &[EventData<'_>]) -> Vec<Deletion> {
    let mut last: BTreeMap<(String, Option<String>), Option<Deletion>> = BTreeMap::new();
    for event in batch {
        let said = |value: &Cow<'_, str>| !value.is_empty();
        let system = |name| event.system_properties.get(name).filter(said);
        let property = |name| event.properties.get(name).filter(said);
        let is_module = system(MODULE_ID).or_else(|| property("moduleId")).is_some();
        if is_module || system(MESSAGE_SOURCE).as_deref() != Some(LIFECYCLE) {
            continue;
        }
        let (Some(operation), Some(device_id)) = (property("opType"), property("deviceId")) else {
            continue;
        };
        let hub_name = property("hubName").map(|name| name.to_ascii_lowercase());
        let deletion = match &*operation {
            "deleteDeviceIdentity" => Some(Deletion {
                device_id: device_id.clone().into_owned(),
                hub_name: hub_name.clone(),
                twin_id: named_twin(&event.body()),
            }),
            "createDeviceIdentity" => None,
            _ => continue,
        };
        last.insert((device_id.into_owned(), hub_name), deletion);
    }
    last.into_values().flatten().collect()
}

fn named_twin(body: &str) -> Option<TwinId> {
    let twin: DeviceTwin = serde_json::from_str(body).unwrap_or_default();
    TwinId::parse(&twin.tags.dt_id?)
}

/// Why a twin stays although a device was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The device has moved to another hub; the old one's deletion is the end of the move.
    Moved {
        /// The hub that the twin records.
        to: String,
    },
    /// The twin belongs to another device, and is only named like this one.
    OfAnother {
        /// The registration id that the twin says.
        registration_id: String,
    },
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved { to } => write!(f, "the device has moved to {}", printable(to)),
            Self::OfAnother { registration_id } => {
                write!(f, "it belongs to {}", printable(registration_id))
            }
        }
    }
}

/// Whether this twin goes with the device.
///
/// # Errors
/// With the reason why it stays.
pub fn may_delete(
    twin: &DigitalTwin,
    deletion: &Deletion,
    hub_property: Option<&str>,
) -> Result<(), Keep> {
    let is_named = deletion
        .twin_id
        .as_ref()
        .is_some_and(|id| id.as_str() == twin.id);
    let registration_id = twin
        .text(HUB_REGISTRATION_ID)
        .filter(|id| *id != deletion.device_id && !is_named);
    if let Some(registration_id) = registration_id {
        return Err(Keep::OfAnother {
            registration_id: registration_id.to_owned(),
        });
    }
    let recorded = hub_property.and_then(|property| twin.text(property));
    match (recorded, deletion.hub_name.as_deref()) {
        (Some(recorded), Some(hub)) if !is_same_hub(recorded, hub) => Err(Keep::Moved {
            to: recorded.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether a host name and what an event calls its hub, by its name or its host name, are the same
/// hub.
fn is_same_hub(host_name: &str, hub: &str) -> bool {
    let name = host_name
        .split_once('.')
        .map_or(host_name, |(name, _)| name);
    host_name.eq_ignore_ascii_case(hub) || name.eq_ignore_ascii_case(hub)
}

#[cfg(test)]
mod tests {
    use custom_handler::{Encoded, EventHubTrigger};
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    fn planned(events: &[(&str, Value, &str)]) -> Vec<Deletion> {
        let bodies: Vec<_> = events.iter().map(|event| event.2).collect();
        let properties: Vec<_> = events.iter().map(|event| &event.1).collect();
        let system: Vec<_> = events
            .iter()
            .map(|event| json!({"iothub-message-source": event.0}))
            .collect();
        let bodies = json!(json!(bodies).to_string()).to_string();
        let metadata = json!({
            "PropertiesArray": json!(properties).to_string(),
            "SystemPropertiesArray": json!(system).to_string(),
        });
        let metadata = RawValue::from_string(metadata.to_string()).unwrap();
        let bodies: Encoded<'_> = serde_json::from_str(&bodies).unwrap();
        let trigger = EventHubTrigger::new(bodies, Some(&metadata)).unwrap();
        plan(&trigger.batch().unwrap())
    }

    fn deletion(device: &str, hub: Option<&str>, twin: Option<&str>) -> Deletion {
        Deletion {
            device_id: device.to_owned(),
            hub_name: hub.map(str::to_owned),
            twin_id: twin.map(|twin| TwinId::parse(twin).unwrap()),
        }
    }

    #[test]
    fn why_a_twin_stays_is_told_on_one_line() {
        let text = "a\nb".to_owned();
        let moved = Keep::Moved { to: text.clone() };
        assert_eq!(moved.to_string(), "the device has moved to a\\nb");
        let of_another = Keep::OfAnother {
            registration_id: text,
        };
        assert_eq!(of_another.to_string(), "it belongs to a\\nb");
    }

    #[test]
    fn a_deleted_device_is_one_that_the_hub_s_lifecycle_events_tell_of() {
        let deleted =
            json!({"opType": "deleteDeviceIdentity", "deviceId": "d", "hubName": "Hub-A"});
        for (source, properties, body, expected, why) in [
            (
                LIFECYCLE,
                deleted.clone(),
                "{}",
                vec![deletion("d", Some("hub-a"), None)],
                "deleted",
            ),
            (
                LIFECYCLE,
                deleted.clone(),
                r#"{"deviceId":"d","tags":{"dtId":"Room 1","dtmi":"dtmi:a;1"}}"#,
                vec![deletion("d", Some("hub-a"), Some("Room 1"))],
                "with the twin that its tags name",
            ),
            (
                LIFECYCLE,
                deleted.clone(),
                "no JSON",
                vec![deletion("d", Some("hub-a"), None)],
                "whatever the body",
            ),
            (
                LIFECYCLE,
                deleted.clone(),
                r#"{"tags":{"dtId":".."}}"#,
                vec![deletion("d", Some("hub-a"), None)],
                "no twin's id",
            ),
            (
                LIFECYCLE,
                json!({"opType": "deleteDeviceIdentity", "deviceId": "d"}),
                "{}",
                vec![deletion("d", None, None)],
                "without a hub",
            ),
            (
                "Telemetry",
                deleted,
                "{}",
                vec![],
                "a device's message that plays the event",
            ),
            (
                LIFECYCLE,
                json!({"opType": "deleteDeviceIdentity", "deviceId": "d", "moduleId": "m"}),
                "{}",
                vec![],
                "a module",
            ),
            (
                LIFECYCLE,
                json!({"opType": "createDeviceIdentity", "deviceId": "d"}),
                "{}",
                vec![],
                "made",
            ),
            (
                LIFECYCLE,
                json!({"opType": "deleteDeviceIdentity"}),
                "{}",
                vec![],
                "nobody",
            ),
            (LIFECYCLE, json!({"deviceId": "d"}), "{}", vec![], "nothing"),
            (LIFECYCLE, Value::Null, "{}", vec![], "no properties"),
        ] {
            assert_eq!(planned(&[(source, properties, body)]), expected, "{why}");
        }
    }

    #[test]
    fn of_a_device_that_was_deleted_and_made_again_the_last_event_counts() {
        let event = |operation: &str, hub: &str| {
            (
                LIFECYCLE,
                json!({"opType": operation, "deviceId": "d", "hubName": hub}),
                "{}",
            )
        };
        let (delete, create) = ("deleteDeviceIdentity", "createDeviceIdentity");
        let gone = vec![deletion("d", Some("a"), None)];
        assert_eq!(
            planned(&[event(delete, "a"), event(delete, "a")]),
            gone,
            "once"
        );
        assert_eq!(planned(&[event(delete, "a"), event(create, "a")]), []);
        assert_eq!(planned(&[event(create, "a"), event(delete, "a")]), gone);
        assert_eq!(
            planned(&[event(delete, "a"), event(create, "b")]),
            gone,
            "another hub's word is for another hub"
        );
    }

    #[track_caller]
    fn check(twin: &Value, deletion: &Deletion, expected: Result<(), &str>, why: &str) {
        let twin: DigitalTwin = serde_json::from_value(twin.clone()).unwrap();
        let judged =
            may_delete(&twin, deletion, Some("IotHubHostName")).map_err(|keep| keep.to_string());
        assert_eq!(
            judged.as_ref().map_err(String::as_str).copied(),
            expected,
            "{why}"
        );
    }

    #[test]
    fn a_twin_goes_with_its_device_from_the_hub_that_it_records() {
        let twin = |members: Value| {
            let mut twin = json!({"$dtId": "t", "$etag": "e", "$metadata": {"$model": "dtmi:a;1"}});
            twin.as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
            twin
        };
        let in_a =
            twin(json!({"HubRegistrationId": "d", "IotHubHostName": "Hub-A.azure-devices.net"}));
        check(
            &in_a,
            &deletion("d", Some("hub-a"), None),
            Ok(()),
            "the hub's name",
        );
        check(
            &in_a,
            &deletion("d", Some("hub-a.azure-devices.net"), None),
            Ok(()),
            "its host name",
        );
        check(
            &in_a,
            &deletion("d", None, None),
            Ok(()),
            "a hub that isn't told",
        );
        let moved = Err("the device has moved to Hub-A.azure-devices.net");
        check(
            &in_a,
            &deletion("d", Some("hub-b"), None),
            moved,
            "another hub",
        );
        check(
            &in_a,
            &deletion("d", Some("hub"), None),
            moved,
            "only the start of the name",
        );
        check(
            &in_a,
            &deletion("e", Some("hub-a"), None),
            Err("it belongs to d"),
            "another device",
        );
        check(
            &in_a,
            &deletion("e", Some("hub-a"), Some("t")),
            Ok(()),
            "the twin that the device's tags name",
        );
        check(
            &twin(json!({})),
            &deletion("d", Some("hub-a"), None),
            Ok(()),
            "a twin that records nothing",
        );
    }
}
