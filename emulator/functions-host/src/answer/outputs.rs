//! From the handler's answer to the caller's response.
//!
//! Pure: what the host does with an answer depends on nothing but the answer, the function's output
//! bindings and the charset that the caller asked for. The values of the output bindings to stores
//! are handed on.
//!
//! Sources:
//! <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#response-payload>
//! and the host's `DefaultHttpWorkerService` and `HttpScriptInvocationResultExtensions`
//! (<https://github.com/Azure/azure-functions-host>).

use crate::answer::http_output::{self, Content};
use crate::answer::invocation_error::InvocationError;
use crate::answer::invocation_result::{self, InvocationResult};
use crate::answer::violation::Violation;
use crate::app::function::{Function, OutputBinding};
use crate::bindings::OutputValue;
use crate::invoke::http::{HttpResponse, RawAnswer};
use crate::newtonsoft::{JObject, JToken, base64};

/// The output binding whose value is the answer's `ReturnValue`.
const RETURN: &str = "$return";

/// What an answer comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Translation {
    pub(crate) response: HttpResponse,
    pub(crate) logs: Vec<String>,
    pub(crate) violations: Vec<Violation>,
    /// What the output bindings to stores get.
    pub(crate) values: Vec<(String, OutputValue)>,
    /// Why the invocation failed, when it did. A response that can't be written is no failed
    /// invocation.
    pub(crate) failure: Option<InvocationError>,
}

/// Translates an answer as the host does. An answer that would leave the real host waiting is
/// answered 500 at once.
pub(crate) fn translate(
    answer: &RawAnswer,
    function: &Function,
    accept_charset: Option<&str>,
) -> Translation {
    let mut translation = Translation {
        response: HttpResponse::empty(500),
        logs: Vec::new(),
        violations: Vec::new(),
        values: Vec::new(),
        failure: None,
    };
    let outcome = invocation_result::read(answer, &mut translation.violations)
        .map_err(|violation| (InvocationError::of_answer(answer, &violation), violation))
        .and_then(|result| {
            translation.logs.clone_from(&result.logs);
            translation.values = result.values_for_stores(function);
            result
                .bind(function, &mut translation.violations)
                .map_err(|violation| (InvocationError::BadOutput, violation))
        });
    match outcome {
        Ok(Bound::Nothing) => translation.response = HttpResponse::empty(204),
        Ok(Bound::Response(content)) => {
            match content.respond(accept_charset, &mut translation.violations) {
                Ok(response) => translation.response = response,
                // The function has succeeded; what fails is the writing of its response.
                Err(violation) => translation.violations.push(violation),
            }
        }
        Ok(Bound::Json(token)) => translation.response = http_output::json(&token),
        Err((failure, violation)) => {
            translation.violations.push(violation);
            translation.failure = Some(failure);
        }
    }
    translation
}

/// What the outputs make of the response.
enum Bound {
    Nothing,
    Response(Content),
    /// A returned value that no binding takes.
    Json(JToken),
}

impl InvocationResult {
    /// The values of the output bindings to stores. Text in `Outputs` that is base64 is decoded; in
    /// a returned object it isn't.
    fn values_for_stores(&self, function: &Function) -> Vec<(String, OutputValue)> {
        let declares_return = function.outputs.iter().any(|output| output.name == RETURN);
        let by_return = match &self.return_value {
            JToken::Object(members) if !declares_return => Some(members),
            _ => None,
        };
        let outputs = function.outputs.iter().filter(|output| !output.is_http());
        let values = outputs.filter_map(|output| {
            if let Some(value) = by_return.and_then(|members| members.get(&output.name)) {
                return Some((output, OutputValue::Json(value.clone())));
            }
            let value = if output.name == RETURN {
                &self.return_value
            } else {
                self.outputs.as_ref()?.get(&output.name)?
            };
            Some((output, decoded(output, value)))
        });
        let values = values.filter(|(_, value)| !value.is_nothing());
        values
            .map(|(output, value)| (output.name.clone(), value))
            .collect()
    }

