//! The settings of the process, all from the environment, which the Functions host fills with the
//! app's settings.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::adt::{self, InstanceUrl, SignIn};
use crate::provisioning::HUB_REGISTRATION_ID;
use crate::telemetry::Mapping;

/// The address of the Digital Twins instance. It is the one setting that must be there.
pub const SERVICE_URL: &str = "ADT_SERVICE_URL";

/// The version of the instance's API.
pub const API_VERSION: &str = "ADT_API_VERSION";

/// What a new twin starts with, a JSON object.
pub const INITIAL_PROPERTIES: &str = "ADT_INITIAL_PROPERTIES";

/// The twin property that records the device's hub. Empty: none.
pub const HUB_PROPERTY: &str = "ADT_HUB_PROPERTY";

/// Whether a twin gets the newer version of its model that its device says it is: `true` or
/// `false`.
pub const UPGRADE_MODELS: &str = "ADT_UPGRADE_MODELS";

/// Which members of a device's messages go to which twin properties.
pub const TELEMETRY_PROPERTIES: &str = "ADT_TELEMETRY_PROPERTIES";

/// The message enrichment that names the twin. Empty: none.
pub const TWIN_ID_ENRICHMENT: &str = "ADT_TWIN_ID_ENRICHMENT";

/// How long an allocation may take, in milliseconds.
pub const ALLOCATION_TIMEOUT: &str = "ADT_ALLOCATION_TIMEOUT_MS";

/// How long a batch of events may take, in milliseconds.
pub const BATCH_TIMEOUT: &str = "ADT_BATCH_TIMEOUT_MS";

/// How many twins are worked on at once.
pub const PARALLEL_TWINS: &str = "ADT_PARALLEL_TWINS";

/// The client id of a user-assigned managed identity, or of an app registration.
pub const CLIENT_ID: &str = "AZURE_CLIENT_ID";

/// The tenant of an app registration.
pub const TENANT_ID: &str = "AZURE_TENANT_ID";

/// The secret of an app registration.
pub const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";

/// Where Azure Functions gives tokens of the app's managed identity. Set by the platform.
pub const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";

/// The newest version of the API.
const DEFAULT_API_VERSION: &str = "2023-10-31";

/// The service waits for its webhook for an undocumented while; an answer of 4.3 s has been seen to
/// count.
const MAX_ALLOCATION_TIMEOUT: u64 = 4_000;

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Digital Twins instance.
    pub adt: adt::Settings,
    /// What a new twin starts with.
    pub initial_properties: Map<String, Value>,
    /// The twin property that records the device's hub.
    pub hub_property: Option<String>,
    /// Whether a twin gets the newer version of its model that its device says it is.
    pub upgrade_models: bool,
    /// Which members of a message go where.
    pub telemetry: Mapping,
    /// The message enrichment that names the twin.
    pub twin_id_enrichment: Option<String>,
    /// How long an allocation may take.
    pub allocation_timeout: Duration,
    /// How long a batch may take.
    pub batch_timeout: Duration,
    /// How many twins are worked on at once.
    pub parallel_twins: usize,
}

