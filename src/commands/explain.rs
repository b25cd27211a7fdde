//! `handler explain`: decisions on requests, and how they are reached.

use std::io::Write;
use std::path::Path;

use allocation::policy::{self, File};
use allocation::{AllocationRequest, Decision, Outcome, Request};
use anyhow::{Result, anyhow};
use custom_handler::InputBindings;
use custom_handler::logging::loggable;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Explain, requests, served};
use crate::policy_file::{self, PolicyFile};

/// Explains the decision on each request. Returns that nothing is wrong.
pub(super) fn explain(asked: &Explain, output: &mut impl Write) -> Result<bool> {
    let policy = PolicyFile::read(&asked.policy.clone().unwrap_or_else(served))?;
    let bindings = read_bindings(asked.bindings.as_deref())?;
    let bindings = parse_bindings(bindings.as_deref())?;
    let mut is_first = true;
    for path in &asked.requests {
        requests::each(path, |json| {
            let answer = Answer::to(json, &bindings, policy.policy());
            if asked.json {
                writeln!(output, "{}", answer.json())?;
                return Ok(());
            }
            if !is_first {
                writeln!(output)?;
            }
            is_first = false;
            for line in &answer.lines {
                writeln!(output, "{line}")?;
            }
            writeln!(output, "{} {}", answer.status, answer.body)?;
            Ok(())
        })?;
    }
    Ok(true)
}

/// The text of a file of rows.
pub(super) fn read_bindings(path: Option<&Path>) -> Result<Option<String>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let bytes = policy_file::read(path)?;
    let text =
        String::from_utf8(bytes).map_err(|_| anyhow!("{}: it is not UTF-8", path.display()))?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

/// The rows of that text.
pub(super) fn parse_bindings(text: Option<&str>) -> Result<InputBindings<'_>> {
    match text {
        Some(text) => policy::bindings(text).map_err(|error| anyhow!(error)),
        None => Ok(InputBindings::default()),
    }
}

/// What is answered to one request.
struct Answer {
    registration_id: Option<String>,
    rule: String,
    status: u16,
    body: String,
    lines: Vec<String>,
}

impl Answer {
    fn to(json: &str, bindings: &InputBindings<'_>, file: &File) -> Self {
        let without_decision = |registration_id, body| Self {
            registration_id,
            rule: String::new(),
            status: 400,
            body,
            lines: Vec::new(),
        };
        let request = match AllocationRequest::parse(json) {
            Ok(request) => request,
            Err(error) => {
                let body = format!("The request body is no AllocationRequest: {error}.");
                return without_decision(None, body);
            }
        };
        let id = request.device_runtime_context.registration_id.clone();
        let id = id.map(std::borrow::Cow::into_owned);
        let request = match Request::new(request, bindings.clone()) {
            Ok(request) => request,
            Err(error) => return without_decision(id, error.to_string()),
        };
        let (decision, lines) = file.explain(&request);
        Self {
            registration_id: id,
            rule: decision.rule().to_owned(),
            status: status(&decision),
            body: body(&decision),
            lines,
        }
    }

    fn json(&self) -> Value {
        let mut json = json!({
            "registrationId": self.registration_id,
            "rule": self.rule,
            "status": self.status,
            "explanation": self.lines,
        });
        if self.status == 200 {
            json["response"] = serde_json::from_str(&self.body).unwrap_or_default();
        } else {
            json["sentence"] = self.body.clone().into();
        }
        json
    }
}

/// The status that the service sees.
pub(super) fn status(decision: &Decision) -> u16 {
    match decision.outcome() {
        Outcome::Assign(_) => 200,
        Outcome::Refuse(_) => 400,
        Outcome::Retry(_) => 503,
        Outcome::Fail => 500,
    }
}

/// The body that the service sees: the response, or a sentence.
fn body(decision: &Decision) -> String {
    match decision.outcome() {
        Outcome::Assign(assignment) => {
            let mut json = format!("{{\"iotHubHostName\":{}", Value::from(assignment.hub()));
            for (name, value) in [
                ("initialTwin", assignment.initial_twin()),
                ("payload", assignment.payload()),
            ] {
                if let Some(value) = value {
                    json.extend([",\"", name, "\":", RawValue::get(value)]);
                }
            }
            json.push('}');
            json
        }
        Outcome::Refuse(sentence) | Outcome::Retry(sentence) => loggable_sentence(sentence),
        Outcome::Fail => "The function failed.".to_owned(),
    }
}

/// A sentence of the file, or of ours, which stand on one line.
fn loggable_sentence(sentence: &str) -> String {
    match loggable(sentence) {
        _ if !sentence.contains(char::is_control) => sentence.to_owned(),
        escaped => escaped.into_owned(),
    }
}
