//! `host.json`: how the host is to treat the app.
//!
//! Read here is what concerns a custom handler and its HTTP triggers; the rest of the file is left
//! to the real host. What it refuses is refused with its words. Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-host-json>, and the behaviour of
//! <https://github.com/Azure/azure-functions-host> where the page is silent.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::app::app_error::AppError;
use crate::app::extension_bundle::ExtensionBundle;
use crate::app::retry::RetryPolicy;
use crate::app::section::Section;
use crate::app::timespan;

/// How long a function may run when `functionTimeout` says nothing.
const DEFAULT_FUNCTION_TIMEOUT: Duration = Duration::from_mins(30);
/// How long a handler may take to answer its first `GET /` when `initializationTimeout` says
/// nothing.
const DEFAULT_INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);
/// The levels that a log can have.
const LOG_LEVELS: [&str; 7] = [
    "Trace",
    "Debug",
    "Information",
    "Warning",
    "Error",
    "Critical",
    "None",
];

/// The settings that the file makes, defaults filled in.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the file's own switches")]
pub(crate) struct HostSettings {
    /// `None` when functions may run for ever.
    pub(crate) function_timeout: Option<Duration>,
    pub(crate) initialization_timeout: Duration,
    pub(crate) forwards_http_requests: bool,
    /// Newer hosts pass requests on as a stream then; older ones don't know the switch.
    pub(crate) proxies_http_requests: bool,
    /// Without one the host knows no bindings but its own.
    pub(crate) extension_bundle: Option<ExtensionBundle>,
    /// The section is `httpWorker`, as it was called once.
    pub(crate) is_http_worker: bool,
    /// What the host has to say of the section, in its words.
    pub(crate) warnings: Vec<String>,
    pub(crate) route_prefix: String,
    pub(crate) description: HandlerDescription,
    /// The policy of functions that have none of their own.
    pub(crate) retry: Option<RetryPolicy>,
    /// Whether a change of the app's files starts it anew.
    pub(crate) watches_files: bool,
    /// Only these functions are loaded, when there is such a list.
    pub(crate) functions: Option<Vec<String>>,
}

/// `customHandler.description`: which program to start, and how.
#[derive(Clone, Debug)]
pub(crate) struct HandlerDescription {
    pub(crate) default_executable_path: String,
    pub(crate) default_worker_path: String,
    pub(crate) worker_directory: String,
    pub(crate) working_directory: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) worker_arguments: Vec<String>,
    pub(crate) use_std_error_stream_for_errors_only: bool,
}

impl HostSettings {
    /// Makes settings of the file's content.
    pub(crate) fn parse(file: &Value) -> Result<Self, AppError> {
        check_version(file)?;
        let root = Section::of(file);
        let (name, handler) = handler_section(root)?;
        let description = handler.section("description");
        if description.is_empty() {
            return Err(AppError::host_json("Missing worker Description."));
        }
        check_type(handler)?;
        check_log_levels(root)?;
        let route_prefix = root
            .section("extensions")
            .section("http")
            .text("routePrefix");
        let route_prefix = route_prefix.unwrap_or_else(|| "api".to_owned());
        if route_prefix.starts_with('/') || route_prefix.starts_with('~') {
            return Err(AppError::host_json(format!(
                "the route prefix \"{route_prefix}\" makes routes that begin with a slash, which no route can"
            )));
        }
        let path = format!("{name}:InitializationTimeout");
        let initialization_timeout = match handler.text("initializationTimeout") {
            None => DEFAULT_INITIALIZATION_TIMEOUT,
            // The real host kills the handler at once, three times, and ends; so does this one.
            Some(text) => span(&path, &text)?.unwrap_or(Duration::ZERO),
        };
        let retry = file.get("retry").filter(|retry| !retry.is_null());
        let retry = retry.map(RetryPolicy::deserialize).transpose();
        Ok(Self {
            function_timeout: function_timeout(root)?,
            initialization_timeout,
            // Functions of a `httpWorker` are always forwarded.
            forwards_http_requests: flag(handler, name, "enableForwardingHttpRequest")?
                .unwrap_or(false)
                || name == "httpWorker",
            proxies_http_requests: flag(handler, name, "enableProxyingHttpRequest")?
                .unwrap_or(false),
            extension_bundle: extension_bundle(root),
            is_http_worker: name == "httpWorker",
            warnings: warnings(root, name),
            route_prefix,
            description: HandlerDescription::read(description, name)?,
            retry: retry.map_err(|error| AppError::host_json(error.to_string()))?,
            watches_files: flag(root, "", "fileWatchingEnabled")?.unwrap_or(true),
            functions: file
                .get("functions")
                .and_then(Value::as_array)
                .map(|_| root.texts("functions")),
        })
    }
}

