//! What a device wants, from the service's request.

use std::fmt;

use allocation::dps::{AllocationRequest, LinkedHub};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::adt::{ModelId, TwinId, printable};

/// A device, the model of its twin, and the hub that it goes to.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The registration id, which is what a new twin is called.
    pub twin_id: TwinId,
    /// The model that the device says it is.
    pub model: ModelId,
    /// The hub: the current one while it is linked, else the first.
    pub hub: LinkedHub<'a>,
}

/// A payload that names a model.
const EXAMPLE: &str = r#"{"modelId":"dtmi:contosocom:DigitalTwins:Thermostat;2"}"#;

/// The device or the request is wrong, and would be again. Its `Display` is the answer: one
/// sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// The request has no registration id.
    #[error("Registration ID not provided for the device.")]
    NoRegistrationId,
    /// The registration id is not one of the service's.
    #[error(
        "deviceRuntimeContext.registrationId is no registration ID: up to 128 letters, digits, '-', '.', '_' and ':', the last \
         one a letter, a digit or '-'."
    )]
    InvalidRegistrationId,
    /// The request links no hub that has a name.
    #[error("No hub group defined for the enrollment.")]
    NoLinkedHubs,
    /// A member has another type than the service's documentation says.
    #[error("{member} must be {expected}.")]
    WrongType {
        /// The member's path.
        member: &'static str,
        /// What it must be, with its article.
        expected: &'static str,
    },
    /// The device has sent no payload.
    #[error(
        "The device has sent no payload: it must name the model of its digital twin, as in {EXAMPLE}."
    )]
    NoPayload,
    /// The payload names no model.
    #[error(
        "The device's payload has no modelId: it must name the model of its digital twin, as in {EXAMPLE}."
    )]
    NoModelId,
    /// The model ID is not valid.
    #[error(
        "deviceRuntimeContext.payload.modelId is no model ID, such as dtmi:contosocom:DigitalTwins:Thermostat;2."
    )]
    InvalidModelId,
    /// The instance refuses a twin of the model.
    #[error(
        "The Digital Twins instance refuses the device's twin of the model {model} ({reason})."
    )]
    UnusableModel {
        /// The model.
        model: String,
        /// What the instance says.
        reason: String,
    },
    /// The device's twin is there, and is of another model.
    #[error(
        "The device's digital twin {} is of the model {}, and the device says {wanted}: delete the twin or correct the device.",
        printable(twin),
        printable(is)
    )]
    OtherModel {
        /// The twin.
        twin: String,
        /// Its model.
        is: String,
        /// The device's.
        wanted: String,
    },
    /// The twin of the registration's name belongs to another registration.
    #[error(
        "The digital twin {} belongs to the registration {}, as its HubRegistrationId says: rename the device or correct the twin.",
        printable(twin),
        printable(registration_id)
    )]
    TwinTaken {
        /// The twin.
        twin: String,
        /// The other.
        registration_id: String,
    },
    /// Several twins say that they belong to the registration.
    #[error(
        "Several digital twins have the device's registration ID as their HubRegistrationId ({}): leave it to one of them.",
        printable(&twins.join(", "))
    )]
    Ambiguous {
        /// Which.
        twins: Vec<String>,
    },
}

impl<'a> Wanted<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// With a refusal, which is final.
    pub fn parse(request: &'a AllocationRequest<'_>) -> Result<Self, RegistrationError> {
        let context = &request.device_runtime_context;
        let registration_id = context
            .registration_id
            .as_deref()
            .filter(|id| !id.is_empty());
        let registration_id = registration_id.ok_or(RegistrationError::NoRegistrationId)?;
        let twin_id = TwinId::parse(registration_id)
            .filter(|_| is_registration_id(registration_id))
            .ok_or(RegistrationError::InvalidRegistrationId)?;
        let hubs = request
            .linked_hubs
            .as_ref()
            .ok_or(RegistrationError::NoLinkedHubs)?;
        let has_name = |hub: &LinkedHub<'_>| !hub.host_name().trim().is_empty();
        let hubs: Vec<_> = hubs.iter().filter(has_name).collect();
        let current = context
            .current_iot_hub_host_name
            .map(|hub| hub.parse())
            .transpose();
        let current = current.map_err(|_| RegistrationError::WrongType {
            member: "deviceRuntimeContext.currentIotHubHostName",
            expected: "a string",
        })?;
        let is_current = |hub: &&LinkedHub<'_>| {
            current
                .as_deref()
                .is_some_and(|current| current.eq_ignore_ascii_case(hub.host_name()))
        };
        let hub = hubs.iter().find(is_current).or(hubs.first());
        let hub = *hub.ok_or(RegistrationError::NoLinkedHubs)?;
        let payload = context.payload_json().ok_or(RegistrationError::NoPayload)?;
        Ok(Self {
            twin_id,
            model: model_id(&payload)?,
            hub,
        })
    }
}

