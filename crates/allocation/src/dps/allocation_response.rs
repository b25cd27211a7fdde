//! The webhook's answer: the hub, and what the device's first twin says.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};
use serde_json::value::RawValue;

use super::linked_hubs::LinkedHub;

/// The device is assigned to a hub.
///
/// Source:
/// <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation#custom-allocation-policy-response>.
#[derive(Clone, Copy, Debug)]
pub struct AllocationResponse<'a> {
    /// The hub, one of those that the request links.
    pub iot_hub_host_name: LinkedHub<'a>,
    /// The twin's first content, an [`InitialTwin`] or JSON of its shape. Without it the service
    /// takes the enrollment's. It is used at the first assignment, and when the hub changes under
    /// *Reprovision and reset to initial config*.
    pub initial_twin: Option<&'a RawValue>,
    /// A JSON object for the device, given to it at each registration.
    pub payload: Option<&'a RawValue>,
    /// Whether the payload is written before the twin; it stands behind it in the tutorial's log.
    pub is_payload_first: bool,
}

impl Serialize for AllocationResponse<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = [
            ("initialTwin", self.initial_twin),
            ("payload", self.payload),
        ];
        if self.is_payload_first {
            members.reverse();
        }
        let mut response = serializer.serialize_struct("AllocationResponse", 3)?;
        response.serialize_field("iotHubHostName", &self.iot_hub_host_name)?;
        for (name, value) in members {
            match value {
                Some(value) => response.serialize_field(name, value)?,
                None => response.skip_field(name)?,
            }
        }
        response.end()
    }
}

/// The first content of a device twin.
///
/// Source: <https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InitialTwin<'a> {
    /// The properties of the twin.
    pub properties: TwinProperties<'a>,
    /// Tags, which the device never sees; at most 8 KB.
    pub tags: TwinCollection<'a>,
}

/// The properties of an [`InitialTwin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TwinProperties<'a> {
    /// What the device shall be set to; at most 32 KB.
    pub desired: TwinCollection<'a>,
}

/// Named values, written as a JSON object in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwinCollection<'a>(pub &'a [(&'a str, TwinValue<'a>)]);

impl Serialize for TwinCollection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A value in a twin. There is no null, as it would delete the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TwinValue<'a> {
    /// A string of at most 4 KB.
    Text(&'a str),
    /// A whole number from −4503599627370496 to 4503599627370495.
    Integer(i64),
    /// A boolean.
    Boolean(bool),
    /// An object, at most ten levels deep.
    Object(TwinCollection<'a>),
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::dps::AllocationRequest;

    #[test]
    fn a_response_has_the_service_s_member_names_in_the_tutorial_s_order() {
        let request =
            AllocationRequest::parse(r#"{"linkedHubs":["a.azure-devices.net"]}"#).unwrap();
        let hubs = request.linked_hubs.unwrap();
        let nested = [("b", TwinValue::Boolean(true))];
        let initial_twin = to_raw_value(&InitialTwin {
            properties: TwinProperties {
                desired: TwinCollection(&[
                    ("z", TwinValue::Text("1")),
                    ("a", TwinValue::Integer(-1)),
                    ("o", TwinValue::Object(TwinCollection(&nested))),
                ]),
            },
            tags: TwinCollection(&[]),
        });
        let initial_twin = initial_twin.unwrap();
        let mut response = AllocationResponse {
            iot_hub_host_name: hubs.iter().next().unwrap(),
            initial_twin: Some(&initial_twin),
            payload: Some(serde_json::from_str(r#"{ "p": 1.0 }"#).unwrap()),
            is_payload_first: false,
        };
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"iotHubHostName":"a.azure-devices.net","initialTwin":{"properties":{"desired":{"z":"1","a":-1,"o":{"b":true}}},"tags":{}},"payload":{ "p": 1.0 }}"#
        );
        response.is_payload_first = true;
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"iotHubHostName":"a.azure-devices.net","payload":{ "p": 1.0 },"initialTwin":{"properties":{"desired":{"z":"1","a":-1,"o":{"b":true}}},"tags":{}}}"#
        );
        response.initial_twin = None;
        response.payload = None;
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"iotHubHostName":"a.azure-devices.net"}"#
        );
    }
}