fn extension_bundle(root: Section<'_>) -> Option<ExtensionBundle> {
    let bundle = root.section("extensionBundle");
    let range = bundle.text("version").unwrap_or_default();
    (!bundle.is_empty()).then(|| ExtensionBundle::of_range(&range))
}

impl HandlerDescription {
    fn read(section: Section<'_>, parent: &str) -> Result<Self, AppError> {
        let text = |name| section.text(name).unwrap_or_default();
        let default_executable_path = text("defaultExecutablePath");
        if default_executable_path.is_empty() {
            return Err(AppError::host_json(
                "WorkerDescription DefaultExecutablePath cannot be empty",
            ));
        }
        let path = format!("{parent}:Description");
        Ok(Self {
            default_executable_path,
            default_worker_path: text("defaultWorkerPath"),
            worker_directory: text("workerDirectory"),
            working_directory: text("workingDirectory"),
            arguments: section.texts("arguments"),
            worker_arguments: section.texts("workerArguments"),
            use_std_error_stream_for_errors_only: flag(
                section,
                &path,
                "useStdErrorStreamForErrorsOnly",
            )?
            .unwrap_or(true),
        })
    }
}

/// The one key whose case counts.
fn check_version(file: &Value) -> Result<(), AppError> {
    match file.get("version") {
        None | Some(Value::Null) => Err(AppError::host_json(
            "The host.json file is missing the required 'version' property.",
        )),
        Some(Value::String(version)) if version == "2.0" => Ok(()),
        Some(version) => {
            let version = match version {
                Value::String(text) => text.clone(),
                Value::Number(number)
                    if number.as_f64().is_some_and(|float| float.fract() == 0.0) =>
                {
                    format!("{:.0}", number.as_f64().unwrap_or_default())
                }
                other => other.to_string(),
            };
            Err(AppError::host_json(format!(
                "'{version}' is an invalid value for host.json 'version' property."
            )))
        }
    }
}

/// The section of the handler, and what it is called in the messages of the host.
fn handler_section(root: Section<'_>) -> Result<(&'static str, Section<'_>), AppError> {
    ["customHandler", "httpWorker"]
        .into_iter()
        .map(|name| (name, root.section(name)))
        .find(|(_, section)| !section.is_empty())
        .ok_or_else(|| {
            AppError::host_json(
                "WorkerConfig for runtime: custom not found. host.json has no \"customHandler\" with a \"description\"",
            )
        })
}

fn warnings(root: Section<'_>, name: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let handler = root.section(name);
    if name == "httpWorker" {
        warnings.push(
            "Section httpWorker will be deprecated. Please use customHandler section.".to_owned(),
        );
    } else if !root.section("httpWorker").is_empty() {
        // Spelt as the host spells it.
        warnings.push(
            "Both httpWorker and customHandler sections are spefified in host.json file. customHandler takes precedence."
                .to_owned(),
        );
    }
    let kind = handler.text("type").unwrap_or_default();
    if name == "customHandler" && kind.eq_ignore_ascii_case("none") {
        warnings.push("CustomHandlerType None is not supported. Defaulting to Http.".to_owned());
    }
    warnings
}

fn check_type(handler: Section<'_>) -> Result<(), AppError> {
    let kind = handler.text("type").unwrap_or_default();
    let is_known = ["", "http", "none"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&kind));
    is_known.then_some(()).ok_or_else(|| {
        AppError::host_json(format!(
            "\"customHandler.type\" is \"{kind}\", and http is the only one there is"
        ))
    })
}

