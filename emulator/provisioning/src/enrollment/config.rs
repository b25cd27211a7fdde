//! What the service is made of: the tutorial's set-up, or a configuration file.
//!
//! A file holds the ID scope, the linked hubs, and enrollments in the service's own JSON, as
//! `az iot dps enrollment-group show --show-keys` prints it. It is checked against a schema, so that an error names its place.

use std::collections::HashSet;
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::enrollment::authorities::{Authorities, UploadedCertificate};
use crate::enrollment::enrollments::{Allocation, Enrollment, Enrollments};
use crate::service::provisioning_service::Settings;
use crate::webhook::allocation_request::{
    CustomAllocationDefinition, EnrollmentGroup, EnrollmentSettings, IndividualEnrollment,
    SymmetricKeys,
};

const SCHEMA: &str = include_str!("config.schema.json");

/// The ID scope, unless a file names another.
pub const ID_SCOPE: &str = "0ne00LOCAL1";

/// The tutorial's group key, from which the keys of its devices are derived. It is published, and secures nothing.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/how-to-use-custom-allocation-policies>, an earlier form of the tutorial.
pub const TUTORIAL_GROUP_KEY: &str =
    "oiK77Oy7rBw8YB6IS6ukRChAw+Yq6GC61RMrPLSTiOOtdI+XDu0LmLuNm11p+qv2I+adqGUdZHm46zXAQdZoOA==";

/// The version of the shapes that a webhook gets, unless the enrollment names another.
const WEBHOOK_API_VERSION: &str = "2021-10-01";

/// A configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    #[serde(default = "id_scope")]
    id_scope: String,
    linked_hubs: Vec<String>,
    #[serde(default)]
    enrollment_groups: Vec<EnrollmentGroup>,
    #[serde(default)]
    enrollments: Vec<IndividualEnrollment>,
    certificates: Option<Vec<UploadedCertificate>>,
}

/// Which enrollments get a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// All of allocation policy *custom*.
    All,
    /// Those of allocation policy *custom* that name none.
    Missing,
}

fn id_scope() -> String {
    ID_SCOPE.to_owned()
}

impl Config {
    /// The tutorial's service: two hubs, and the group `contoso-custom-allocated-devices` without a webhook.
    #[must_use]
    pub fn tutorial() -> Self {
        let mut group = EnrollmentGroup::tutorial();
        group.attestation.symmetric_key = Some(SymmetricKeys {
            primary_key: TUTORIAL_GROUP_KEY.to_owned(),
            secondary_key: TUTORIAL_GROUP_KEY.to_owned(),
        });
        group.settings.custom_allocation_definition = None;
        Self {
            id_scope: id_scope(),
            linked_hubs: group.settings.iot_hubs.clone().unwrap_or_default(),
            enrollment_groups: vec![group],
            enrollments: Vec::new(),
            certificates: None,
        }
    }

