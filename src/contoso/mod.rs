//! The tutorial's policy: a table of [`Rule`]s, of which [`RULES`] holds Contoso's.
//!
//! Pure: the same request always gets the same answer, so the service may ask as often as it likes.

mod rules;

use std::sync::Arc;

use allocation::dps::InitialTwin;
use allocation::{Decision, LinkedHub, Policy, Request};
use serde_json::value::{RawValue, to_raw_value};

pub use rules::RULES;

/// A device family: one row of the policy.
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

/// The policy: the first rule whose marker the registration id contains decides.
#[derive(Debug)]
pub struct Contoso {
    /// Each rule with its twin as JSON, or with why there is none.
    rules: Vec<(&'static Rule, Result<Arc<RawValue>, String>)>,
}

impl Contoso {
    /// The policy with the tutorial's rules.
    #[must_use]
    pub fn new() -> Self {
        let twin = |rule: &Rule| match to_raw_value(&rule.initial_twin) {
            Ok(twin) => Ok(Arc::from(twin)),
            Err(error) => Err(format!("cannot write the initial twin: {error}")),
        };
        Self {
            rules: RULES.iter().map(|rule| (rule, twin(rule))).collect(),
        }
    }
}

impl Default for Contoso {
    fn default() -> Self {
        Self::new()
    }
}

impl Policy for Contoso {
    fn decide(&self, request: &Request<'_>) -> Decision {
        let id = request.registration_id();
        let is_of_family =
            |(rule, _): &&(&'static Rule, _)| id.contains(rule.registration_id_contains);
        let Some((rule, twin)) = self.rules.iter().find(is_of_family) else {
            return Decision::refuse("Unrecognized device registration.")
                .log_line("Unknown device registration");
        };
        let is_for_family = |hub: &LinkedHub<'_>| hub.host_name().contains(rule.hub_contains);
        match (request.linked_hubs().rfind(is_for_family), twin) {
            (Some(hub), Ok(twin)) => Decision::assign(rule.family, hub).initial_twin(twin.clone()),
            (Some(_), Err(error)) => Decision::fail(error.clone()),
            (None, _) => Decision::refuse(rule.no_hub).by_rule(rule.family),
        }
    }
}

#[cfg(test)]
mod tests {
    use allocation::{AllocationRequest, Outcome};
    use custom_handler::InputBindings;
    use serde_json::{Value, json};

    use super::*;

    const TOASTERS: &str = "contoso-toasters-hub-1098.azure-devices.net";
    const HEAT_PUMPS: &str = "contoso-heatpumps-hub-1098.azure-devices.net";

    /// What the tutorial's policy says to a registration id and linked hubs: the hub, or the refusal's sentence.
    fn decide(registration_id: &str, linked_hubs: &[&str]) -> Result<String, String> {
        let request = json!({
            "deviceRuntimeContext": {"registrationId": registration_id},
            "linkedHubs": linked_hubs,
        });
        let request = request.to_string();
        let request = AllocationRequest::parse(&request).unwrap();
        let request = Request::new(request, InputBindings::default()).unwrap();
        match Contoso::new().decide(&request).outcome() {
            Outcome::Assign(assignment) => Ok(assignment.hub().to_owned()),
            Outcome::Refuse(sentence) => Err(sentence.to_string()),
            outcome => panic!("{outcome:?}"),
        }
    }

    #[track_caller]
    fn check(registration_id: &str, linked_hubs: &[&str], expected: Result<&str, &str>, why: &str) {
        let decision = decide(registration_id, linked_hubs);
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
    fn the_twins_are_the_tutorial_s() {
        let twins = RULES
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
        for rule in RULES {
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