fn check_log_levels(root: Section<'_>) -> Result<(), AppError> {
    let levels = root.section("logging").section("logLevel");
    let wrong = levels.scalars().find(|(_, level)| {
        !level.is_empty()
            && !LOG_LEVELS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(level))
    });
    match wrong {
        None => Ok(()),
        Some((name, level)) => Err(AppError::host_json(format!(
            "Configuration value '{level}' is not supported. (logging.logLevel.{name})"
        ))),
    }
}

fn function_timeout(root: Section<'_>) -> Result<Option<Duration>, AppError> {
    let Some(text) = root.text("functionTimeout") else {
        return Ok(Some(DEFAULT_FUNCTION_TIMEOUT));
    };
    if text.trim() == "-1" {
        return Ok(None);
    }
    match span("FunctionTimeout", &text)? {
        Some(limit) if limit >= Duration::from_secs(1) => Ok(Some(limit)),
        _ => Err(AppError::host_json(
            "FunctionTimeout must be greater than 00:00:01 and less than 10675199.02:48:05.4775807.",
        )),
    }
}

/// A time span; `None` when it is negative.
fn span(path: &str, text: &str) -> Result<Option<Duration>, AppError> {
    match timespan::parse_signed(text) {
        Some((false, span)) => Ok(Some(span)),
        Some((true, span)) => Ok(Some(span).filter(Duration::is_zero)),
        None => Err(cannot_convert(path, text, "System.TimeSpan")),
    }
}

fn flag(section: Section<'_>, parent: &str, name: &str) -> Result<Option<bool>, AppError> {
    let Some(text) = section.text(name) else {
        return Ok(None);
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => {
            let mut name = name.to_owned();
            name[..1].make_ascii_uppercase();
            let path = format!("{parent}:{name}");
            Err(cannot_convert(
                path.trim_start_matches(':'),
                &text,
                "System.Boolean",
            ))
        }
    }
}