    /// Reads a configuration file's text.
    ///
    /// # Errors
    /// What in it is wrong, each with its place.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(text).context("the configuration isn't JSON")?;
        let schema: Value = serde_json::from_str(SCHEMA)?;
        let validator = jsonschema::validator_for(&schema)?;
        let mut problems = String::new();
        for error in validator.iter_errors(&value) {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "/" } else { &place };
            write!(problems, "\n  {place}: {}", error.masked())?;
        }
        ensure!(
            problems.is_empty(),
            "the configuration doesn't keep its schema:{problems}"
        );
        Ok(serde_json::from_value(value)?)
    }

    /// Whether an enrollment has to ask a webhook and names none.
    #[must_use]
    pub fn lacks_webhook(&self) -> bool {
        self.settings_of_all()
            .any(|settings| is_custom(settings) && settings.custom_allocation_definition.is_none())
    }

    /// Lets enrollments ask the webhook at `url`.
    pub fn set_webhook(&mut self, url: &str, replace: Replace) {
        let groups = self.enrollment_groups.iter_mut();
        let individual = self.enrollments.iter_mut();
        let settings = groups
            .map(|group| &mut group.settings)
            .chain(individual.map(|enrollment| &mut enrollment.settings));
        for settings in settings.filter(|settings| is_custom(settings)) {
            let definition = settings.custom_allocation_definition.take();
            settings.custom_allocation_definition = match definition {
                Some(definition) if replace == Replace::Missing => Some(definition),
                other => Some(CustomAllocationDefinition {
                    webhook_url: url.to_owned(),
                    api_version: other.map_or_else(
                        || WEBHOOK_API_VERSION.to_owned(),
                        |definition| definition.api_version,
                    ),
                }),
            };
        }
    }

    /// Makes the service's settings, with limited rates and unhurried waits.
    ///
    /// # Errors
    /// An enrollment can't be used, or names a hub that isn't linked.
    pub fn settings(self) -> anyhow::Result<Settings> {
        let authorities = Authorities::parse(self.certificates.as_deref())
            .map_err(|(name, error)| anyhow::anyhow!("certificate {name}: {error}"))?;
        let groups = self
            .enrollment_groups
            .into_iter()
            .map(|group| Enrollment::group(group, &authorities));
        let individual = self.enrollments.into_iter().map(Enrollment::individual);
        let mut names = HashSet::new();
        let mut enrollments: Vec<Enrollment> = Vec::new();
        for enrollment in groups.chain(individual) {
            let mut enrollment = enrollment?;
            let name = enrollment.to_string();
            ensure!(
                names.insert(name.to_ascii_lowercase()),
                "{name} is enrolled twice"
            );
            respell_hubs(&mut enrollment, &self.linked_hubs)?;
            enrollments.push(enrollment);
        }
        Ok(Settings {
            id_scope: self.id_scope,
            linked_hubs: self.linked_hubs,
            enrollments: Enrollments::from_iter(enrollments).with_authorities(authorities),
            throttled: true,
            time_scale: 1.0,
        })
    }

    fn settings_of_all(&self) -> impl Iterator<Item = &EnrollmentSettings> {
        let groups = self.enrollment_groups.iter().map(|group| &group.settings);
        groups.chain(
            self.enrollments
                .iter()
                .map(|enrollment| &enrollment.settings),
        )
    }
}

fn is_custom(settings: &EnrollmentSettings) -> bool {
    settings.allocation_policy.as_deref() == Some("custom")
}

