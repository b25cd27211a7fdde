//! `handler explain`: decisions on requests, and how they are reached.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use allocation::policy::{self, File};
use allocation::{AllocationRequest, Decision, Outcome, Request, redacted};
use anyhow::{Result, anyhow};
use custom_handler::InputBindings;
use custom_handler::logging::loggable;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::requests::{self, Stopped};
use super::{Explain, Output};
use crate::policy_file::PolicyFile;
use crate::text_file;

/// Explains the decision on each request. Returns whether all files could be read.
pub(super) fn explain(asked: &Explain, output: &mut impl Output) -> Result<bool> {
    let policy = policy(asked)?;
    let bindings = read_bindings(asked.bindings.as_deref())?;
    let bindings = parse_bindings(asked.bindings.as_deref(), bindings.as_deref())?;
    let mut blocks = Blocks::default();
    let are_read = each_request(&asked.requests, output, |path, json, output| {
        let answer = Answer::to(json, &bindings, policy.policy());
        if asked.json {
            return writeln!(output, "{}", answer.json(path));
        }
        blocks.push(path, answer, output)
    })?;
    blocks.end(output)?;
    Ok(are_read)
}

/// The policy that is asked for.
pub(super) fn policy(asked: &Explain) -> Result<PolicyFile> {
    match &asked.policy {
        Some(path) => PolicyFile::read(path),
        None => PolicyFile::read_served(),
    }
}

/// Works on each request of the files, and tells which files can't be read. Returns whether all
/// could be.
pub(super) fn each_request<O: Output>(
    paths: &[impl AsRef<Path>],
    output: &mut O,
    mut work: impl FnMut(&Path, &str, &mut O) -> io::Result<()>,
) -> Result<bool> {
    let mut are_read = true;
    for path in paths.iter().map(AsRef::as_ref) {
        match requests::each(path, |json| work(path, json, output)) {
            Ok(()) => {}
            Err(Stopped::Unreadable(error)) => {
                are_read = false;
                output.complain(&error)?;
            }
            Err(Stopped::Work(error)) => return Err(error.into()),
        }
    }
    Ok(are_read)
}

/// The text of a file of rows.
pub(super) fn read_bindings(path: Option<&Path>) -> Result<Option<String>> {
    path.map(text_file::read).transpose()
}

/// The rows of that text.
pub(super) fn parse_bindings<'t>(
    path: Option<&Path>,
    text: Option<&'t str>,
) -> Result<InputBindings<'t>> {
    let (Some(path), Some(text)) = (path, text) else {
        return Ok(InputBindings::default());
    };
    policy::bindings(text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// Explanations one below the other. Of several, each has a headline with the device and the file.
#[derive(Default)]
struct Blocks {
    /// The first one, until it is known whether there are more.
    first: Option<(String, Answer)>,
    are_several: bool,
}

impl Blocks {
    fn push(&mut self, path: &Path, answer: Answer, output: &mut impl Write) -> io::Result<()> {
        let id = answer.registration_id.as_deref();
        let id = id.map_or("no registration id".into(), loggable);
        let headline = format!("{id} ({})", path.display());
        if !self.are_several && self.first.is_none() {
            self.first = Some((headline, answer));
            return Ok(());
        }
        if let Some((headline, answer)) = self.first.take() {
            writeln!(output, "{headline}")?;
            answer.write(output)?;
        }
        self.are_several = true;
        writeln!(output, "\n{headline}")?;
        answer.write(output)
    }

    fn end(self, output: &mut impl Write) -> io::Result<()> {
        match self.first {
            Some((_, answer)) => answer.write(output),
            None => Ok(()),
        }
    }
}

/// What is answered to one request.
struct Answer {
    registration_id: Option<String>,
    /// None where the request is refused before all rules.
    rule: Option<String>,
    status: u16,
    /// The response in JSON, or a sentence.
    body: String,
    lines: Vec<String>,
}

/// The same for machines.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerJson<'a> {
    file: Cow<'a, str>,
    registration_id: Option<&'a str>,
    rule: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<&'a str>,
    explanation: &'a [String],
}

impl Answer {
    fn to(json: &str, bindings: &InputBindings<'_>, file: &File) -> Self {
        let without_decision = |registration_id, body| Self {
            registration_id,
            rule: None,
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
        let id = id.map(Cow::into_owned);
        let request = match Request::new(request, bindings.clone()) {
            Ok(request) => request,
            Err(error) => return without_decision(id, error.to_string()),
        };
        let (decision, lines) = file.explain(&request);
        Self {
            registration_id: id,
            rule: Some(decision.rule().to_owned()),
            status: status(&decision),
            body: body(&decision),
            lines,
        }
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        for line in &self.lines {
            writeln!(output, "{line}")?;
        }
        writeln!(output, "{} {}", self.status, self.body)
    }

    fn json(&self, path: &Path) -> String {
        let is_response = self.status == 200;
        let json = AnswerJson {
            file: path.to_string_lossy(),
            registration_id: self.registration_id.as_deref(),
            rule: self.rule.as_deref(),
            status: self.status,
            response: is_response
                .then(|| serde_json::from_str(&self.body).ok())
                .flatten(),
            sentence: (!is_response).then_some(&self.body),
            explanation: &self.lines,
        };
        serde_json::to_string(&json).unwrap_or_default()
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

/// The body that the service sees: the response, whose secrets are masked here, or a sentence.
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
            redacted(&json, usize::MAX).into_owned()
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
