//! The allocation policy: an allocation request becomes a response or a refusal.
//!
//! Pure: the same request always gets the same answer, so the service may ask as often as it likes. The policy is data, a
//! table of [`Rule`]s; [`CONTOSO`] holds the tutorial's.

mod contoso;

use std::fmt;

use crate::dps::{AllocationRequest, AllocationResponse, InitialTwin, LinkedHub};

pub use contoso::CONTOSO;

/// Which hub and twin devices get, by their registration ids.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The first rule whose marker the registration id contains decides.
    pub rules: &'static [Rule],
}

/// A device family: one row of a [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the family is called in the log.
    pub family: &'static str,
    /// What a registration id of the family contains. The case counts.
    pub registration_id_contains: &'static str,
    /// What the host name of a hub for the family contains. The case counts, and of several such hubs the last is taken.
    pub hub_contains: &'static str,
    /// The refusal when the request links no such hub.
    pub no_hub: &'static str,
    /// The twin that a device of the family starts with.
    pub initial_twin: InitialTwin<'static>,
}

/// A device gets a hub.
#[derive(Clone, Copy, Debug)]
pub struct Allocation<'a> {
    /// The rule that has decided.
    pub rule: &'static Rule,
    /// What the service is answered.
    pub response: AllocationResponse<'a>,
}

/// A device gets no hub, and would get none if it asked again.
///
/// Its `Display` is the sentence that the tutorial answers, to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request has no registration id.
    NoRegistrationId,
    /// The request has no list of hubs. (An empty list is one.)
    NoLinkedHubs,
    /// The request links no hub for this family.
    NoHub(&'static Rule),
    /// No rule is for this registration id.
    Unrecognized,
}

impl Policy {
    /// Decides on a request.
    ///
    /// # Errors
    /// With a refusal, which is final.
    pub fn allocate<'a>(
        &self,
        request: &'a AllocationRequest<'_>,
    ) -> Result<Allocation<'a>, Refusal> {
        let registration_id = request.device_runtime_context.registration_id.as_deref();
        let registration_id = registration_id.ok_or(Refusal::NoRegistrationId)?;
        let hubs = request.linked_hubs.as_ref().ok_or(Refusal::NoLinkedHubs)?;
        let is_of_family = |rule: &&Rule| registration_id.contains(rule.registration_id_contains);
        let rule = self
            .rules
            .iter()
            .find(is_of_family)
            .ok_or(Refusal::Unrecognized)?;
        let is_for_family = |hub: &LinkedHub<'_>| hub.host_name().contains(rule.hub_contains);
        let hub = hubs
            .iter()
            .rfind(is_for_family)
            .ok_or(Refusal::NoHub(rule))?;
        Ok(Allocation {
            rule,
            response: AllocationResponse {
                iot_hub_host_name: hub,
                initial_twin: Some(rule.initial_twin),
                payload: None,
            },
        })
    }
}

