//! One invocation: the host's own checks, the envelope to the handler, the response to the caller.

use std::time::{Duration, Instant, SystemTime};

use axum::body::Bytes;
use uuid::Uuid;

use crate::answer::outputs;
use crate::answer::violation::Violation;
use crate::app::function::Function;
use crate::app::route::RouteValues;
use crate::envelope::http_trigger::HttpInvocation;
use crate::envelope::identity::Identity;
use crate::host::FunctionsHost;
use crate::invoke::authorization;
use crate::invoke::client::{Exchange, HandlerClient};
use crate::invoke::function_timeout::executed_failed;
use crate::invoke::http::{HttpRequest, HttpResponse, RawAnswer};
use crate::invoke::record::HostEvent;
use crate::log::record::{LogRecord, LogSource, of_user};
use crate::newtonsoft::NetDateTime;

/// The largest body that the host takes, in bytes.
pub const MAX_BODY: usize = 104_857_600;

/// A shorter text that a caller presents as a key would be found in every log.
const SHORTEST_KEY: usize = 8;

/// One request, and everything that became of it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The invocation id, which the handler gets as `X-Azure-Functions-InvocationId`.
    pub id: String,
    /// The request's method.
    pub method: String,
    /// The request's path, without the query, where a key may be.
    pub path: String,
    /// The function, when the request was for one.
    pub function: Option<String>,
    /// What the caller gets.
    pub response: HttpResponse,
    /// The answer's `Logs`.
    pub logs: Vec<String>,
    /// What the answer did wrong.
    pub violations: Vec<Violation>,
    /// The bytes of the envelope; empty when the handler wasn't called or the request was forwarded as it is.
    pub envelope: Vec<u8>,
    /// The handler's answer, when it gave one.
    pub answer: Option<RawAnswer>,
    /// From the request to the response.
    pub duration: Duration,
    /// The host has stopped before there was a handler for it.
    pub(crate) finds_no_handler: bool,
    started: Instant,
}

impl FunctionsHost {
    /// Invokes the function that the request is for.
    pub async fn invoke(&self, mut request: HttpRequest) -> Invocation {
        let started = Instant::now();
        request.complete();
        let mut invocation = Invocation {
            id: Uuid::new_v4().to_string(),
            method: request.method.clone(),
            path: request.path().to_owned(),
            function: None,
            response: HttpResponse::empty(404),
            logs: Vec::new(),
            violations: Vec::new(),
            envelope: Vec::new(),
            answer: None,
            duration: Duration::ZERO,
            finds_no_handler: false,
            started,
        };
        self.run(&request, &mut invocation).await;
        if invocation.logs.iter().any(|line| self.record.has_key(line)) {
            invocation.violations.push(Violation::KeyInLog {
                place: "the answer's Logs",
            });
        }
        invocation.duration = started.elapsed();
        self.record
            .tell(HostEvent::Invoked(Box::new(invocation.clone())));
        for violation in &invocation.violations {
            self.record.violation(violation.clone());
        }
        invocation
    }

    /// The host's own checks, and then the function.
    async fn run(&self, request: &HttpRequest, invocation: &mut Invocation) {
        let Some((function, route_values)) = self.app.find(&request.method, request.path()) else {
            return;
        };
        let Some(trigger) = &function.trigger else {
            return;
        };
        invocation.function = Some(function.name.clone());
        self.guard_keys(request);
        let identity = authorization::authorize(
            trigger.auth_level,
            self.options.function_key.as_deref(),
            request,
        );
        let Some(identity) = identity else {
            invocation.response = HttpResponse::empty(401);
            return;
        };
        if request.body.len() > MAX_BODY {
            invocation.response = HttpResponse::empty(413);
            return;
        }
        invocation.response = HttpResponse::empty(500);
        let id = invocation.id.clone();
        let work = async {
            let Some((client, generation)) = self.ready_handler().await else {
                invocation.response = HttpResponse::empty(503);
                invocation.finds_no_handler = true;
                return;
            };
            if self.app.settings.forwards_http_requests && function.is_plain_http() {
                forward(&client, request, invocation).await;
            } else {
                self.send_envelope(
                    &client,
                    function,
                    &route_values,
                    request,
                    identity,
                    invocation,
                )
                .await;
            }
            self.tell_of_no_answer(function, invocation, generation)
                .await;
            if self.options.hangs && invocation.violations.iter().any(Violation::is_a_hang) {
                // Whoever looks on learns now why nothing happens.
                for violation in invocation.violations.drain(..) {
                    self.record.violation(violation);
                }
                std::future::pending::<()>().await;
            }
        };
        if !self
            .within_function_timeout(&function.name, &id, work)
            .await
        {
            invocation.response = HttpResponse::empty(500);
            if let Some(limit) = self.app.settings.function_timeout {
                invocation
                    .violations
                    .push(Violation::FunctionTimeout { limit });
            }
        }
    }

