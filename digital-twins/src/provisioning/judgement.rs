//! Whether a twin is the one that a device wants.

use super::{HUB_REGISTRATION_ID, RegistrationError, TwinRules, Wanted};
use crate::adt::{DigitalTwin, JsonPatch, ModelId};

/// What a twin is to a device.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It is the device's.
    Fits {
        /// What it doesn't say yet of whose it is.
        patch: JsonPatch,
    },
    /// It is the device's, of an older version of the device's model, and gets the new one.
    Outdated {
        /// The new model, and what the twin doesn't say yet.
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
/// With a refusal, when it is the device's but of another model: a twin's model is changed to a
/// newer version of the same at most, and only where the rules say so. (Another one would wipe it.)
pub fn judge(
    twin: &DigitalTwin,
    wanted: &Wanted<'_>,
    rules: TwinRules<'_>,
) -> Result<Judgement, RegistrationError> {
    let registration_id = twin.text(HUB_REGISTRATION_ID);
    if let Some(other) = registration_id.filter(|id| *id != wanted.twin_id.as_str()) {
        return Ok(Judgement::OfAnother {
            registration_id: other.to_owned(),
        });
    }
    let is_outdated = twin.metadata.model != wanted.model.as_str();
    let mut patch = JsonPatch::default();
    if is_outdated {
        let is = ModelId::parse(&twin.metadata.model);
        let is_upgrade = is.is_some_and(|is| wanted.model.is_newer_than(&is));
        if !(rules.upgrade_models && is_upgrade) {
            return Err(RegistrationError::OtherModel {
                twin: twin.id.clone(),
                is: twin.metadata.model.clone(),
                wanted: wanted.model.to_string(),
            });
        }
        patch.replace_model(&wanted.model);
        // The new model may have components that the twin must have, too.
        for (name, value) in rules.initial_properties {
            if !twin.contents.contains_key(name) {
                patch.add(name, value.clone());
            }
        }
    }
    if registration_id.is_none() {
        patch.add(HUB_REGISTRATION_ID, wanted.twin_id.as_str());
    }
    let hub = wanted.hub.host_name();
    let hub_property = rules.hub_property;
    if let Some(property) = hub_property.filter(|property| twin.text(property) != Some(hub)) {
        patch.add(property, hub);
    }
    Ok(if is_outdated {
        Judgement::Outdated { patch }
    } else {
        Judgement::Fits { patch }
    })
}

#[cfg(test)]
mod tests {
    use allocation::dps::AllocationRequest;
    use serde_json::{Value, json};

    use super::*;

    const REQUEST: &str = r#"{"deviceRuntimeContext":{"registrationId":"dev","payload":{"modelId":"dtmi:a;1"}},"linkedHubs":["h.net"]}"#;

    /// What a twin of this model with these properties is.
    fn judged(
        [model, wanted]: [&str; 2],
        properties: &Value,
        upgrade_models: bool,
    ) -> Result<Value, String> {
        let mut twin = json!({"$dtId": "dev", "$etag": "e", "$metadata": {"$model": model}});
        twin.as_object_mut()
            .unwrap()
            .extend(properties.as_object().unwrap().clone());
        let twin: DigitalTwin = serde_json::from_value(twin).unwrap();
        let request = REQUEST.replace("dtmi:a;1", wanted);
        let request = AllocationRequest::parse(&request).unwrap();
        let wanted = Wanted::parse(&request).unwrap();
        let initial = json!({"T": 0.0, "sensor": {"$metadata": {}}});
        let rules = TwinRules {
            initial_properties: initial.as_object().unwrap(),
            hub_property: Some("Hub"),
            upgrade_models,
        };
        match judge(&twin, &wanted, rules) {
            Ok(Judgement::Fits { patch } | Judgement::Outdated { patch }) => {
                Ok(serde_json::to_value(patch).unwrap())
            }
            Ok(Judgement::OfAnother { registration_id }) => Err(registration_id),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    /// The patch that links a twin with these properties, or what else it is.
    #[track_caller]
    fn check(model: &str, properties: &Value, expected: &Result<Value, &str>, why: &str) {
        let judged = judged([model, "dtmi:a;1"], properties, false);
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

    #[test]
    fn a_newer_version_of_its_model_upgrades_a_twin_where_the_rules_say_so() {
        let linked = json!({"HubRegistrationId": "dev", "Hub": "h.net", "T": 21.5});
        let upgrade = |version: &str| {
            json!([
                {"op": "replace", "path": "/$metadata/$model", "value": version},
                {"op": "add", "path": "/sensor", "value": {"$metadata": {}}},
            ])
        };
        for [is, wanted] in [
            ["dtmi:a;1", "dtmi:a;2"],
            ["dtmi:a;9", "dtmi:a;10"],
            ["dtmi:a;1", "dtmi:a;1.1"],
        ] {
            let judged = judged([is, wanted], &linked, true);
            assert_eq!(judged, Ok(upgrade(wanted)), "{is} {wanted}");
        }
        for [is, wanted] in [
            ["dtmi:a;2", "dtmi:a;1"],
            ["dtmi:b;1", "dtmi:a;2"],
            ["no model", "dtmi:a;2"],
        ] {
            let expected = format!(
                "The device's digital twin dev is of the model {is}, and the device says {wanted}: delete the twin or correct the device."
            );
            let judged = judged([is, wanted], &linked, true);
            assert_eq!(judged, Err(expected), "{is} {wanted}");
        }
    }

    #[test]
    fn an_upgraded_twin_is_told_whose_it_is() {
        let patch = judged(["dtmi:a;1", "dtmi:a;2"], &json!({}), true).unwrap();
        let paths = patch.as_array().unwrap().iter();
        let paths: Vec<_> = paths.map(|operation| operation["path"].as_str()).collect();
        assert_eq!(
            paths,
            [
                "/$metadata/$model",
                "/T",
                "/sensor",
                "/HubRegistrationId",
                "/Hub"
            ]
            .map(Some)
        );
    }
}