/// The model that the payload names.
fn model_id(payload: &str) -> Result<ModelId, RegistrationError> {
    let mut payload = serde_json::Deserializer::from_str(payload);
    let found = payload.deserialize_map(LastModelId);
    let found = found.map_err(|_| RegistrationError::WrongType {
        member: "deviceRuntimeContext.payload",
        expected: "an object",
    })?;
    let json = found.ok_or(RegistrationError::NoModelId)?.get();
    if !json.starts_with('"') {
        return Err(RegistrationError::WrongType {
            member: "deviceRuntimeContext.payload.modelId",
            expected: "a string",
        });
    }
    let text: Option<String> = serde_json::from_str(json).ok();
    text.and_then(|text| ModelId::parse(&text))
        .ok_or(RegistrationError::InvalidModelId)
}

/// Finds the last `modelId` of an object; null counts as absent. What nobody reads, names included,
/// need not be readable: a number may be too large for one, and a string may escape half of a
/// character.
struct LastModelId;

impl<'de> Visitor<'de> for LastModelId {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<&RawValue>()? {
            let name: Result<String, _> = serde_json::from_str(name.get());
            if name.is_ok_and(|name| name == "modelId") {
                found = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// The service's rule in its wider form: it is documented in two, and no device that it lets
/// through shall fail here.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/concepts-service#registration-id>.
fn is_registration_id(text: &str) -> bool {
    const MAX: usize = 128;
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':');
    text.len() <= MAX
        && text.bytes().all(is_allowed)
        && text.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '-')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MODEL: &str = "dtmi:contosocom:DigitalTwins:Thermostat;2";

