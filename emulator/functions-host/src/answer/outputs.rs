//! From the handler's answer to the caller's response.
//!
//! Pure: what the host does with an answer depends on nothing but the answer and the function's output bindings. The host's output
//! bindings other than HTTP are not emulated; their values are only looked at.
//!
//! Sources: <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#response-payload> and the host's
//! `DefaultHttpWorkerService` and `HttpScriptInvocationResultExtensions` (<https://github.com/Azure/azure-functions-host>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::answer::http_output;
use crate::answer::violation::Violation;
use crate::app::function::{Function, OutputBinding};
use crate::envelope::body_text;
use crate::invoke::http::{HttpResponse, RawAnswer};
use crate::newtonsoft::{JObject, JToken, ReadError};

/// How deep the answer as a whole may be nested.
const MAX_ANSWER_DEPTH: usize = 256;
/// The output binding whose value is the answer's `ReturnValue`.
const RETURN: &str = "$return";

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Translation {
    pub(crate) response: HttpResponse,
    pub(crate) logs: Vec<String>,
    pub(crate) violations: Vec<Violation>,
}

/// Translates an answer as the host does. An answer that would leave the real host waiting is answered 500 at once.
pub(crate) fn translate(answer: &RawAnswer, function: &Function) -> Translation {
    let mut violations = Vec::new();
    let (response, logs) = match read(answer, &mut violations) {
        Ok(invocation) => {
            let response = invocation
                .respond(function, &mut violations)
                .unwrap_or_else(|violation| {
                    violations.push(violation);
                    HttpResponse::empty(500)
                });
            (response, invocation.logs)
        }
        Err(violation) => {
            violations.push(violation);
            (HttpResponse::empty(500), Vec::new())
        }
    };
    Translation {
        response,
        logs,
        violations,
    }
}

/// The answer's members.
struct InvocationResult {
    outputs: Option<JObject>,
    logs: Vec<String>,
    return_value: JToken,
}

/// Reads the answer up to its members. Lesser violations are noted on the way; one that fails the invocation ends it.
fn read(
    answer: &RawAnswer,
    violations: &mut Vec<Violation>,
) -> Result<InvocationResult, Violation> {
    if !(200..300).contains(&answer.status) {
        return Err(Violation::NonSuccessStatus {
            status: answer.status,
        });
    }
    if answer.body.is_empty() {
        return Err(Violation::EmptyAnswer);
    }
    let content_type = answer
        .header("Content-Type")
        .ok_or(Violation::MissingContentType)?;
    match media_type(content_type).as_str() {
        "application/json" => {}
        "text/json" => violations.push(Violation::UnusualContentType {
            content_type: content_type.to_owned(),
        }),
        _ => {
            return Err(Violation::WrongContentType {
                content_type: content_type.to_owned(),
            });
        }
    }
    let text = body_text::decode(&answer.body);
    if text.trim().is_empty() {
        return Err(Violation::NullAnswer);
    }
    let (token, more) =
        JToken::parse_first(&text, MAX_ANSWER_DEPTH).map_err(|error| invalid_json(&error))?;
    let object = match token {
        JToken::Object(object) => object,
        JToken::Null => return Err(Violation::NullAnswer),
        other => return Err(Violation::NotAnObject { kind: other.kind() }),
    };
    if more {
        violations.push(Violation::TrailingContent);
    }
    for (name, _) in object.iter() {
        if !["Outputs", "Logs", "ReturnValue"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            violations.push(Violation::UnknownMember {
                name: name.to_owned(),
            });
        }
    }
    let outputs = match object.get_ignoring_case("Outputs") {
        None | Some(JToken::Null) => None,
        Some(JToken::Object(outputs)) => Some(outputs.clone()),
        Some(other) => return Err(Violation::BadOutputs { kind: other.kind() }),
    };
    Ok(InvocationResult {
        outputs,
        logs: read_logs(object.get_ignoring_case("Logs"), violations)?,
        return_value: object
            .get_ignoring_case("ReturnValue")
            .cloned()
            .unwrap_or(JToken::Null),
    })
}