/// Spells an enrollment's hubs as the service's linked hubs are spelt.
fn respell_hubs(enrollment: &mut Enrollment, linked_hubs: &[String]) -> anyhow::Result<()> {
    let name = enrollment.to_string();
    let fixed = match &mut enrollment.allocation {
        Allocation::Static(hub) => Some(hub),
        Allocation::Hashed | Allocation::Custom(_) => None,
    };
    for hub in enrollment.hubs.iter_mut().flatten().chain(fixed) {
        match linked_hubs
            .iter()
            .find(|linked| linked.eq_ignore_ascii_case(hub))
        {
            Some(linked) => hub.clone_from(linked),
            None => bail!("{name} names {hub}, which isn't one of linkedHubs"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "aaa.azure-devices.net";

    fn keys() -> Value {
        json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": "cHJpbWFyeQ==", "secondaryKey": "c2Vjb25kYXJ5"}})
    }

    fn file(group: &Value) -> String {
        json!({"linkedHubs": [A], "enrollmentGroups": [group]}).to_string()
    }

    fn error(text: &str) -> String {
        let settings = Config::parse(text).and_then(Config::settings);
        format!("{:#}", settings.unwrap_err())
    }

    #[test]
    fn the_tutorial_has_its_group_and_lacks_a_webhook() {
        let mut config = Config::tutorial();
        assert!(config.lacks_webhook());
        config.set_webhook("http://127.0.0.1:7071/api/HttpTrigger1", Replace::Missing);
        assert!(!config.lacks_webhook());
        let settings = config.settings().unwrap();
        assert_eq!(settings.id_scope, "0ne00LOCAL1");
        let groups: Vec<String> = settings
            .enrollments
            .groups()
            .map(ToString::to_string)
            .collect();
        assert_eq!(groups, ["group contoso-custom-allocated-devices"]);
    }

    #[test]
    fn a_webhook_s_url_that_cannot_be_asked_is_refused_before_any_device_comes() {
        let sentence = "enrollment contoso-custom-allocated-devices: \
                        customAllocationDefinition.webhookUrl must be an absolute http or https URL";
        for url in ["notaurl", "http://x y?code=s3cr3t"] {
            let mut config = Config::tutorial();
            config.set_webhook(url, Replace::All);
            assert_eq!(config.settings().unwrap_err().to_string(), sentence);
        }
        let definition =
            json!({"webhookUrl": "http://x y?code=s3cr3t", "apiVersion": "2021-10-01"});
        let group = json!({"enrollmentGroupId": "contoso-custom-allocated-devices", "attestation": keys(),
            "allocationPolicy": "custom", "customAllocationDefinition": definition});
        assert_eq!(error(&file(&group)), sentence);
    }

    #[test]
    fn what_the_command_line_tool_prints_is_taken() {
        let printed = json!({
            "allocationPolicy": "custom",
            "attestation": {"symmetricKey": {"primaryKey": "cHJpbWFyeQ==", "secondaryKey": "c2Vjb25kYXJ5"}, "tpm": null, "type": "symmetricKey", "x509": null},
            "capabilities": {"iotEdge": false},
            "createdDateTimeUtc": "2022-07-05T21:27:16.8123235Z",
            "customAllocationDefinition": {"apiVersion": "2019-03-31", "webhookUrl": "https://a.example/api/b?code=c"},
            "enrollmentGroupId": "g", "etag": "\"1300\"", "initialTwin": null, "iotHubHostName": null,
            "iotHubs": ["AAA.azure-devices.net"],
            "lastUpdatedDateTimeUtc": "2022-07-15T21:02:29.5922255Z", "provisioningStatus": "enabled",
            "reprovisionPolicy": {"migrateDeviceData": true, "updateHubAssignment": true}
        });
        let mut config = Config::parse(&file(&printed)).unwrap();
        assert!(!config.lacks_webhook());
        config.set_webhook("http://b.example/", Replace::Missing);
        let webhooks = |config: &Config| {
            let settings = config.clone().settings().unwrap();
            let groups = settings.enrollments.groups();
            groups
                .map(|group| (group.allocation.clone(), group.hubs.clone()))
                .collect::<Vec<_>>()
        };
        let hubs = Some(vec![A.to_owned()]);
        let kept = Allocation::Custom("https://a.example/api/b?code=c".to_owned());
        assert_eq!(webhooks(&config), [(kept, hubs.clone())]);
        config.set_webhook("http://b.example/", Replace::All);
        let replaced = Allocation::Custom("http://b.example/".to_owned());
        assert_eq!(webhooks(&config), [(replaced, hubs)]);
    }

    #[test]
    fn an_error_names_its_place() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let error = error(text);
            assert!(error.contains(expected), "{error}");
        }
        check("{", "the configuration isn't JSON: EOF");
        check("{}", "\n  /: \"linkedHubs\" is a required property");
        check(
            r#"{"linkedHubs":[]}"#,
            "\n  /linkedHubs: value has less than 1 item",
        );
        check(
            r#"{"linkedHubs":["hub"],"hubs":[]}"#,
            "\n  /linkedHubs/0: value does not match",
        );
        check(
            &file(
                &json!({"enrollmentGroupId": "g", "attestation": keys(), "allocationPolicy": "geoLatency"}),
            ),
            "\n  /enrollmentGroups/0/allocationPolicy: value is not one of",
        );
        check(
            &file(&json!({"attestation": keys()})),
            "\n  /enrollmentGroups/0: \"enrollmentGroupId\" is a required property",
        );
        check(
            &file(
                &json!({"enrollmentGroupId": "g", "attestation": keys(), "iotHubs": ["bbb.azure-devices.net"]}),
            ),
            "group g names bbb.azure-devices.net, which isn't one of linkedHubs",
        );
        let group = json!({"enrollmentGroupId": "g", "attestation": keys()});
        let twice = json!({"linkedHubs": [A], "enrollmentGroups": [group, group]});
        check(&twice.to_string(), "group g is enrolled twice");
    }

    #[test]
    fn an_error_shows_no_key() {
        let attestation = json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": "s3cr3t", "secondaryKey": 7}});
        let error = error(&file(
            &json!({"enrollmentGroupId": "g", "attestation": attestation}),
        ));
        assert!(error.contains("secondaryKey"), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}