    /// Twin, model and hub, or the refusal's sentence.
    fn wanted(request: &Value) -> Result<[String; 3], String> {
        let request = request.to_string();
        let request = AllocationRequest::parse(&request).unwrap();
        match Wanted::parse(&request) {
            Ok(wanted) => Ok([
                wanted.twin_id.to_string(),
                wanted.model.to_string(),
                wanted.hub.host_name().to_owned(),
            ]),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn request() -> Value {
        json!({
            "deviceRuntimeContext": {"registrationId": "deviceid_reg", "symmetricKey": {}, "payload": {"modelId": MODEL}},
            "linkedHubs": ["a.azure-devices.net", "B.azure-devices.net"],
        })
    }

    #[test]
    fn a_device_goes_to_the_first_hub_unless_its_current_one_is_linked() {
        for (current, hub) in [
            (Value::Null, "a.azure-devices.net"),
            (json!("b.azure-devices.net"), "B.azure-devices.net"),
            (json!("c.azure-devices.net"), "a.azure-devices.net"),
        ] {
            let mut request = request();
            request["deviceRuntimeContext"]["currentIotHubHostName"] = current;
            assert_eq!(
                wanted(&request),
                Ok(["deviceid_reg", MODEL, hub].map(str::to_owned))
            );
        }
    }

    #[test]
    fn a_hub_without_a_name_is_none() {
        let mut request = request();
        request["linkedHubs"] = json!(["", " ", "b.azure-devices.net"]);
        request["deviceRuntimeContext"]["currentIotHubHostName"] = json!("");
        assert_eq!(wanted(&request).unwrap()[2], "b.azure-devices.net");
    }

    /// Model, or the refusal's sentence, for a payload of this JSON text.
    fn model_of(payload: &str) -> Result<String, String> {
        let request = format!(
            r#"{{"deviceRuntimeContext":{{"registrationId":"d","payload":{payload}}},"linkedHubs":["h.net"]}}"#
        );
        let request = AllocationRequest::parse(&request).unwrap();
        let wanted = Wanted::parse(&request).map_err(|refusal| refusal.to_string())?;
        Ok(wanted.model.to_string())
    }

    #[test]
    fn a_payload_s_other_members_may_be_whatever_they_are() {
        for payload in [
            r#"{"x":1e999,"modelId":"dtmi:a;1"}"#,
            r#"{"modelId":"dtmi:a;1","x":"\ud800"}"#,
            r#"{"\ud800":1,"modelId":"dtmi:a;1"}"#,
            r#"{"modelId":1e999,"modelId":"dtmi:a;1"}"#,
            r#"{"\u006dodelId":"dtmi\u003aa;1"}"#,
            // Text that holds an object is that object: this is what `az` sends.
            r#""{\"modelId\":\"dtmi:a;1\"}""#,
            r#""\n {\"x\":1e999,\"modelId\":\"dtmi:a;1\"} ""#,
        ] {
            assert_eq!(model_of(payload), Ok("dtmi:a;1".to_owned()), "{payload}");
        }
    }

    #[test]
    fn a_model_id_that_can_t_be_read_is_told() {
        for (payload, expected) in [
            (
                r#"{"modelId":"\ud800"}"#,
                "deviceRuntimeContext.payload.modelId is no model ID, such as dtmi:contosocom:DigitalTwins:Thermostat;2.",
            ),
            (
                r#"{"modelId":1e999}"#,
                "deviceRuntimeContext.payload.modelId must be a string.",
            ),
            (
                r#"{"modelId":"dtmi:a;1","modelId":["dtmi:a;1"]}"#,
                "deviceRuntimeContext.payload.modelId must be a string.",
            ),
            ("1e999", "deviceRuntimeContext.payload must be an object."),
            (
                r#""{\"modelId\":2}""#,
                "deviceRuntimeContext.payload.modelId must be a string.",
            ),
            (
                r#""{\"modelId\":\"dtmi:a;1\"""#,
                "deviceRuntimeContext.payload must be an object.",
            ),
            (
                r#""[{\"modelId\":\"dtmi:a;1\"}]""#,
                "deviceRuntimeContext.payload must be an object.",
            ),
        ] {
            assert_eq!(model_of(payload), Err(expected.to_owned()), "{payload}");
        }
    }

    #[track_caller]
    fn check(path: &str, value: &Value, expected: &str) {
        let mut request = request();
        *request.pointer_mut(path).unwrap() = value.clone();
        assert_eq!(wanted(&request), Err(expected.to_owned()), "{path} {value}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_told() {
        let id = "/deviceRuntimeContext/registrationId";
        let none = "Registration ID not provided for the device.";
        check(id, &Value::Null, none);
        check(id, &json!(""), none);
        check("/deviceRuntimeContext", &json!({}), none);
        let wrong = "deviceRuntimeContext.registrationId is no registration ID: up to 128 letters, digits, '-', '.', '_' and ':', the last one a letter, a digit or '-'.";
        for text in ["..", "a/b", "it's", "a b", "é", "a.", "a%2f"] {
            check(id, &json!(text), wrong);
        }
        check(id, &json!("a".repeat(129)), wrong);
        let no_hubs = "No hub group defined for the enrollment.";
        check("/linkedHubs", &Value::Null, no_hubs);
        check("/linkedHubs", &json!([]), no_hubs);
        check("/linkedHubs", &json!([""]), no_hubs);
        let payload = "/deviceRuntimeContext/payload";
        check(
            payload,
            &Value::Null,
            r#"The device has sent no payload: it must name the model of its digital twin, as in {"modelId":"dtmi:contosocom:DigitalTwins:Thermostat;2"}."#,
        );
        for (value, member) in [(json!("x"), "payload"), (json!([MODEL]), "payload")] {
            check(
                payload,
                &value,
                &format!("deviceRuntimeContext.{member} must be an object."),
            );
        }
        for value in [
            json!({}),
            json!({"modelId": null}),
            json!({"modelid": MODEL}),
        ] {
            check(
                payload,
                &value,
                r#"The device's payload has no modelId: it must name the model of its digital twin, as in {"modelId":"dtmi:contosocom:DigitalTwins:Thermostat;2"}."#,
            );
        }
        check(
            payload,
            &json!({"modelId": 2}),
            "deviceRuntimeContext.payload.modelId must be a string.",
        );
        check(
            payload,
            &json!({"modelId": "Thermostat"}),
            "deviceRuntimeContext.payload.modelId is no model ID, such as dtmi:contosocom:DigitalTwins:Thermostat;2.",
        );
    }

    #[test]
    fn a_current_hub_that_is_no_text_is_told() {
        let mut request = request();
        request["deviceRuntimeContext"]["currentIotHubHostName"] = json!(5);
        let expected = "deviceRuntimeContext.currentIotHubHostName must be a string.";
        assert_eq!(wanted(&request), Err(expected.to_owned()));
    }

    #[test]
    fn what_a_twin_says_is_told_short_and_on_one_line() {
        let text = "a\nERROR b".to_owned();
        let refusal = RegistrationError::TwinTaken {
            twin: "t".to_owned(),
            registration_id: text.clone(),
        };
        assert_eq!(
            refusal.to_string(),
            "The digital twin t belongs to the registration a\\nERROR b, as its HubRegistrationId says: rename the device or correct the twin."
        );
        let refusal = RegistrationError::OtherModel {
            twin: text.clone(),
            is: text,
            wanted: MODEL.to_owned(),
        };
        assert!(!refusal.to_string().contains('\n'), "{refusal}");
        let twins = vec!["twin".to_owned(); 10_000];
        let sentence = RegistrationError::Ambiguous { twins }.to_string();
        assert!(sentence.len() < 1_200, "{} bytes", sentence.len());
    }

    #[test]
    fn ids_keep_their_case() {
        let mut request = request();
        request["deviceRuntimeContext"]["registrationId"] = json!("WioTerminal");
        assert_eq!(wanted(&request).unwrap()[0], "WioTerminal");
    }
}
