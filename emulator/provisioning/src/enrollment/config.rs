//! What the service is made of: the tutorial's set-up, or a configuration file.
//!
//! A file holds the ID scope, the linked hubs, and enrollments in the service's own JSON, as `az
//! iot dps enrollment-group show --show-keys` prints it. Its shape is checked against a schema, so
//! that an error names its place; what a value may be is checked where it is used, by who knows
//! what to do instead.

use std::collections::HashSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::enrollment::authorities::{Authorities, UploadedCertificate};
use crate::enrollment::config_error::ConfigError;
use crate::enrollment::enrollments::{Allocation, Enrollment, Enrollments};
use crate::enrollment::printed::{
    asks_for_certificates, bare_record, drop_hidden_keys, respell_words,
};
use crate::enrollment::settings::{ID_SCOPE, Settings};
use crate::webhook::allocation_request::{
    CustomAllocationDefinition, EnrollmentGroup, EnrollmentSettings, IndividualEnrollment,
    SymmetricKeys,
};

const SCHEMA: &str = include_str!("config.schema.json");

/// The tutorial's group key, from which the keys of its devices are derived. It is published, and
/// secures nothing.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/how-to-use-custom-allocation-policies>, an
/// earlier form of the tutorial.
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
    /// The tutorial's service: two hubs, and the group `contoso-custom-allocated-devices` without a
    /// webhook.
    #[must_use]
    pub fn tutorial() -> Self {
        let mut group = EnrollmentGroup::tutorial();
        group.attestation.symmetric_key = Some(SymmetricKeys {
            primary_key: TUTORIAL_GROUP_KEY.into(),
            secondary_key: TUTORIAL_GROUP_KEY.into(),
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
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut value: Value = serde_json::from_str(text).map_err(ConfigError::Json)?;
        if let Some(what_to_do) = bare_record(&value) {
            return Err(ConfigError::BareRecord(what_to_do));
        }
        if let Some(enrollment) = asks_for_certificates(&mut value) {
            return Err(ConfigError::CertificateIssuance(enrollment));
        }
        drop_hidden_keys(&mut value);
        respell_words(&mut value);
        let own = ConfigError::OwnSchema;
        let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| own(error.into()))?;
        let validator =
            jsonschema::validator_for(&schema).map_err(|error| own(error.to_string().into()))?;
        let problems: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() { "/" } else { &place };
                format!("\n  {place}: {}", error.masked())
            })
            .collect();
        if !problems.is_empty() {
            return Err(ConfigError::Schema(problems.concat()));
        }
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
                    webhook_url: url.into(),
                    api_version: other.map_or_else(
                        || WEBHOOK_API_VERSION.to_owned(),
                        |definition| definition.api_version,
                    ),
                }),
            };
        }
    }

    /// Makes the service's settings, with limited rates, unhurried waits, and assignments as soon
    /// as they are decided.
    ///
    /// # Errors
    /// An enrollment can't be used, or names a hub that isn't linked.
    pub fn settings(self) -> Result<Settings, ConfigError> {
        if !is_id_scope(&self.id_scope) {
            return Err(ConfigError::IdScope(self.id_scope));
        }
        if let Some(hub) = self.linked_hubs.iter().find(|hub| !is_host_name(hub)) {
            return Err(ConfigError::HostName(hub.clone()));
        }
        let authorities = Authorities::parse(self.certificates.as_deref())
            .map_err(|(name, error)| ConfigError::Certificate(name, error))?;
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
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(ConfigError::EnrolledTwice(name));
            }
            respell_hubs(&mut enrollment, &self.linked_hubs)?;
            enrollments.push(enrollment);
        }
        Ok(Settings {
            id_scope: self.id_scope,
            linked_hubs: self.linked_hubs,
            enrollments: Enrollments::from_iter(enrollments).with_authorities(authorities),
            throttled: true,
            time_scale: 1.0,
            assign_after: Duration::ZERO,
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

fn is_id_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a hub can have this name: labels of letters, digits, `-` and `_`, as DNS and its users
/// have them.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Spells an enrollment's hubs as the service's linked hubs are spelt.
fn respell_hubs(enrollment: &mut Enrollment, linked_hubs: &[String]) -> Result<(), ConfigError> {
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
            None => {
                return Err(ConfigError::UnlinkedHub {
                    enrollment: name,
                    hub: hub.clone(),
                });
            }
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
        format!("{:#}", anyhow::Error::from(settings.unwrap_err()))
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
        let kept = Allocation::Custom("https://a.example/api/b?code=c".into());
        assert_eq!(webhooks(&config), [(kept, hubs.clone())]);
        config.set_webhook("http://b.example/", Replace::All);
        let replaced = Allocation::Custom("http://b.example/".into());
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
            "\n  /: Additional properties are not allowed ('hubs' was unexpected)",
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
    fn any_host_name_can_be_linked() {
        for hub in [
            "localhost",
            "hub",
            "127.0.0.1",
            "hub-1.127.0.0.1.nip.io",
            "my_hub.internal",
            "a.azure-devices.us",
        ] {
            let settings = Config::parse(&json!({"linkedHubs": [hub]}).to_string());
            let settings = settings.and_then(Config::settings).unwrap();
            assert_eq!(settings.linked_hubs, [hub]);
        }
        for hub in [
            "",
            "a..b",
            "-a",
            "a b",
            "https://my-hub.azure-devices.net",
            "my-hub.azure-devices.net/",
            "HostName=my-hub.azure-devices.net;SharedAccessKeyName=iothubowner",
        ] {
            assert_eq!(
                error(&json!({"linkedHubs": [hub]}).to_string()),
                format!(
                    "linkedHubs names {hub:?}; it must be a host name alone, \
                     such as my-hub.azure-devices.net or localhost"
                )
            );
        }
    }

    #[test]
    fn values_that_a_service_cannot_have_are_told_what_to_do() {
        assert_eq!(
            error(r#"{"idScope":"0ne-00","linkedHubs":["localhost"]}"#),
            "idScope is \"0ne-00\"; it must be letters and digits, such as 0ne00LOCAL1"
        );
        for (member, value, sentence) in [
            (
                "allocationPolicy",
                json!("geoLatency"),
                "allocationPolicy geoLatency isn't emulated, as no latency to a hub can be measured here; use hashed, which \
                 spreads devices over the hubs, or static with the hub to be expected in iotHubHostName",
            ),
            (
                "provisioningStatus",
                json!("off"),
                "provisioningStatus is \"off\"; it must be enabled or disabled",
            ),
            (
                "initialTwin",
                json!({"tags": 7}),
                "initialTwin: tags must be an object",
            ),
            (
                "attestation",
                json!({"type": "none"}),
                "attestation.type is \"none\"; symmetricKey, x509 and tpm are known",
            ),
        ] {
            let mut group = json!({"enrollmentGroupId": "g", "attestation": keys()});
            group[member] = value;
            assert_eq!(error(&file(&group)), format!("enrollment g: {sentence}"));
        }
        let device = json!({"registrationId": "r", "deviceId": "a b", "attestation": keys()});
        assert_eq!(
            error(&json!({"linkedHubs": [A], "enrollments": [device]}).to_string()),
            "enrollment r: deviceId is \"a b\"; 1 to 128 letters, digits and characters of -.%_*?!(),:=@$' are allowed"
        );
    }

    #[test]
    fn keys_that_az_did_not_show_are_told_how_to_get() {
        let hidden = [
            json!(null),
            json!({}),
            json!({"primaryKey": null, "secondaryKey": null}),
            json!({"primaryKey": "", "secondaryKey": ""}),
            json!({"primaryKey": "****", "secondaryKey": "****"}),
            json!({"primaryKey": "cHJpbWFyeQ=="}),
        ];
        for keys in hidden {
            let attestation = json!({"type": "symmetricKey", "symmetricKey": keys});
            let sentence = "attestation.symmetricKey needs primaryKey and secondaryKey, which az prints with --show-keys alone";
            let group = json!({"enrollmentGroupId": "g", "attestation": attestation});
            assert_eq!(error(&file(&group)), format!("enrollment g: {sentence}"));
            let device = json!({"registrationId": "r", "attestation": attestation});
            let devices = json!({"linkedHubs": [A], "enrollments": [device]}).to_string();
            assert_eq!(error(&devices), format!("enrollment r: {sentence}"));
        }
    }

    #[test]
    fn a_record_of_az_alone_is_told_what_to_put_around_it() {
        let group = json!({"enrollmentGroupId": "g", "attestation": keys()});
        let device = json!({"registrationId": "r", "attestation": keys()});
        for (file, what, list) in [
            (group.clone(), "an enrollment", "enrollmentGroups"),
            (json!([group]), "a list of enrollments", "enrollmentGroups"),
            (device.clone(), "an enrollment", "enrollments"),
            (json!([device]), "a list of enrollments", "enrollments"),
        ] {
            let expected = format!(
                "this is {what} as az prints it; a configuration holds the hubs, too: {{\"linkedHubs\": \
                 [\"my-hub.azure-devices.net\"], \"{list}\": [what is in this file]}}"
            );
            assert_eq!(error(&file.to_string()), expected);
        }
    }

    #[test]
    fn the_configurations_of_the_field_are_told_what_to_do() {
        let field = |name: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/field");
            error(&std::fs::read_to_string(std::path::Path::new(folder).join(name)).unwrap())
        };
        let geo_latency = field("config-geolatency.json");
        assert!(
            geo_latency
                .starts_with("enrollment my-group: allocationPolicy geoLatency isn't emulated"),
            "{geo_latency}"
        );
        let certificate = field("config-x509-group.json");
        assert_eq!(
            certificate,
            "enrollment my-x509-group: attestation.x509.signingCertificates.primary.certificate is missing, as the service \
             prints its info alone, and signatures are verified with the certificate itself; put there the text of the file \
             that the group was made with (az iot dps enrollment-group create --certificate-path FILE), PEM or base64"
        );
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
