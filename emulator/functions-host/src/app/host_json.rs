//! `host.json`: how the host is to treat the app.
//!
//! Read here is what concerns a custom handler and its HTTP triggers; the rest of the file is left to the real host.
//! Source: <https://learn.microsoft.com/azure/azure-functions/functions-host-json>.

use std::time::Duration;

use serde::Deserialize;

use crate::app::functions_app::{self, AppError};
use crate::app::retry::RetryPolicy;
use crate::app::timespan;

/// How long a function may run when `functionTimeout` says nothing.
const DEFAULT_FUNCTION_TIMEOUT: Duration = Duration::from_mins(30);
/// How long a handler may take to answer its first `GET /` when `initializationTimeout` says nothing.
const DEFAULT_INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The settings that the file makes, defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct HostSettings {
    /// `None` when functions may run for ever.
    pub(crate) function_timeout: Option<Duration>,
    pub(crate) initialization_timeout: Duration,
    pub(crate) forwards_http_requests: bool,
    pub(crate) route_prefix: String,
    pub(crate) description: HandlerDescription,
    /// The policy of functions that have none of their own.
    pub(crate) retry: Option<RetryPolicy>,
}

/// `customHandler.description`: which program to start, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandlerDescription {
    pub(crate) default_executable_path: String,
    #[serde(default)]
    pub(crate) default_worker_path: String,
    #[serde(default)]
    pub(crate) worker_directory: String,
    #[serde(default)]
    pub(crate) working_directory: String,
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    #[serde(default)]
    pub(crate) worker_arguments: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) use_std_error_stream_for_errors_only: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    version: Option<String>,
    function_timeout: Option<String>,
    retry: Option<RetryPolicy>,
    extensions: Option<Extensions>,
    #[serde(alias = "httpWorker")]
    custom_handler: Option<CustomHandler>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomHandler {
    description: Option<HandlerDescription>,
    #[serde(default)]
    enable_forwarding_http_request: bool,
    #[serde(default)]
    enable_proxying_http_request: bool,
    initialization_timeout: Option<String>,
}

#[derive(Deserialize)]
struct Extensions {
    http: Option<HttpExtension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpExtension {
    route_prefix: Option<String>,
}

impl HostSettings {
    /// Reads the file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, AppError> {
        let file: File = functions_app::parse(text).map_err(AppError::host_json)?;
        if file.version.as_deref() != Some("2.0") {
            return Err(AppError::host_json("\"version\" must be \"2.0\""));
        }
        let custom_handler = file
            .custom_handler
            .ok_or_else(|| AppError::host_json("it has no \"customHandler\""))?;
        if custom_handler.enable_proxying_http_request {
            return Err(AppError::host_json(
                "\"enableProxyingHttpRequest\" is not emulated, turn it off",
            ));
        }
        let description = custom_handler
            .description
            .ok_or_else(|| AppError::host_json("\"customHandler\" has no \"description\""))?;
        if description.default_executable_path.is_empty() {
            return Err(AppError::host_json(
                "\"customHandler.description.defaultExecutablePath\" is empty",
            ));
        }
        let function_timeout = match file.function_timeout.as_deref() {
            None => Some(DEFAULT_FUNCTION_TIMEOUT),
            Some("-1") => None,
            Some(text) => Some(span("functionTimeout", text)?),
        };
        let initialization_timeout = match custom_handler.initialization_timeout.as_deref() {
            None => DEFAULT_INITIALIZATION_TIMEOUT,
            Some(text) => span("customHandler.initializationTimeout", text)?,
        };
        let route_prefix = file
            .extensions
            .and_then(|extensions| extensions.http)
            .and_then(|http| http.route_prefix);
        Ok(Self {
            function_timeout,
            initialization_timeout,
            forwards_http_requests: custom_handler.enable_forwarding_http_request,
            route_prefix: route_prefix.unwrap_or_else(|| "api".to_owned()),
            description,
            retry: file.retry,
        })
    }
}

fn span(name: &str, text: &str) -> Result<Duration, AppError> {
    timespan::parse(text).ok_or_else(|| {
        AppError::host_json(format!(
            "\"{name}\" is not a time span like 00:05:00: {text}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLER: &str = r#""customHandler":{"description":{"defaultExecutablePath":"handler"}}"#;

    #[test]
    fn what_the_file_does_not_say_has_the_hosts_defaults() {
        let settings = HostSettings::parse(&format!(r#"{{"version":"2.0",{HANDLER}}}"#)).unwrap();
        assert_eq!(settings.function_timeout, Some(Duration::from_mins(30)));
        assert_eq!(settings.initialization_timeout, Duration::from_secs(30));
        assert_eq!(settings.route_prefix, "api");
        assert!(!settings.forwards_http_requests);
        assert!(settings.description.use_std_error_stream_for_errors_only);
    }

    #[test]
    fn what_it_says_counts() {
        let text = r#"{"version":"2.0","functionTimeout":"-1","retry":{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:01"},
            "extensions":{"http":{"routePrefix":""}},"logging":{},
            "httpWorker":{"description":{"defaultExecutablePath":"h","useStdErrorStreamForErrorsOnly":false},
                "enableForwardingHttpRequest":true,"initializationTimeout":"00:00:02"}}"#;
        let settings = HostSettings::parse(text).unwrap();
        assert_eq!(settings.function_timeout, None);
        assert_eq!(settings.initialization_timeout, Duration::from_secs(2));
        assert_eq!(settings.route_prefix, "");
        assert_eq!(settings.retry.map(|retry| retry.max_retry_count), Some(2));
        assert!(settings.forwards_http_requests);
        assert!(!settings.description.use_std_error_stream_for_errors_only);
    }

    #[test]
    fn what_the_host_would_not_start_with_is_named() {
        for (text, named) in [
            ("{", "EOF while parsing"),
            ("[\"2.0\"]", "it must be a JSON object"),
            ("{} {}", "trailing characters"),
            (r#"{"version":2}"#, "version: invalid type: integer `2`"),
            (
                r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"h","arguments":"a"}}}"#,
                "customHandler.description.arguments: invalid type",
            ),
            (r#"{"version":"1.0"}"#, "\"version\" must be \"2.0\""),
            (r#"{"version":"2.0"}"#, "it has no \"customHandler\""),
            (
                r#"{"version":"2.0","customHandler":{}}"#,
                "has no \"description\"",
            ),
            (
                r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":""}}}"#,
                "defaultExecutablePath\" is empty",
            ),
            (
                r#"{"version":"2.0","functionTimeout":"5","customHandler":{"description":{"defaultExecutablePath":"h"}}}"#,
                "\"functionTimeout\" is not a time span like 00:05:00: 5",
            ),
            (
                r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"h"},"enableProxyingHttpRequest":true}}"#,
                "not emulated",
            ),
        ] {
            let error = HostSettings::parse(text).unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains("host.json"),
                "{text}: {error}"
            );
        }
    }
}