fn cannot_convert(path: &str, text: &str, kind: &str) -> AppError {
    AppError::host_json(format!(
        "Failed to convert configuration value '{text}' at 'AzureFunctionsJobHost:{path}' to type '{kind}'."
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(members: &Value) -> Result<HostSettings, AppError> {
        let mut file = json!({"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "h"}}});
        for (name, value) in members.as_object().unwrap() {
            file[name] = value.clone();
        }
        HostSettings::parse(&file)
    }

    #[test]
    fn what_the_file_does_not_say_has_the_hosts_defaults() {
        let settings = parse(&json!({})).unwrap();
        assert_eq!(settings.function_timeout, Some(Duration::from_mins(30)));
        assert_eq!(settings.initialization_timeout, Duration::from_secs(30));
        assert_eq!(settings.route_prefix, "api");
        assert!(!settings.forwards_http_requests && !settings.is_http_worker);
        assert!(settings.watches_files && settings.functions.is_none());
        assert!(!settings.proxies_http_requests);
        assert!(settings.description.use_std_error_stream_for_errors_only);
    }

    #[test]
    fn what_it_says_counts() {
        let settings = HostSettings::parse(&json!({
            "version": "2.0", "functionTimeout": "-1", "extensions": {"http": {"routePrefix": ""}}, "logging": {},
            "retry": {"strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:01"},
            "functions": ["F"], "fileWatchingEnabled": false,
            "httpWorker": {"description": {"defaultExecutablePath": "h", "useStdErrorStreamForErrorsOnly": "False"},
                "enableForwardingHttpRequest": "true", "initializationTimeout": "00:00:02"}
        }))
        .unwrap();
        assert_eq!(settings.function_timeout, None);
        assert_eq!(settings.initialization_timeout, Duration::from_secs(2));
        assert_eq!(settings.route_prefix, "");
        assert_eq!(settings.retry.map(|retry| retry.max_retry_count), Some(2));
        assert!(settings.forwards_http_requests && settings.is_http_worker);
        assert!(!settings.watches_files);
        assert_eq!(settings.functions.unwrap(), ["F"]);
        assert!(!settings.description.use_std_error_stream_for_errors_only);
    }

    #[test]
    fn what_the_host_warns_of_has_its_words() {
        let description = json!({"description": {"defaultExecutablePath": "h"}});
        let warnings = |members: &Value| parse(members).unwrap().warnings;
        assert!(warnings(&json!({})).is_empty());
        assert_eq!(
            warnings(&json!({"httpWorker": description})),
            [
                "Both httpWorker and customHandler sections are spefified in host.json file. customHandler takes precedence."
            ]
        );
        assert_eq!(
            warnings(&json!({"httpWorker": description, "customHandler": {"description": {}}})),
            ["Section httpWorker will be deprecated. Please use customHandler section."]
        );
        let mut none = description.clone();
        none["type"] = json!("none");
        assert_eq!(
            warnings(&json!({"customHandler": none})),
            ["CustomHandlerType None is not supported. Defaulting to Http."]
        );
    }

    #[test]
    fn a_bare_number_is_a_number_of_days() {
        for days in [json!(5), json!("5")] {
            let settings = parse(&json!({"functionTimeout": days})).unwrap();
            assert_eq!(
                settings.function_timeout,
                Some(Duration::from_hours(5 * 24))
            );
        }
    }

    #[test]
    fn what_the_host_would_not_start_with_is_named() {
        let handler = |member: Value| {
            let mut handler = json!({"description": {"defaultExecutablePath": "h"}});
            for (name, value) in member.as_object().unwrap() {
                handler[name] = value.clone();
            }
            json!({"customHandler": handler})
        };
        for (members, named) in [
            (
                json!({"version": null}),
                "The host.json file is missing the required 'version' property.",
            ),
            (
                json!({"version": 2.0}),
                "'2' is an invalid value for host.json 'version' property.",
            ),
            (
                json!({"version": "1.0"}),
                "'1.0' is an invalid value for host.json 'version' property.",
            ),
            (
                json!({"customHandler": {}}),
                "WorkerConfig for runtime: custom not found.",
            ),
            (
                json!({"customHandler": {"description": {}}}),
                "WorkerConfig for runtime: custom not found.",
            ),
            (
                json!({"customHandler": {"enableForwardingHttpRequest": true}}),
                "Missing worker Description.",
            ),
            (
                json!({"customHandler": {"description": {"defaultExecutablePath": ""}}}),
                "WorkerDescription DefaultExecutablePath cannot be empty",
            ),
            (
                handler(json!({"initializationTimeout": "abc"})),
                "Failed to convert configuration value 'abc' at 'AzureFunctionsJobHost:customHandler:InitializationTimeout' to type \
                 'System.TimeSpan'.",
            ),
            (
                handler(json!({"initializationTimeout": null})),
                "Failed to convert configuration value '' at",
            ),
            (
                handler(json!({"enableForwardingHttpRequest": "yes"})),
                "Failed to convert configuration value 'yes' at 'AzureFunctionsJobHost:customHandler:EnableForwardingHttpRequest' to \
                 type 'System.Boolean'.",
            ),
            (
                handler(json!({"type": "foo"})),
                "\"customHandler.type\" is \"foo\", and http is the only one there is",
            ),
            (
                json!({"functionTimeout": "-00:00:01"}),
                "FunctionTimeout must be greater than 00:00:01",
            ),
            (
                json!({"functionTimeout": "00:00:00.5"}),
                "FunctionTimeout must be greater than 00:00:01",
            ),
            (
                json!({"logging": {"logLevel": {"default": "Nope"}}}),
                "Configuration value 'Nope' is not supported.",
            ),
            (
                json!({"extensions": {"http": {"routePrefix": "/v1/"}}}),
                "the route prefix \"/v1/\" makes routes that begin with a slash",
            ),
        ] {
            let error = parse(&members).unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains("host.json"),
                "{members}: {error}"
            );
        }
    }
}
