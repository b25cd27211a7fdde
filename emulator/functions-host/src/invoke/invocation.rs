//! What became of one request.

use std::time::Duration;

use crate::answer::violation::Violation;
use crate::invoke::http::{HttpResponse, RawAnswer};

/// One request, and everything that became of it.
#[derive(Clone)]
pub struct Invocation {
    /// The invocation id, which the handler gets as `X-Azure-Functions-InvocationId`; of the last
    /// attempt, where a policy made several.
    pub id: String,
    /// The request's method.
    pub method: String,
    /// The request's path, without the query, where a key may be.
    pub path: String,
    /// The function, when the request was for one.
    pub function: Option<String>,
    /// What the caller gets.
    pub response: HttpResponse,
    /// The answer's `Logs`, or those of all attempts.
    pub logs: Vec<String>,
    /// What the answer did wrong.
    pub violations: Vec<Violation>,
    /// The bytes of the envelope; empty when the handler wasn't called or the request was forwarded
    /// as it is.
    pub envelope: Vec<u8>,
    /// The handler's answer, when it gave one.
    pub answer: Option<RawAnswer>,
    /// From the request to the response.
    pub duration: Duration,
    /// The host has stopped before there was a handler for it.
    pub(crate) finds_no_handler: bool,
}

/// Leaves out the envelope, where the caller's key stands.
impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invocation")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("function", &self.function)
            .field("response", &self.response)
            .field("logs", &self.logs)
            .field("violations", &self.violations)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}