fn invalid_json(error: &ReadError) -> Violation {
    Violation::InvalidJson {
        detail: error.to_string(),
    }
}

fn read_logs(
    logs: Option<&JToken>,
    violations: &mut Vec<Violation>,
) -> Result<Vec<String>, Violation> {
    let items = match logs {
        None | Some(JToken::Null) => return Ok(Vec::new()),
        Some(JToken::Array(items)) => items,
        Some(other) => return Err(Violation::BadLogs { kind: other.kind() }),
    };
    let mut lines = Vec::with_capacity(items.len());
    for item in items {
        match item {
            JToken::Array(_) | JToken::Object(_) => {
                return Err(Violation::BadLogs { kind: item.kind() });
            }
            JToken::String(_) => {}
            other => violations.push(Violation::LogNotText { kind: other.kind() }),
        }
        lines.push(item.to_invariant_string());
    }
    Ok(lines)
}

impl InvocationResult {
    fn respond(
        &self,
        function: &Function,
        violations: &mut Vec<Violation>,
    ) -> Result<HttpResponse, Violation> {
        let outputs = self.outputs_with_return_value(function);
        self.inspect_other_outputs(outputs.as_ref(), function, violations);
        let Some(binding) = function.http_output() else {
            return Ok(HttpResponse::empty(204));
        };
        if binding.name == RETURN {
            return http_output::respond_with_return_value(&self.return_value, violations);
        }
        let Some(outputs) = outputs else {
            violations.push(Violation::MissingOutputs {
                binding: binding.name.clone(),
            });
            return Ok(HttpResponse::empty(204));
        };
        if let Some(output) = outputs.get(&binding.name) {
            http_output::respond(output, violations)
        } else {
            violations.push(Violation::MissingOutput {
                binding: binding.name.clone(),
            });
            Ok(HttpResponse {
                status: 200,
                headers: vec![(
                    "Content-Type".to_owned(),
                    "text/plain; charset=utf-8".to_owned(),
                )],
                body: b"{}".to_vec(),
            })
        }
    }

    /// Without a `$return` binding, the members of an object `ReturnValue` are outputs too, and win.
    fn outputs_with_return_value(&self, function: &Function) -> Option<JObject> {
        let JToken::Object(returned) = &self.return_value else {
            return self.outputs.clone();
        };
        if function.outputs.iter().any(|output| output.name == RETURN) {
            return self.outputs.clone();
        }
        let mut outputs = self.outputs.clone().unwrap_or_default();
        for (name, value) in returned
            .iter()
            .filter(|(name, _)| function.outputs.iter().any(|output| output.name == *name))
        {
            outputs.insert(name, value.clone());
        }
        Some(outputs)
    }

    fn inspect_other_outputs(
        &self,
        outputs: Option<&JObject>,
        function: &Function,
        violations: &mut Vec<Violation>,
    ) {
        for (name, value) in outputs.into_iter().flat_map(JObject::iter) {
            match function.outputs.iter().find(|output| output.name == name) {
                None => violations.push(Violation::UnknownOutput {
                    name: name.to_owned(),
                }),
                Some(output) if would_be_decoded(output, value) => {
                    violations.push(Violation::Base64Output {
                        name: name.to_owned(),
                    });
                }
                Some(_) => {}
            }
        }
        let returned = function.outputs.iter().find(|output| output.name == RETURN);
        if returned.is_some_and(|output| would_be_decoded(output, &self.return_value)) {
            violations.push(Violation::Base64Output {
                name: RETURN.to_owned(),
            });
        }
    }
}

/// Whether the host takes a text for base64 that may not be meant so.
fn would_be_decoded(output: &OutputBinding, value: &JToken) -> bool {
    let is_http = output.kind.eq_ignore_ascii_case("http");
    let is_binary = output
        .data_type
        .as_deref()
        .is_some_and(|data_type| data_type.eq_ignore_ascii_case("binary"));
    !is_http
        && !is_binary
        && matches!(value, JToken::String(text) if !text.is_empty() && STANDARD.decode(text).is_ok())
}

/// The media type without its parameters, in lower case.
fn media_type(content_type: &str) -> String {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