    /// Writes down that an invocation got no answer.
    async fn tell_of_no_answer(
        &self,
        function: &Function,
        invocation: &Invocation,
        generation: u64,
    ) {
        let mut violations = invocation.violations.iter();
        let detail = violations.find_map(|violation| match violation {
            Violation::NoAnswer { detail } => Some(detail),
            _ => None,
        });
        let Some(detail) = detail else { return };
        let record = executed_failed(&function.name, &invocation.id, invocation.started.elapsed());
        self.record.log(record.exception(format!(
            "Microsoft.Azure.WebJobs.Host.FunctionInvocationException: Exception while executing function: Functions.{}\n \
             ---> System.Net.Http.HttpRequestException: {detail}",
            function.name
        )));
        self.notice_an_exit(generation).await;
    }

    async fn send_envelope(
        &self,
        client: &HandlerClient,
        function: &Function,
        route_values: &RouteValues,
        request: &HttpRequest,
        identity: Identity,
        invocation: &mut Invocation,
    ) {
        let Some(trigger) = &function.trigger else {
            return;
        };
        let envelope = HttpInvocation {
            function_name: &function.name,
            trigger_name: &trigger.name,
            request,
            route_values,
            identity: &identity,
            utc_now: NetDateTime::utc(SystemTime::now()),
            rand_guid: Uuid::new_v4().to_string(),
            max_retry_count: function
                .retry
                .or(self.app.settings.retry)
                .map(|retry| retry.max_retry_count),
        }
        .to_envelope();
        invocation.envelope = envelope.into_bytes();
        let envelope = Bytes::from(invocation.envelope.clone());
        match client
            .invoke(
                &function.name,
                &invocation.id,
                envelope,
                self.options.transfer,
            )
            .await
        {
            Ok(Exchange { answer, redirects }) => {
                let translation = outputs::translate(&answer, function);
                invocation.answer = Some(answer);
                invocation.response = translation.response;
                invocation.logs = translation.logs;
                for line in &invocation.logs {
                    let record = LogRecord::information(of_user(&function.name), line);
                    self.record.log(record.from(LogSource::Function));
                }
                invocation.violations.extend(redirects);
                invocation.violations.extend(translation.violations);
            }
            Err(error) => invocation.violations.push(Violation::NoAnswer {
                detail: error.detail,
            }),
        }
    }

    /// Whatever the caller presents as a key must not turn up in a log, whether it is right or not.
    fn guard_keys(&self, request: &HttpRequest) {
        let key = authorization::presented_key(request);
        if let Some(key) = key.filter(|key| key.len() >= SHORTEST_KEY) {
            self.record.guard(&key);
            let escaped: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
            self.record.guard(&escaped);
        }
    }
}

/// Forwarding mode: the response is the handler's own.
async fn forward(client: &HandlerClient, request: &HttpRequest, invocation: &mut Invocation) {
    match client.forward(request, &invocation.id).await {
        Ok(answer) => {
            let of_the_connection = ["content-length", "transfer-encoding", "connection"];
            let headers = answer
                .headers
                .iter()
                .filter(|(name, _)| !of_the_connection.contains(&name.as_str()));
            invocation.response = HttpResponse {
                status: answer.status,
                headers: headers.cloned().collect(),
                body: answer.body.clone(),
            };
            invocation.answer = Some(answer);
        }
        Err(error) => invocation.violations.push(Violation::NoAnswer {
            detail: error.detail,
        }),
    }
}
