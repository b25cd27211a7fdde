//! Whether a twin is the one that a device wants.

use super::{HUB_REGISTRATION_ID, Refusal, Wanted};
use crate::adt::{DigitalTwin, JsonPatch};

/// What a twin is to a device.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It is the device's.
    Fits {
        /// What it doesn't say yet of whose it is.
        patch: JsonPatch,
    },
    /// It belongs to another registration.
    OfAnother {
        /// Which.
        registration_id: String,
    },
}

/// Judges `twin` by what the device wants.
///
/// # Errors
/// With a refusal, when it is the device's but of another model: a twin's model is never changed, as that would wipe it.
pub fn judge(
    twin: &DigitalTwin,
    wanted: &Wanted<'_>,
    hub_property: Option<&str>,
) -> Result<Judgement, Refusal> {
    let registration_id = twin.text(HUB_REGISTRATION_ID);
    if let Some(other) = registration_id.filter(|id| *id != wanted.twin_id.as_str()) {
        return Ok(Judgement::OfAnother {
            registration_id: other.to_owned(),
        });
    }
    if twin.metadata.model != wanted.model.as_str() {
        return Err(Refusal::OtherModel {
            twin: twin.id.clone(),
            is: twin.metadata.model.clone(),
            wanted: wanted.model.to_string(),
        });
    }
    let mut patch = JsonPatch::default();
    if registration_id.is_none() {
        patch.add(HUB_REGISTRATION_ID, wanted.twin_id.as_str());
    }
    let hub = wanted.hub.host_name();
    if let Some(property) = hub_property.filter(|property| twin.text(property) != Some(hub)) {
        patch.add(property, hub);
    }
    Ok(Judgement::Fits { patch })
}

#[cfg(test)]
mod tests {
    use allocation::dps::AllocationRequest;
    use serde_json::{Value, json};

    use super::*;

    const REQUEST: &str = r#"{"deviceRuntimeContext":{"registrationId":"dev","payload":{"modelId":"dtmi:a;1"}},"linkedHubs":["h.net"]}"#;

    /// The patch that links a twin with these properties, or what else it is.
    #[track_caller]
    fn check(model: &str, properties: &Value, expected: &Result<Value, &str>, why: &str) {
        let mut twin = json!({"$dtId": "dev", "$etag": "e", "$metadata": {"$model": model}});
        twin.as_object_mut()
            .unwrap()
            .extend(properties.as_object().unwrap().clone());
        let twin: DigitalTwin = serde_json::from_value(twin).unwrap();
        let request = AllocationRequest::parse(REQUEST).unwrap();
        let wanted = Wanted::parse(&request).unwrap();
        let judged = match judge(&twin, &wanted, Some("Hub")) {
            Ok(Judgement::Fits { patch }) => Ok(serde_json::to_value(patch).unwrap()),
            Ok(Judgement::OfAnother { registration_id }) => Err(registration_id),
            Err(refusal) => Err(refusal.to_string()),
        };
        assert_eq!(
            judged.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|expected| *expected),
            "{why}"
        );
    }

    #[test]
    fn a_twin_is_told_whose_it_is_once() {
        let hub = json!({"op": "add", "path": "/Hub", "value": "h.net"});
        let id = json!({"op": "add", "path": "/HubRegistrationId", "value": "dev"});
        let (linked, named) = (
            json!({"HubRegistrationId": "dev", "Hub": "h.net"}),
            json!({"HubRegistrationId": "dev"}),
        );
        check("dtmi:a;1", &linked, &Ok(json!([])), "it says all");
        check("dtmi:a;1", &named, &Ok(json!([hub])), "no hub yet");
        check(
            "dtmi:a;1",
            &json!({"HubRegistrationId": "dev", "Hub": "old.net"}),
            &Ok(json!([hub])),
            "another hub",
        );
        check(
            "dtmi:a;1",
            &json!({"HubRegistrationId": ""}),
            &Ok(json!([id, hub])),
            "made by hand",
        );
    }

    #[test]
    fn a_twin_of_another_model_or_another_device_is_left_alone() {
        let refusal = |is: &str| {
            format!(
                "The device's digital twin dev is of the model {is}, and the device says dtmi:a;1: delete the twin or correct the device."
            )
        };
        for model in ["dtmi:a;2", "dtmi:A;1"] {
            check(
                model,
                &json!({"HubRegistrationId": "dev"}),
                &Err(&refusal(model)),
                "the case counts",
            );
        }
        check(
            "dtmi:a;1",
            &json!({"HubRegistrationId": "other"}),
            &Err("other"),
            "another's",
        );
        check(
            "dtmi:a;2",
            &json!({"HubRegistrationId": "other"}),
            &Err("other"),
            "another's, of whatever model",
        );
    }
}