impl Refusal {
    /// What the tutorial's log says of it.
    #[must_use]
    pub fn log_line(self) -> &'static str {
        match self {
            Self::NoRegistrationId => "Registration ID : NULL",
            Self::NoLinkedHubs => "linkedHubs : NULL",
            Self::NoHub(rule) => rule.no_hub,
            Self::Unrecognized => "Unknown device registration",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRegistrationId => "Registration ID not provided for the device.",
            Self::NoLinkedHubs => "No hub group defined for the enrollment.",
            Self::NoHub(rule) => rule.no_hub,
            Self::Unrecognized => "Unrecognized device registration.",
        })
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TOASTERS: &str = "contoso-toasters-hub-1098.azure-devices.net";
    const HEAT_PUMPS: &str = "contoso-heatpumps-hub-1098.azure-devices.net";

    /// What the tutorial's policy says to a registration id and linked hubs: the hub, or the refusal's sentence.
    fn decide(registration_id: &Value, linked_hubs: &Value) -> Result<String, String> {
        let request = json!({
            "deviceRuntimeContext": {"registrationId": registration_id},
            "linkedHubs": linked_hubs,
        });
        let request = request.to_string();
        let request = AllocationRequest::parse(&request).unwrap();
        match CONTOSO.allocate(&request) {
            Ok(allocation) => Ok(allocation.response.iot_hub_host_name.host_name().to_owned()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    #[track_caller]
    fn check(registration_id: &str, linked_hubs: &[&str], expected: Result<&str, &str>, why: &str) {
        let decision = decide(&json!(registration_id), &json!(linked_hubs));
        assert_eq!(
            decision.as_deref().map_err(String::as_str),
            expected,
            "{why}"
        );
    }

    #[test]
    fn a_family_is_told_by_its_marker_anywhere_in_the_registration_id() {
        let hubs = [TOASTERS, HEAT_PUMPS];
        for (id, expected) in [
            ("breakroom499-contoso-tstrsd-007", Ok(TOASTERS)),
            ("mainbuilding167-contoso-hpsd-088", Ok(HEAT_PUMPS)),
            ("-contoso-tstrsd-007", Ok(TOASTERS)),
            ("a-contoso-tstrsd-007-and-more", Ok(TOASTERS)),
            ("a-contoso-hpsd-088-contoso-tstrsd-007", Ok(TOASTERS)),
            (
                "a-CONTOSO-tstrsd-007",
                Err("Unrecognized device registration."),
            ),
            (
                "contoso-tstrsd-007",
                Err("Unrecognized device registration."),
            ),
            (
                "a-contoso-tstrsd-07",
                Err("Unrecognized device registration."),
            ),
            ("", Err("Unrecognized device registration.")),
        ] {
            check(id, &hubs, expected, id);
        }
    }

    #[test]
    fn the_last_matching_hub_wins() {
        let id = "x-contoso-tstrsd-007";
        check(
            id,
            &["a-toasters-1", HEAT_PUMPS, "a-toasters-2"],
            Ok("a-toasters-2"),
            "the last",
        );
        check(
            id,
            &["a-toasters-2", "a-toasters-1"],
            Ok("a-toasters-1"),
            "not the greatest",
        );
        check(
            id,
            &["a-Toasters-1", "a-toasters-2", "toasters-3"],
            Ok("a-toasters-2"),
            "the case and both hyphens count",
        );
    }

    #[test]
    fn a_family_without_a_hub_is_refused_in_the_tutorial_s_words() {
        let no_toasters = Err("No toasters hub found for the enrollment.");
        let no_heat_pumps = Err("No heat pumps hub found for the enrollment.");
        for hubs in [&[][..], &[""], &["a.azure-devices.net"]] {
            check("x-contoso-tstrsd-007", hubs, no_toasters, "no such hub");
            check("x-contoso-hpsd-088", hubs, no_heat_pumps, "no such hub");
        }
        check(
            "x-contoso-tstrsd-007",
            &[HEAT_PUMPS],
            no_toasters,
            "only the other's hub",
        );
        check(
            "x-contoso-hpsd-088",
            &[TOASTERS],
            no_heat_pumps,
            "only the other's hub",
        );
    }

    #[test]
    fn a_missing_registration_id_is_told_before_missing_hubs() {
        let id = json!("x-contoso-tstrsd-007");
        let no_id = Err("Registration ID not provided for the device.".to_owned());
        assert_eq!(decide(&Value::Null, &Value::Null), no_id);
        assert_eq!(decide(&Value::Null, &json!([TOASTERS])), no_id);
        let no_hubs = Err("No hub group defined for the enrollment.".to_owned());
        assert_eq!(decide(&id, &Value::Null), no_hubs);
        assert_eq!(decide(&json!("stranger"), &Value::Null), no_hubs);
    }

    #[test]
    fn an_empty_request_lacks_its_registration_id() {
        let request = AllocationRequest::parse("{}").unwrap();
        assert_eq!(
            CONTOSO.allocate(&request).unwrap_err(),
            Refusal::NoRegistrationId
        );
    }

    #[test]
    fn the_log_says_of_a_refusal_what_the_tutorial_s_log_says() {
        for (refusal, expected) in [
            (Refusal::NoRegistrationId, "Registration ID : NULL"),
            (Refusal::NoLinkedHubs, "linkedHubs : NULL"),
            (
                Refusal::NoHub(&CONTOSO.rules[0]),
                "No toasters hub found for the enrollment.",
            ),
            (
                Refusal::NoHub(&CONTOSO.rules[1]),
                "No heat pumps hub found for the enrollment.",
            ),
            (Refusal::Unrecognized, "Unknown device registration"),
        ] {
            assert_eq!(refusal.log_line(), expected);
        }
    }

    #[test]
    fn the_twins_are_the_tutorial_s() {
        let twins = CONTOSO
            .rules
            .iter()
            .map(|rule| serde_json::to_string(&rule.initial_twin).unwrap());
        assert_eq!(
            twins.collect::<Vec<_>>(),
            [
                r#"{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}"#,
                r#"{"properties":{"desired":{"state":"on","temperatureSetting":"65"}},"tags":{"deviceType":"heatpump"}}"#,
            ]
        );
    }

    /// <https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins#tags-and-properties-format>
    #[test]
    fn every_rule_s_twin_is_one_that_a_hub_takes() {
        fn check_value(value: &Value, depth: usize) -> usize {
            assert!(depth <= 10, "ten levels at most");
            match value {
                Value::Object(members) => members
                    .iter()
                    .map(|(name, value)| {
                        assert!(
                            name.len() <= 1024 && !name.contains(['.', '$', ' ']),
                            "{name:?}"
                        );
                        assert!(!name.contains(char::is_control), "{name:?}");
                        name.len() + check_value(value, depth + 1)
                    })
                    .sum(),
                Value::String(text) => {
                    assert!(text.len() <= 4096, "{text:?}");
                    text.len()
                }
                Value::Number(number) => {
                    let integer = number.as_i64().unwrap();
                    assert!((-4_503_599_627_370_496..=4_503_599_627_370_495).contains(&integer));
                    8
                }
                Value::Bool(_) => 4,
                Value::Null | Value::Array(_) => panic!("a rule's twin has neither"),
            }
        }
        for rule in CONTOSO.rules {
            let twin = serde_json::to_value(rule.initial_twin).unwrap();
            assert!(check_value(&twin["tags"], 0) <= 8 * 1024, "{}", rule.family);
            assert!(
                check_value(&twin["properties"]["desired"], 0) <= 32 * 1024,
                "{}",
                rule.family
            );
        }
    }
}
