//! The files of the Function App that a policy must fit: `function.json` and `host.json`.
//!
//! An input binding has traps that nobody sees before the first device registers. What can't work
//! is an error, what is risky a note. `bindings` here are those that the policy's rows name, and
//! their like.

use std::fmt;

use serde_json::Value;

use crate::policy::compiled::file::File;
use crate::policy::read::Problem;

/// The texts of the app's files, as far as they are there.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// `HttpTrigger1/function.json`.
    pub function_json: Option<String>,
    /// `host.json`.
    pub host_json: Option<String>,
    /// `local.settings.json`, which is where the settings are on a developer's machine.
    pub local_settings_json: Option<String>,
}

const FUNCTION_JSON: &str = "HttpTrigger1/function.json";
const HOST_JSON: &str = "host.json";
const LOCAL_SETTINGS: &str = "local.settings.json";

/// The shortest `functionTimeout` that leaves a slow store time, in seconds.
const SHORTEST_TIMEOUT: u64 = 30;

/// One thing that is wrong with a file of the app, or risky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppProblem {
    /// The file, from the app's folder.
    pub file: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for AppProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

/// What has been found: errors and notes.
#[derive(Default)]
struct Findings {
    errors: Vec<AppProblem>,
    notes: Vec<AppProblem>,
}

impl App {
    /// What can't work with this policy.
    #[must_use]
    pub fn errors(&self, file: &File) -> Vec<AppProblem> {
        self.findings(file).errors
    }

    /// What is risky with this policy.
    #[must_use]
    pub fn notes(&self, file: &File) -> Vec<AppProblem> {
        self.findings(file).notes
    }

    fn findings(&self, file: &File) -> Findings {
        let mut findings = Findings::default();
        let wanted: Vec<&str> = file.bindings().collect();
        let Some(function) =
            Self::read(FUNCTION_JSON, self.function_json.as_deref(), &mut findings)
        else {
            if !wanted.is_empty() && findings.errors.is_empty() {
                let message = "there is no such file, so that the bindings of the policy's rows are not checked";
                findings.note(FUNCTION_JSON, "", message);
            }
            return findings;
        };
        let bindings = function["bindings"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for name in &wanted {
            let mut inputs = bindings.iter().filter(|binding| is_input(binding));
            if !inputs
                .any(|binding| property_of(binding, "name").is_some_and(|found| found == *name))
            {
                let message =
                    format!("it has no input binding {name:?}, which the policy's rows name");
                findings.error(FUNCTION_JSON, "bindings", message);
            }
        }
        let mut inputs = Vec::new();
        for (place, binding) in bindings.iter().enumerate() {
            let at = format!("bindings[{place}]");
            if is(binding, "direction", "out") && !is(binding, "type", "http") {
                findings.note(
                    FUNCTION_JSON,
                    &at,
                    "an output binding beside res: when it fails, the finished answer becomes 500",
                );
            } else if is_input(binding) {
                check_input(binding, &at, &mut findings);
                inputs.push(binding);
            }
        }
        if !inputs.is_empty() {
            self.check_host(&inputs, &mut findings);
        }
        findings
    }

    fn check_host(&self, inputs: &[&Value], findings: &mut Findings) {
        if let Some(host) = Self::read(HOST_JSON, self.host_json.as_deref(), findings) {
            let bundle = property_of(&host, "extensionBundle").unwrap_or(&Value::Null);
            if property_of(bundle, "id").is_none_or(|id| id.as_str().is_none_or(str::is_empty)) {
                let message =
                    "an input binding needs an extensionBundle: without it every request gets 404";
                findings.error(HOST_JSON, "extensionBundle", message);
            }
            let timeout = property_of(&host, "functionTimeout").and_then(Value::as_str);
            let timeout = timeout.and_then(seconds);
            if timeout.is_some_and(|timeout| timeout < SHORTEST_TIMEOUT) {
                let message = "below 30 s: it runs while the rows are read, and when it strikes the host kills the handler";
                findings.note(HOST_JSON, "functionTimeout", message);
            }
        }
        let settings = Self::read(
            LOCAL_SETTINGS,
            self.local_settings_json.as_deref(),
            findings,
        );
        let values = settings
            .map(|settings| settings["Values"].clone())
            .unwrap_or_default();
        for input in inputs {
            let connection = property_of(input, "connection")
                .and_then(Value::as_str)
                .unwrap_or("AzureWebJobsStorage");
            let is_storage = ["table", "blob"].iter().any(|kind| is(input, "type", kind));
            // The host also looks for the connection's name with its own prefix.
            let is_set = |name: &str| {
                ["", "AzureWebJobs"].iter().any(|prefix| {
                    let setting = format!("{prefix}{connection}__retry__{name}");
                    property_of(&values, &setting).is_some()
                        || property_of(&values, &setting.replace("__", ":")).is_some()
                })
            };
            if is_storage && !["maxRetries", "networkTimeout"].into_iter().all(is_set) {
                let message = format!(
                    "set {connection}__retry__maxRetries, {connection}__retry__delay and {connection}__retry__networkTimeout, here and in Azure: without them a silent store makes the caller wait for 400 to 630 s"
                );
                findings.note(LOCAL_SETTINGS, "Values", message);
            }
        }
    }

    fn read(name: &'static str, text: Option<&str>, findings: &mut Findings) -> Option<Value> {
        let text = text?.trim_start_matches('\u{feff}');
        match serde_json::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                findings.error(name, "", format!("it is not JSON: {error}"));
                None
            }
        }
    }
}

