//! The settings of the process, all from the environment, which the Functions host fills with the app's settings.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::adt::{self, InstanceUrl, SignIn};
use crate::telemetry::Mapping;

/// The address of the Digital Twins instance. It is the one setting that must be there.
pub const SERVICE_URL: &str = "ADT_SERVICE_URL";

/// The version of the instance's API.
pub const API_VERSION: &str = "ADT_API_VERSION";

/// What a new twin starts with, a JSON object.
pub const INITIAL_PROPERTIES: &str = "ADT_INITIAL_PROPERTIES";

/// The twin property that records the device's hub. Empty: none.
pub const HUB_PROPERTY: &str = "ADT_HUB_PROPERTY";

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

/// The service waits for its webhook for an undocumented while; an answer of 4.3 s has been seen to count.
const MAX_ALLOCATION_TIMEOUT: u64 = 4_000;

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port to listen on, at 127.0.0.1.
    pub port: u16,
    /// The Digital Twins instance.
    pub adt: adt::Settings,
    /// What a new twin starts with.
    pub initial_properties: Map<String, Value>,
    /// The twin property that records the device's hub.
    pub hub_property: Option<String>,
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
    /// When a variable is missing or has an unusable value; the error names it, and the value where it is no secret.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let or = |name, default: &str| lookup(name).unwrap_or_else(|| default.to_owned());
        let url = lookup(SERVICE_URL).with_context(|| {
            format!("{SERVICE_URL} is not set: it is the instance's address, https://NAME.api.REGION.digitaltwins.azure.net")
        })?;
        let url = InstanceUrl::parse(&url).with_context(|| format!("{SERVICE_URL} is {url:?}"))?;
        let initial = or(INITIAL_PROPERTIES, r#"{"Temperature":0.0}"#);
        let mapping = or(TELEMETRY_PROPERTIES, "Temperature");
        Ok(Self {
            port: custom_allocation::config::Config::from_lookup(&lookup)?.port,
            adt: adt::Settings {
                sign_in: sign_in(&lookup, &url)?,
                url,
                api_version: or(API_VERSION, "2023-10-31"),
            },
            initial_properties: serde_json::from_str(&initial).with_context(|| {
                format!("{INITIAL_PROPERTIES} is {initial:?}, which is no JSON object")
            })?,
            hub_property: name(HUB_PROPERTY, or(HUB_PROPERTY, "IotHubHostName"))?,
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
            secret,
        }),
        (_, _, Some(_)) => bail!(
            "{CLIENT_SECRET} is set, but {TENANT_ID} or {CLIENT_ID} is not: signing in takes all three"
        ),
        _ if url.is_loopback() => Ok(SignIn::None),
        _ => Ok(SignIn::DeveloperTools),
    }
}

/// A property's name; empty is none.
fn name(variable: &str, value: String) -> Result<Option<String>> {
    ensure!(
        value.is_empty() || crate::telemetry::is_property_name(&value),
        "{variable} is {value:?}, which is no name of a property"
    );
    Ok(Some(value).filter(|value| !value.is_empty()))
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
        assert_eq!(config.port, 3000);
        assert_eq!(config.adt.api_version, "2023-10-31");
        assert_eq!(
            Value::Object(config.initial_properties),
            serde_json::json!({"Temperature": 0.0})
        );
        assert_eq!(config.hub_property.as_deref(), Some("IotHubHostName"));
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
            secret: text("s"),
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
            assert_eq!(config(set).unwrap().adt.sign_in, expected, "{set:?}");
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
                "ADT_SERVICE_URL is \"http://a\": it must be https (plain http only to this machine)",
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
                "ADT_HUB_PROPERTY is \"a/b\", which is no name of a property",
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
}