impl Config {
    /// Reads the settings from the process's environment.
    ///
    /// # Errors
    /// As [`Self::from_lookup`].
    pub fn from_env() -> Result<Self> {
        Self::from_lookup(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// Reads the settings through `lookup`, which returns a variable's value.
    ///
    /// # Errors
    /// When a variable is missing or has an unusable value; the error names it, and the value where
    /// it is not a secret.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let or = |name, default: &str| lookup(name).unwrap_or_else(|| default.to_owned());
        let url = lookup(SERVICE_URL).with_context(|| {
            format!("{SERVICE_URL} is not set: it is the instance's address, https://NAME.api.REGION.digitaltwins.azure.net")
        })?;
        // Not shown, as it may hold a key where none belongs.
        let url =
            InstanceUrl::parse(&url).with_context(|| format!("{SERVICE_URL} can't be used"))?;
        let initial = or(INITIAL_PROPERTIES, r#"{"Temperature":0.0}"#);
        let hub_property = name(HUB_PROPERTY, or(HUB_PROPERTY, "IotHubHostName"))?;
        let mapping = or(TELEMETRY_PROPERTIES, "Temperature");
        Ok(Self {
            adt: adt::Settings {
                sign_in: sign_in(&lookup, &url)?,
                url,
                api_version: api_version(or(API_VERSION, DEFAULT_API_VERSION))?,
            },
            initial_properties: initial_properties(&initial, hub_property.as_deref())?,
            hub_property,
            upgrade_models: flag(UPGRADE_MODELS, &or(UPGRADE_MODELS, "false"))?,
            telemetry: mapping
                .parse()
                .with_context(|| format!("{TELEMETRY_PROPERTIES} is {mapping:?}"))?,
            twin_id_enrichment: Some(or(TWIN_ID_ENRICHMENT, "dtId"))
                .filter(|name| !name.is_empty()),
            allocation_timeout: Duration::from_millis(number(
                &lookup,
                ALLOCATION_TIMEOUT,
                3_000,
                MAX_ALLOCATION_TIMEOUT,
            )?),
            batch_timeout: Duration::from_millis(number(
                &lookup,
                BATCH_TIMEOUT,
                30_000,
                3_600_000,
            )?),
            parallel_twins: usize::try_from(number(&lookup, PARALLEL_TWINS, 16, 256)?)?,
        })
    }
}

/// How to sign in, by what the environment offers.
fn sign_in(lookup: impl Fn(&str) -> Option<String>, url: &InstanceUrl) -> Result<SignIn> {
    let set = |name| lookup(name).filter(|value| !value.is_empty());
    if set(IDENTITY_ENDPOINT).is_some() {
        return Ok(SignIn::ManagedIdentity {
            client_id: set(CLIENT_ID),
        });
    }
    match (set(TENANT_ID), set(CLIENT_ID), set(CLIENT_SECRET)) {
        (Some(tenant_id), Some(client_id), Some(secret)) => Ok(SignIn::ClientSecret {
            tenant_id,
            client_id,
            secret: secret.into(),
        }),
        (_, _, Some(_)) => bail!(
            "{CLIENT_SECRET} is set, but {TENANT_ID} or {CLIENT_ID} is not: signing in takes all three"
        ),
        _ if url.is_loopback() => Ok(SignIn::None),
        _ => Ok(SignIn::DeveloperTools),
    }
}

/// A version of the API: a date, and perhaps that it is a preview.
fn api_version(value: String) -> Result<String> {
    let date: Vec<_> = value
        .strip_suffix("-preview")
        .unwrap_or(&value)
        .split('-')
        .collect();
    let is = |digits: &str, length: usize, most: u16| {
        digits.len() == length
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits
                .parse()
                .is_ok_and(|number| (1..=most).contains(&number))
    };
    ensure!(
        matches!(date[..], [year, month, day] if is(year, 4, 9999) && is(month, 2, 12) && is(day, 2, 31)),
        "{API_VERSION} is {value:?}, which is not a version of the API: a date like the default {DEFAULT_API_VERSION}, or one with \
         -preview behind it"
    );
    Ok(value)
}

/// What a new twin starts with, besides what the app itself says of it.
fn initial_properties(value: &str, hub_property: Option<&str>) -> Result<Map<String, Value>> {
    let properties: Map<String, Value> = serde_json::from_str(value)
        .with_context(|| format!("{INITIAL_PROPERTIES} is {value:?}, which is no JSON object"))?;
    for name in properties.keys() {
        ensure!(
            crate::telemetry::is_property_name(name),
            "{INITIAL_PROPERTIES} has the member {name:?}, which is not a valid property name"
        );
        ensure!(
            name != HUB_REGISTRATION_ID && Some(name.as_str()) != hub_property,
            "{INITIAL_PROPERTIES} has the member {name:?}, which the app sets itself"
        );
    }
    Ok(properties)
}

/// A property's name; empty is none.
fn name(variable: &str, value: String) -> Result<Option<String>> {
    ensure!(
        value.is_empty() || crate::telemetry::is_property_name(&value),
        "{variable} is {value:?}, which is not a valid property name"
    );
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// A switch.
fn flag(variable: &str, value: &str) -> Result<bool> {
    let flag = value.parse().ok();
    flag.with_context(|| format!("{variable} is {value:?}, which is neither true nor false"))
}

fn number(
    lookup: impl Fn(&str) -> Option<String>,
    variable: &str,
    default: u64,
    most: u64,
) -> Result<u64> {
    let Some(value) = lookup(variable) else {
        return Ok(default);
    };
    let number = value
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number.with_context(|| {
        format!("{variable} is {value:?}, which is not a whole number from 1 to {most}")
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const URL: (&str, &str) = (
        SERVICE_URL,
        "https://contoso.api.weu.digitaltwins.azure.net",
    );

    fn config(set: &[(&str, &str)]) -> Result<Config> {
        Config::from_lookup(|name| {
            let (_, value) = set.iter().find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        })
    }

    #[test]
    fn the_address_of_the_instance_is_all_that_must_be_set() {
        let config = config(&[URL]).unwrap();
        assert_eq!(config.adt.api_version, "2023-10-31");
        assert_eq!(
            Value::Object(config.initial_properties),
            serde_json::json!({"Temperature": 0.0})
        );
        assert_eq!(config.hub_property.as_deref(), Some("IotHubHostName"));
        assert!(!config.upgrade_models);
        assert_eq!(config.telemetry, "Temperature".parse().unwrap());
        assert_eq!(config.twin_id_enrichment.as_deref(), Some("dtId"));
        assert_eq!(config.allocation_timeout, Duration::from_secs(3));
        assert_eq!(config.batch_timeout, Duration::from_secs(30));
        assert_eq!(config.parallel_twins, 16);
    }

    #[test]
    fn empty_names_switch_off() {
        let config = config(&[URL, (HUB_PROPERTY, ""), (TWIN_ID_ENRICHMENT, "")]).unwrap();
        assert_eq!(
            (config.hub_property, config.twin_id_enrichment),
            (None, None)
        );
    }

    #[test]
    fn the_sign_in_is_what_the_environment_offers() {
        let local = (SERVICE_URL, "http://127.0.0.1:8180");
        let identity = (IDENTITY_ENDPOINT, "http://127.0.0.1:41000/msi/token");
        let (tenant, client, secret) = ((TENANT_ID, "t"), (CLIENT_ID, "c"), (CLIENT_SECRET, "s"));
        let text = |text: &str| text.to_owned();
        let app = SignIn::ClientSecret {
            tenant_id: text("t"),
            client_id: text("c"),
            secret: text("s").into(),
        };
        for (set, expected) in [
            (&[URL][..], SignIn::DeveloperTools),
            (&[local], SignIn::None),
            (
                &[URL, identity],
                SignIn::ManagedIdentity { client_id: None },
            ),
            (
                &[local, identity, client],
                SignIn::ManagedIdentity {
                    client_id: Some(text("c")),
                },
            ),
            (&[URL, tenant, client, secret], app),
        ] {
            let sign_in = config(set).unwrap().adt.sign_in;
            assert_eq!(format!("{sign_in:?}"), format!("{expected:?}"), "{set:?}");
            if let SignIn::ClientSecret { secret, .. } = sign_in {
                assert_eq!(secret.expose_secret(), "s");
            }
        }
    }

    #[test]
    fn what_is_missing_or_unusable_is_told_with_its_variable() {
        for (set, expected) in [
            (
                &[][..],
                "ADT_SERVICE_URL is not set: it is the instance's address, https://NAME.api.REGION.digitaltwins.azure.net",
            ),
            (
                &[(SERVICE_URL, "http://a")],
                "ADT_SERVICE_URL can't be used: it must be https (plain http only to this machine)",
            ),
            (
                &[URL, (API_VERSION, "")],
                "ADT_API_VERSION is \"\", which is not a version of the API: a date like the default 2023-10-31, or one with -preview behind it",
            ),
            (
                &[URL, (INITIAL_PROPERTIES, r#"{"a":1,"$dtId":"x"}"#)],
                "ADT_INITIAL_PROPERTIES has the member \"$dtId\", which is not a valid property name",
            ),
            (
                &[URL, (INITIAL_PROPERTIES, r#"{"HubRegistrationId":"x"}"#)],
                "ADT_INITIAL_PROPERTIES has the member \"HubRegistrationId\", which the app sets itself",
            ),
            (
                &[URL, (ALLOCATION_TIMEOUT, "4001")],
                "ADT_ALLOCATION_TIMEOUT_MS is \"4001\", which is not a whole number from 1 to 4000",
            ),
            (
                &[URL, (PARALLEL_TWINS, "0")],
                "ADT_PARALLEL_TWINS is \"0\", which is not a whole number from 1 to 256",
            ),
            (
                &[URL, (HUB_PROPERTY, "a/b")],
                "ADT_HUB_PROPERTY is \"a/b\", which is not a valid property name",
            ),
            (
                &[URL, (UPGRADE_MODELS, "yes")],
                "ADT_UPGRADE_MODELS is \"yes\", which is neither true nor false",
            ),
            (
                &[URL, (CLIENT_SECRET, "s3cr3t")],
                "AZURE_CLIENT_SECRET is set, but AZURE_TENANT_ID or AZURE_CLIENT_ID is not: signing in takes all three",
            ),
            (
                &[URL, (TELEMETRY_PROPERTIES, "a=")],
                "ADT_TELEMETRY_PROPERTIES is \"a=\": \"a=\" is neither a member nor member=property",
            ),
        ] {
            assert_eq!(format!("{:#}", config(set).unwrap_err()), expected);
        }
        let error = config(&[URL, (INITIAL_PROPERTIES, "5")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ADT_INITIAL_PROPERTIES is \"5\", which is no JSON object"
        );
    }

    #[test]
    fn an_address_that_can_t_be_used_is_not_shown() {
        for (address, problem) in [
            (
                "https://user:s3cr3t@a",
                "it must end behind the host: no path, no query, no user",
            ),
            (
                "https://a?code=s3cr3t",
                "it must end behind the host: no path, no query, no user",
            ),
            (
                "ftp://s3cr3t@a",
                "it must be https (plain http only to this machine)",
            ),
            ("s3cr3t", "it is not a URL: relative URL without a base"),
        ] {
            let error = config(&[(SERVICE_URL, address)]).unwrap_err();
            assert_eq!(
                format!("{error:#}"),
                format!("ADT_SERVICE_URL can't be used: {problem}")
            );
            assert!(!format!("{error:?}").contains("s3cr3t"));
        }
    }

    #[test]
    fn the_client_secret_is_shown_nowhere() {
        let secret = (CLIENT_SECRET, "s3cr3t");
        let (tenant, client) = ((TENANT_ID, "t"), (CLIENT_ID, "c"));
        for wrong in [
            (SERVICE_URL, "a"),
            (API_VERSION, "x"),
            (INITIAL_PROPERTIES, "x"),
            (HUB_PROPERTY, "/"),
            (TELEMETRY_PROPERTIES, "/"),
            (PARALLEL_TWINS, "x"),
        ] {
            let error = config(&[wrong, URL, tenant, client, secret]).unwrap_err();
            assert!(!format!("{error:#} {error:?}").contains("s3cr3t"));
        }
        let config = config(&[URL, tenant, client, secret]).unwrap();
        assert!(!format!("{config:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_version_of_the_api_is_a_date() {
        for version in ["2020-10-31", "2023-10-31", "2024-02-29-preview"] {
            let config = config(&[URL, (API_VERSION, version)]).unwrap();
            assert_eq!(config.adt.api_version, version);
        }
        for version in [
            "",
            "latest",
            "2023-10",
            "2023-1-31",
            "2023-13-01",
            "2023-00-10",
            "2023-10-32",
            "2023-10-00",
            "2023-10-31-beta",
            "2023-10-31 ",
            "2023-10-31-preview-preview",
            "20231031",
            "+023-10-31",
            "2023/10/31",
            "２023-10-31",
        ] {
            let error = config(&[URL, (API_VERSION, version)]).unwrap_err();
            assert!(
                error.to_string().starts_with("ADT_API_VERSION is "),
                "{version}"
            );
        }
    }

    #[test]
    fn a_new_twin_starts_with_properties_that_it_can_have() {
        for name in ["$dtId", "$metadata", "a b", "", "9a", "a/b", "é"] {
            let initial = serde_json::json!({name: 1}).to_string();
            let error = config(&[URL, (INITIAL_PROPERTIES, &initial)]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "ADT_INITIAL_PROPERTIES has the member {name:?}, which is not a valid property name"
                )
            );
        }
        let hub = (INITIAL_PROPERTIES, r#"{"IotHubHostName":"h"}"#);
        assert_eq!(
            config(&[URL, hub]).unwrap_err().to_string(),
            "ADT_INITIAL_PROPERTIES has the member \"IotHubHostName\", which the app sets itself"
        );
        assert!(config(&[URL, hub, (HUB_PROPERTY, "")]).is_ok());
    }
}