impl Findings {
    fn error(&mut self, file: &'static str, member: &str, message: impl Into<String>) {
        self.errors.push(problem(file, member, message.into()));
    }

    fn note(&mut self, file: &'static str, member: &str, message: impl Into<String>) {
        let note = problem(file, member, message.into());
        // Of several bindings to one store, one note is enough.
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

fn problem(file: &'static str, member: &str, message: String) -> AppProblem {
    let mut problem = Problem::whole(message);
    member.clone_into(&mut problem.member);
    AppProblem { file, problem }
}

/// Whether a property says this; the host ignores the case of both.
fn is(binding: &Value, property: &str, text: &str) -> bool {
    property_of(binding, property)
        .and_then(Value::as_str)
        .is_some_and(|found| found.eq_ignore_ascii_case(text))
}

/// Whether it is an input binding, which one without a direction is, too. A trigger isn't: what it
/// brings is the request, and no row.
fn is_input(binding: &Value) -> bool {
    let kind = property_of(binding, "type").and_then(Value::as_str);
    let is_trigger = kind.is_some_and(|kind| kind.to_ascii_lowercase().ends_with("trigger"));
    let is_in = property_of(binding, "direction").is_none() || is(binding, "direction", "in");
    is_in && !is_trigger
}

fn property_of<'v>(binding: &'v Value, property: &str) -> Option<&'v Value> {
    let mut members = binding.as_object()?.iter();
    members
        .find(|(name, _)| name.eq_ignore_ascii_case(property))
        .map(|(_, value)| value)
}

/// The known traps of an input binding.
fn check_input(binding: &Value, at: &str, findings: &mut Findings) {
    let is_table = is(binding, "type", "table");
    let text = |name: &str| property_of(binding, name).and_then(Value::as_str);
    if property_of(binding, "dataType").is_some() {
        let message =
            "leave dataType out: with it rows arrive as base64, as nothing at all, or not at all";
        findings.note(FUNCTION_JSON, &format!("{at}.dataType"), message);
    }
    if is_table {
        if property_of(binding, "rowKey").is_some() {
            let message = "the host ignores rowKey and delivers the whole partition: write \"filter\": \"RowKey eq '…'\"";
            findings.note(FUNCTION_JSON, &format!("{at}.rowKey"), message);
        }
        let take = property_of(binding, "take").and_then(|take| match take {
            Value::String(text) => text.parse::<i64>().ok(),
            other => other.as_i64(),
        });
        if take.is_none_or(|take| take <= 0) {
            let message =
                "write \"take\": 1: without it the host delivers every row of the partition";
            findings.note(FUNCTION_JSON, at, message);
        }
    }
    for name in ["filter", "sqlQuery"] {
        let Some(query) = text(name) else { continue };
        let at = format!("{at}.{name}");
        if expressions(query).any(|expression| expression.contains('.')) {
            let message = format!(
                "a name with a dot in {name} gives every request 500: dots work in partitionKey, id, path and parameters alone"
            );
            findings.error(FUNCTION_JSON, &at, message);
        }
        if name == "filter" {
            if has_open_or(query) {
                let message =
                    "an or outside parentheses delivers another device's row: write (… or …)";
                findings.note(FUNCTION_JSON, &at, message);
            }
            let is_one_token = query.starts_with('{') && query.find('}') == Some(query.len() - 1);
            if is_one_token {
                let message = "a filter that is one expression is not escaped: whoever fills it chooses the row";
                findings.note(FUNCTION_JSON, &at, message);
            }
        }
    }
    let Some(properties) = binding.as_object() else {
        return;
    };
    for (name, value) in properties {
        let Some(value) = value.as_str() else {
            continue;
        };
        let at = format!("{at}.{name}");
        if expressions(value).any(|expression| expression.eq_ignore_ascii_case("Query.code")) {
            let message = "{Query.code} is the function key: use it nowhere";
            findings.note(FUNCTION_JSON, &at, message);
        }
        let is_claim = |expression: &str| {
            expression
                .to_ascii_lowercase()
                .starts_with("deviceruntimecontext.payload")
        };
        if name.eq_ignore_ascii_case("parameters") && expressions(value).any(is_claim) {
            let message = "what the device says of itself can add parameters to the query: use the registration id alone";
            findings.note(FUNCTION_JSON, &at, message);
        }
    }
}

/// The names in braces, without the format that may follow a colon.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.split_once(':').map_or(name, |(name, _)| name))
}

/// Whether a filter has the word `or` outside parentheses and quotes.
fn has_open_or(filter: &str) -> bool {
    let (mut depth, mut is_quoted) = (0_i32, false);
    let mut plain = String::with_capacity(filter.len());
    for character in filter.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ if !is_quoted && depth == 0 => {
                plain.push(character.to_ascii_lowercase());
                continue;
            }
            _ => {}
        }
        plain.push(' ');
    }
    plain.split_whitespace().any(|word| word == "or")
}

/// The whole seconds of a timespan such as `00:05:00`, `1.00:00:00` or `00:00:05.5`.
fn seconds(timespan: &str) -> Option<u64> {
    let is_days = |days: &str| !days.contains(':');
    let (days, rest) = match timespan.split_once('.') {
        Some((days, rest)) if is_days(days) => (days, rest),
        _ => ("0", timespan),
    };
    let rest = rest.split_once('.').map_or(rest, |(whole, _)| whole);
    let mut parts = rest.split(':').map(|part| part.parse::<u64>().ok());
    let days: u64 = days.parse().ok()?;
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}
