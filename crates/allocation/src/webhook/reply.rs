//! From a request to the answer, without HTTP.

use std::borrow::Cow;

use custom_handler::logging::loggable;
use custom_handler::{Answer, HttpResponse, InputBindings};
use log::Level;
use serde::Serialize;

use super::error::WebhookError;
use super::{JSON, TEXT};
use crate::decision::{Assignment, Decision, Outcome, Parts};
use crate::dps::{AllocationRequest, AllocationResponse};
use crate::request::Request;
use crate::{AsyncPolicy, Text, redacted};

/// How much of a request, and of a response, goes into the log, in bytes.
const MAX_LOGGED: usize = 4096;

/// The output bindings of `function.json`.
#[derive(Serialize)]
struct Outputs<'a> {
    res: HttpResponse<'a>,
}

/// What the function answers, before it is wrapped for the host or sent as it is.
#[derive(Debug)]
pub struct Reply {
    /// The status, which decides what the service does.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The response as JSON, or one sentence.
    pub body: String,
    /// The registration id for the log, or a dash.
    device: Cow<'static, str>,
    /// How it came to the answer, for the log.
    decision: Text,
    /// How loud it is in the process's log.
    level: Level,
    /// Whether the request may be shown in the log: it is a JSON object, in which secrets can be
    /// told from the rest.
    is_shown: bool,
    /// Whether the response may hold secrets, which the log must not show.
    is_masked: bool,
    /// How the policy came to its decision.
    explanation: Vec<String>,
}

/// The reply to a request, after `policy` has decided.
pub(super) async fn decided(
    policy: &impl AsyncPolicy,
    request: &str,
    bindings: InputBindings<'_>,
) -> Reply {
    let request = match AllocationRequest::parse(request) {
        Ok(request) => request,
        Err(error) => return WebhookError::Malformed(error).into(),
    };
    let device = request.device_runtime_context.registration_id.as_deref();
    let device = device.map_or(Cow::Borrowed("-"), |id| loggable(id).into_owned().into());
    let reply = match Request::new(request, bindings) {
        Ok(request) => {
            let decision = policy.decide(&request).await;
            Reply::new(&request, decision)
        }
        Err(error) => WebhookError::Missing(error).into(),
    };
    Reply { device, ..reply }
}

impl Reply {
    fn new(request: &Request<'_>, decision: Decision) -> Self {
        let Parts {
            rule,
            outcome,
            log_line,
            level: loudness,
            explanation,
            may_hold_secrets,
        } = decision.into_parts();
        let (status, content_type, body, decision) = match outcome {
            Outcome::Assign(assignment) => match assigned(request, &assignment) {
                Ok(body) => {
                    let hub = || loggable(assignment.hub());
                    let line =
                        log_line.unwrap_or_else(|| format!("{rule} assigned to {}", hub()).into());
                    (200, JSON, body, line)
                }
                Err(error) => return error.into(),
            },
            Outcome::Refuse(sentence) => {
                let line = log_line.unwrap_or_else(|| sentence.clone());
                (400, TEXT, sentence.into_owned(), line)
            }
            Outcome::Retry(sentence) => {
                let line = log_line.unwrap_or_else(|| sentence.clone());
                (503, TEXT, sentence.into_owned(), line)
            }
            Outcome::Fail => {
                let line = log_line.unwrap_or_default();
                (500, TEXT, WebhookError::failed().to_owned(), line)
            }
        };
        Self {
            status,
            content_type,
            body,
            device: "-".into(),
            decision,
            level: loudness.unwrap_or(level(status)),
            is_shown: true,
            is_masked: may_hold_secrets && status == 200,
            explanation,
        }
    }

    /// The line in the process's own log of the function `name`. `id` names the invocation.
    pub(super) fn log(&self, name: &str, id: &str) {
        log::log!(
            self.level,
            "{name} {id} {}: {} {}",
            self.device,
            self.status,
            self.decision
        );
    }

    /// How the decision was reached, in the process's own log: for a request without an envelope,
    /// whose invocation has no log.
    pub(super) fn log_explanation(&self, name: &str, id: &str) {
        for line in &self.explanation {
            log::debug!("{name} {id} {line}");
        }
    }

    /// The reply as the host takes it, with the log of the invocation, in which `request` is shown
    /// if there is one.
    pub(super) fn wrapped(&self, request: Option<&str>) -> serde_json::Result<Vec<u8>> {
        let res = HttpResponse::new(self.status, self.content_type, &*self.body);
        Answer::new(Outputs { res }, self.logs(request)).to_json()
    }

    /// The function's log, with the lines of the tutorial's, and behind the decision how it was
    /// reached.
    fn logs<'a>(&'a self, request: Option<&'a str>) -> Vec<Cow<'a, str>> {
        let shown = match request {
            Some(request) if self.is_shown => redacted(request, MAX_LOGGED),
            Some(request) => format!("({} bytes, not shown)", request.len()).into(),
            None => "(not read)".into(),
        };
        let response = match self.body.get(..self.body.floor_char_boundary(MAX_LOGGED)) {
            _ if self.is_masked => redacted(&self.body, MAX_LOGGED),
            Some(start) if start.len() < self.body.len() => format!("{start}…").into(),
            _ => Cow::Borrowed(&*self.body),
        };
        let mut logs = Vec::with_capacity(5);
        logs.extend([
            "Request.Body:...".into(),
            shown,
            Cow::Borrowed(&*self.decision),
        ]);
        if log::log_enabled!(Level::Debug) {
            let explanation = self.explanation.iter();
            logs.extend(explanation.map(|line| Cow::Borrowed(&**line)));
        }
        logs.extend(["Response".into(), response]);
        logs
    }
}

impl From<WebhookError> for Reply {
    fn from(error: WebhookError) -> Self {
        let status = error.status();
        let body = error.to_string();
        let decision = error.log_line();
        Self {
            status,
            content_type: TEXT,
            device: "-".into(),
            decision: decision.map_or_else(|| body.clone().into(), |line| line.into_owned().into()),
            body,
            level: level(status),
            is_shown: error.is_about_json(),
            is_masked: false,
            explanation: Vec::new(),
        }
    }
}

/// The response that assigns the device. The hub is looked up in the request once more: a policy
/// may have kept it from another.
fn assigned(request: &Request<'_>, assignment: &Assignment) -> Result<String, WebhookError> {
    let hub = request.hub(|name| name == assignment.hub());
    let response = AllocationResponse {
        iot_hub_host_name: hub.ok_or(WebhookError::NotLinked)?,
        initial_twin: assignment.initial_twin(),
        payload: assignment.payload(),
        is_payload_first: assignment.is_payload_first(),
    };
    serde_json::to_string(&response).map_err(WebhookError::Unwritable)
}

/// How loud an answer of this status is in the process's log.
fn level(status: u16) -> Level {
    match status {
        500 => Level::Error,
        503 => Level::Warn,
        _ => Level::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_failures_are_errors_and_passing_ones_warnings() {
        assert_eq!(level(500), Level::Error);
        assert_eq!(level(503), Level::Warn);
        for status in [200, 400, 413] {
            assert_eq!(level(status), Level::Info);
        }
    }
}
