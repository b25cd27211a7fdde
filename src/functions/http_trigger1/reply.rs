//! From the bytes that came in to the bytes that go out, without HTTP.

use std::borrow::Cow;

use log::Level;
use serde::{Deserialize, Serialize};

use super::denial::Denial;
use super::{JSON, MAX_REQUEST, NAME, TEXT};
use crate::allocation::CONTOSO;
use crate::dps::{AllocationRequest, redacted};
use crate::functions::loggable;
use crate::host::{
    Answer, BodyError, HttpRequest, HttpResponse, Invocation, InvocationError, ResponseHeaders,
    body_text,
};
use crate::json;

/// How much of a request, and of a response, goes into the log, in bytes.
const MAX_LOGGED: usize = 4096;

/// The input bindings of `function.json`.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, deserialize_with = "json::object")]
    req: HttpRequest<'a>,
}

/// Its output bindings.
#[derive(Serialize)]
struct Outputs<'a> {
    res: HttpResponse<'a>,
}

/// The answer to the host's envelope, as JSON. `id` names the invocation in the process's log.
///
/// # Errors
/// When it is no envelope of the Functions host.
pub fn answer(envelope: &[u8], id: &str) -> Result<Vec<u8>, InvocationError> {
    let Invocation { data, .. } = Invocation::<Data<'_>>::parse(envelope)?;
    let body = data.req.body();
    let request = body.as_ref().map(Option::as_deref);
    Ok(Reply::new(required(request), id).wrapped(request.unwrap_or_default()))
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
    device: String,
    /// How it came to the answer, for the log.
    decision: Cow<'static, str>,
    /// Whether the request may be shown in the log: it is a JSON object, in which secrets can be told from the rest.
    is_shown: bool,
}

impl Reply {
    /// The reply to a request that came without an envelope. `id` names the invocation in the process's log.
    #[must_use]
    pub fn to(request: &[u8], id: &str) -> Self {
        Self::new(required(body_text(request).as_ref().copied()), id)
    }

    /// The reply to a request, or to the lack of one.
    pub(super) fn new(request: Result<&str, Denial>, id: &str) -> Self {
        let reply = request
            .and_then(Self::assigned)
            .unwrap_or_else(Self::denied);
        reply.log(id);
        reply
    }

    fn assigned(request: &str) -> Result<Self, Denial> {
        let request = AllocationRequest::parse(request).map_err(Denial::Malformed)?;
        let device = request.device_runtime_context.registration_id.as_deref();
        let device = device.map_or_else(|| "-".to_owned(), loggable);
        let allocation = match CONTOSO.allocate(&request) {
            Ok(allocation) => allocation,
            Err(refusal) => return Err(Denial::Refused { refusal, device }),
        };
        let hub = loggable(allocation.response.iot_hub_host_name.host_name());
        Ok(Self {
            status: 200,
            content_type: JSON,
            body: serde_json::to_string(&allocation.response).map_err(Denial::Bug)?,
            device,
            decision: format!("{} assigned to {hub}", allocation.rule.family).into(),
            is_shown: true,
        })
    }

    fn denied(denial: Denial) -> Self {
        Self {
            status: denial.status(),
            content_type: TEXT,
            body: denial.to_string(),
            decision: denial.decision(),
            is_shown: denial.is_about_json(),
            device: denial.into_device(),
        }
    }

    /// The line in the process's own log.
    fn log(&self, id: &str) {
        let level = level(self.status);
        log::log!(
            level,
            "{NAME} {id} {}: {} {}",
            self.device,
            self.status,
            self.decision
        );
    }

    /// The reply as the host takes it, with the log of the invocation, in which `request` is shown if there is one.
    pub(super) fn wrapped(&self, request: Option<&str>) -> Vec<u8> {
        let res = HttpResponse {
            status_code: self.status,
            headers: ResponseHeaders {
                content_type: self.content_type.into(),
            },
            body: Cow::Borrowed(&self.body),
        };
        Answer::new(Outputs { res }, self.logs(request)).to_json()
    }

    /// The function's log, with the lines of the tutorial's.
    fn logs<'a>(&'a self, request: Option<&'a str>) -> Vec<Cow<'a, str>> {
        let shown = match request {
            Some(request) if self.is_shown => redacted(request, MAX_LOGGED),
            Some(request) => format!("({} bytes, not shown)", request.len()).into(),
            None => "(not read)".into(),
        };
        let response = match self.body.get(..self.body.floor_char_boundary(MAX_LOGGED)) {
            Some(start) if start.len() < self.body.len() => format!("{start}…").into(),
            _ => Cow::Borrowed(&*self.body),
        };
        vec![
            "Request.Body:...".into(),
            shown,
            Cow::Borrowed(&self.decision),
            "Response".into(),
            response,
        ]
    }
}

/// How loud an answer of this status is in the process's log.
fn level(status: u16) -> Level {
    match status {
        500 => Level::Error,
        503 => Level::Warn,
        _ => Level::Info,
    }
}

/// The text of the request, which must be there and not too large.
fn required<'a>(body: Result<Option<&'a str>, &BodyError>) -> Result<&'a str, Denial> {
    match body {
        Ok(Some(request)) if request.len() > MAX_REQUEST => Err(Denial::TooLarge),
        Ok(Some(request)) => Ok(request),
        Ok(None) => Err(Denial::NoBody),
        Err(error) => Err(Denial::Unreadable(*error)),
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
