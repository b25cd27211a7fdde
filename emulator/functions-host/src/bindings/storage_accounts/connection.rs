//! Which account a binding's `connection` means, and how patient its client is.
//!
//! The name is looked for with the prefix `AzureWebJobs` first, then as it is. Its value is a
//! connection string; settings below the name are the client's options, also beside a connection
//! string.

use std::fmt;
use std::time::Duration;

use storage::{Account, Retry, RetryMode};

use crate::app::timespan;
use crate::bindings::error::BindingError;
use crate::bindings::settings::AppSettings;

/// A service of a storage account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Blob,
    Queue,
    Table,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blob => "Blob",
            Self::Queue => "Queue",
            Self::Table => "Table",
        })
    }
}

/// The account and the options of a connection.
pub(crate) fn account(
    settings: &AppSettings,
    connection: &str,
    service: Service,
) -> Result<(Account, Retry), BindingError> {
    let section = settings.connection_section(connection).ok_or_else(|| {
        BindingError::invalid_operation(format_args!(
            "Storage account connection string 'AzureWebJobs{connection}' does not exist. Make sure that it is a defined App Setting."
        ))
    })?;
    if let Some(text) = settings.get(&section).filter(|text| !text.is_empty()) {
        let account =
            Account::parse(text).map_err(|error| BindingError::format(error).of_an_invocation())?;
        return Ok((account, retry(settings, &section, service)?));
    }
    let setting = |name: &str| settings.get(&format!("{section}:{name}"));
    let service_uri = match service {
        Service::Blob => "blobServiceUri",
        Service::Queue => "queueServiceUri",
        Service::Table => "tableServiceUri",
    };
    let is_identity = setting("accountName").is_some();
    let uri = setting(service_uri).or_else(|| setting("serviceUri"));
    match uri {
        Some(uri) if !uri.starts_with("https:") && !is_identity => {
            Err(BindingError::invalid_operation(
                "Bearer token authentication is not permitted for non TLS protected (https) endpoints.",
            ))
        }
        None if !is_identity => Err(BindingError::invalid_operation(format_args!(
            "Unable to find matching constructor while trying to create an instance of {service}ServiceClient."
        ))),
        _ => Err(BindingError::not_emulated(format_args!(
            "the connection {connection} is one of an identity, and there is none on this machine; give it a connection string here"
        ))),
    }
}

/// The options `NAME__retry__…`, where they are set.
pub(crate) fn retry(
    settings: &AppSettings,
    section: &str,
    service: Service,
) -> Result<Retry, BindingError> {
    let defaults = match service {
        Service::Blob | Service::Queue => Retry::BLOBS,
        Service::Table => Retry::TABLES,
    };
    let option = |name: &str| settings.get(&format!("{section}:retry:{name}"));
    let failed = |name: &str, kind: &str| {
        BindingError::invalid_operation(format_args!(
            "Failed to convert configuration value at '{section}:retry:{name}' to type '{kind}'."
        ))
    };
    let span = |name: &str, default: Duration| match option(name) {
        None => Ok(default),
        Some(text) => timespan::parse(text).ok_or_else(|| failed(name, "System.TimeSpan")),
    };
    let max_retries = match option("maxRetries") {
        None => defaults.max_retries,
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| failed("maxRetries", "System.Int32"))?,
    };
    let mode = match option("mode").map(str::to_lowercase).as_deref() {
        None => defaults.mode,
        Some("fixed" | "0") => RetryMode::Fixed,
        Some("exponential" | "1") => RetryMode::Exponential,
        Some(_) => return Err(failed("mode", "Azure.Core.RetryMode")),
    };
    Ok(Retry {
        max_retries,
        delay: span("delay", defaults.delay)?,
        max_delay: span("maxDelay", defaults.max_delay)?,
        network_timeout: span("networkTimeout", defaults.network_timeout)?,
        mode,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(list: &[(&str, &str)]) -> AppSettings {
        let list = list.iter();
        AppSettings::new(list.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn complaint(list: &[(&str, &str)], service: Service) -> String {
        let error = account(&settings(list), "Store", service).unwrap_err();
        error.chain().join(" ---> ")
    }

    #[test]
    fn a_connection_is_looked_for_with_the_prefix_first() {
        let both = [
            ("Store", "AccountName=plain;AccountKey=c2VjcmV0"),
            (
                "AzureWebJobsStore",
                "AccountName=prefixed;AccountKey=c2VjcmV0",
            ),
        ];
        let (found, _) = account(&settings(&both), "Store", Service::Blob).unwrap();
        assert!(format!("{found:?}").contains("prefixed"));
        let (found, _) = account(&settings(&both[..1]), "Store", Service::Blob).unwrap();
        assert!(format!("{found:?}").contains("plain"));
    }

    #[test]
    fn what_is_wrong_with_a_connection_is_told_in_the_hosts_words() {
        assert_eq!(
            complaint(&[], Service::Table),
            "System.InvalidOperationException: Storage account connection string 'AzureWebJobsStore' does not exist. Make sure that it is a \
             defined App Setting."
        );
        assert_eq!(
            complaint(&[("Store", "garbage")], Service::Blob),
            "System.Reflection.TargetInvocationException: Exception has been thrown by the target of an invocation. ---> \
             System.FormatException: Settings must be of the form \"name=value\"."
        );
        assert_eq!(
            complaint(&[("Store", "")], Service::Table),
            "System.InvalidOperationException: Unable to find matching constructor while trying to create an instance of TableServiceClient."
        );
        assert_eq!(
            complaint(
                &[("Store__tableServiceUri", "http://127.0.0.1:1/a")],
                Service::Table
            ),
            "System.InvalidOperationException: Bearer token authentication is not permitted for non TLS protected (https) endpoints."
        );
        assert_eq!(
            complaint(&[("Store__accountName", "fleet")], Service::Blob),
            "Not emulated: the connection Store is one of an identity, and there is none on this machine; give it a connection string here"
        );
    }

    #[test]
    fn options_stand_below_the_name_and_are_checked() {
        let list = [
            ("Store", "UseDevelopmentStorage=true"),
            ("Store__retry__maxRetries", "1"),
            ("Store__Retry__delay", "00:00:00.200"),
            ("Store__retry__networkTimeout", "00:00:02"),
            ("Store__retry__mode", "Fixed"),
        ];
        let (_, retry) = account(&settings(&list), "Store", Service::Table).unwrap();
        let expected = Retry {
            max_retries: 1,
            delay: Duration::from_millis(200),
            network_timeout: Duration::from_secs(2),
            mode: RetryMode::Fixed,
            ..Retry::TABLES
        };
        assert_eq!(retry, expected);
        let wrong = [
            ("Store", "UseDevelopmentStorage=true"),
            ("Store__retry__delay", "soon"),
        ];
        assert_eq!(
            complaint(&wrong, Service::Table),
            "System.InvalidOperationException: Failed to convert configuration value at 'Store:retry:delay' to type 'System.TimeSpan'."
        );
    }
}