    fn bind(
        mut self,
        function: &Function,
        violations: &mut Vec<Violation>,
    ) -> Result<Bound, Violation> {
        let returned = std::mem::replace(&mut self.return_value, JToken::Null);
        let returned = if returned == JToken::Undefined {
            JToken::Null
        } else {
            returned
        };
        let declares_return = function.outputs.iter().any(|output| output.name == RETURN);
        inspect_other_outputs(self.outputs.as_ref(), &returned, function, violations);
        // Without a `$return` binding, the members of an object that is returned are outputs too,
        // and win.
        let by_return = match &returned {
            JToken::Object(members) if !declares_return => Some(members),
            _ => None,
        };
        let mut bound = None;
        for binding in function.http_outputs() {
            if binding.name == RETURN {
                bound = content_of_return(&returned, binding)?.or(bound);
                continue;
            }
            match by_return.and_then(|members| members.get(&binding.name)) {
                Some(JToken::Null | JToken::Undefined) => bound = None,
                Some(JToken::Object(object)) => bound = Some(Content::of_object(object)?),
                Some(other) => bound = Some(Content::of_value(other.clone())),
                None => {
                    if let Some(outputs) = &self.outputs {
                        bound = Some(content_of_output(outputs, binding, violations)?);
                    }
                }
            }
        }
        match bound {
            Some(content) => Ok(Bound::Response(content)),
            None if declares_return => Ok(Bound::Nothing),
            None => {
                if let Some(binding) = function.http_outputs().next()
                    && returned == JToken::Null
                {
                    violations.push(Violation::MissingOutputs {
                        binding: binding.name.clone(),
                    });
                }
                Ok(match returned {
                    JToken::Null => Bound::Nothing,
                    JToken::String(_) => Bound::Response(Content::of_value(returned)),
                    other => Bound::Json(other),
                })
            }
        }
    }
}

/// The content of a named output, usually `res`.
fn content_of_output(
    outputs: &JObject,
    binding: &OutputBinding,
    violations: &mut Vec<Violation>,
) -> Result<Content, Violation> {
    if let Some(output) = outputs.get(&binding.name) {
        return Content::of_output(output, violations);
    }
    violations.push(Violation::MissingOutput {
        binding: binding.name.clone(),
    });
    Ok(Content::of_value(JToken::Object(JObject::default())))
}

/// The content of the output `$return`: an object with a body, or anything else as the body. Text
/// that is base64 is decoded.
fn content_of_return(
    returned: &JToken,
    binding: &OutputBinding,
) -> Result<Option<Content>, Violation> {
    Ok(match returned {
        JToken::Null => None,
        JToken::Object(object) => Some(Content::of_object(object)?),
        JToken::String(text) => {
            let bytes = (!binding.is_binary())
                .then(|| base64::decode(text))
                .flatten();
            Some(match bytes {
                Some(bytes) => Content::of_bytes(bytes),
                None => Content::of_text(text)?,
            })
        }
        other => Some(Content::of_value(other.clone())),
    })
}

fn decoded(output: &OutputBinding, value: &JToken) -> OutputValue {
    if !output.is_binary()
        && let JToken::String(text) = value
        && let Some(bytes) = base64::decode(text)
    {
        return OutputValue::Bytes(bytes);
    }
    OutputValue::Json(value.clone())
}

fn inspect_other_outputs(
    outputs: Option<&JObject>,
    returned: &JToken,
    function: &Function,
    violations: &mut Vec<Violation>,
) {
    for (name, value) in outputs.into_iter().flat_map(JObject::iter) {
        match function.outputs.iter().find(|output| output.name == name) {
            None => violations.push(Violation::UnknownOutput {
                name: name.to_owned(),
            }),
            Some(output) if !output.is_http() && would_be_decoded(output, value) => {
                violations.push(Violation::Base64Output {
                    name: name.to_owned(),
                });
            }
            Some(_) => {}
        }
    }
    let binding = function.outputs.iter().find(|output| output.name == RETURN);
    if binding.is_some_and(|output| would_be_decoded(output, returned)) {
        violations.push(Violation::Base64Output {
            name: RETURN.to_owned(),
        });
    }
}

/// Whether the host takes a text for base64 that may not be meant so.
fn would_be_decoded(output: &OutputBinding, value: &JToken) -> bool {
    !output.is_binary()
        && matches!(value, JToken::String(text) if !text.is_empty() && base64::decode(text).is_some())
}

#[cfg(test)]
mod tests;
