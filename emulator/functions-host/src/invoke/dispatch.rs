//! One invocation: the host's own checks, the envelope to the handler, the response to the caller.

use std::time::{Duration, Instant, SystemTime};

use axum::body::Bytes;
use uuid::Uuid;

use crate::answer::outputs;
use crate::answer::violation::Violation;
use crate::app::function::Function;
use crate::app::route::RouteValues;
use crate::client::{Exchange, HandlerClient};
use crate::envelope::http_trigger::{HttpInvocation, retry_context};
use crate::envelope::identity::Identity;
use crate::envelope::request_url;
use crate::host::FunctionsHost;
use crate::invoke::authorization;
use crate::invoke::function_timeout::executed_failed;
use crate::invoke::http::{HttpRequest, HttpResponse};
use crate::invoke::invocation::Invocation;
use crate::invoke::record::HostEvent;
use crate::log::record::{LogRecord, LogSource, of_user};
use crate::newtonsoft::NetDateTime;

/// The largest body that the host takes, in bytes, unless a variable says otherwise.
pub const MAX_BODY: u64 = 104_857_600;
/// The variable that says otherwise.
const MAX_BODY_VARIABLE: &str = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";
/// A variable that is set where App Service stands before the host.
const APP_SERVICE_VARIABLE: &str = "WEBSITE_INSTANCE_ID";

/// A shorter text that a caller presents as a key would be found in every log.
const SHORTEST_KEY: usize = 8;

impl FunctionsHost {
    /// Invokes the function that the request is for. What every HTTP client sends is added where it is missing: a host, and the body's
    /// length.
    pub async fn invoke(&self, mut request: HttpRequest) -> Invocation {
        request.complete();
        self.invoke_as_it_is(request).await
    }

    /// Invokes the function that the request is for.
    pub(crate) async fn invoke_as_it_is(&self, request: HttpRequest) -> Invocation {
        let started = Instant::now();
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

    /// The function that a request is for, and who calls it; or the status that it gets instead.
    fn admit(&self, request: &HttpRequest) -> Result<(&Function, RouteValues, Identity), i32> {
        let path = request_url::decode_path(&request.target);
        let (function, route_values) = self.app.find(&request.method, &path).ok_or(404)?;
        let trigger = function.trigger.as_ref().ok_or(404)?;
        let identity = self
            .keys
            .authorize(&function.name, trigger.auth_level, request);
        if function.disabled && identity != Some(Identity::MasterKey) {
            return Err(404);
        }
        Ok((function, route_values, identity.ok_or(401)?))
    }

    /// Whether the body of a request will be looked at.
    pub(crate) fn wants_body_of(&self, request: &HttpRequest) -> bool {
        self.admit(request).is_ok()
    }

    /// How long a body may be.
    pub(crate) fn max_body_length(&self) -> u64 {
        let variable = self.options.variable(MAX_BODY_VARIABLE);
        variable
            .and_then(|limit| limit.trim().parse().ok())
            .unwrap_or(MAX_BODY)
    }

    /// The host's own checks, and then the function.
    async fn run(&self, request: &HttpRequest, invocation: &mut Invocation) {
        let (function, route_values, identity) = match self.admit(request) {
            Ok(admitted) => admitted,
            Err(status) => {
                invocation.response = HttpResponse::empty(status);
                return;
            }
        };
        invocation.function = Some(function.name.clone());
        self.guard_keys(request);
        let length = request.header_value("Content-Length");
        let length: u64 = length
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or_default();
        let has_host = request
            .header_value("Host")
            .is_some_and(|host| !host.is_empty());
        if length > self.max_body_length() || !has_host {
            // The host fails while it binds the request to the function.
            invocation.response = HttpResponse::empty(500);
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
                let target = if self.app.settings.is_http_worker {
                    format!("/{}", function.name)
                } else {
                    request_url::escape(&request_url::decode_path(&request.target))
                };
                forward(&client, request, target, invocation).await;
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
            is_behind_app_service: self.options.variable(APP_SERVICE_VARIABLE).is_some(),
            retry: function
                .retry
                .or(self.app.settings.retry)
                .map(|retry| retry_context(0, retry.max_retry_count, None)),
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
            // Nobody looks at an answer that comes too late.
            Ok(_) if self.is_too_late(invocation) => {}
            Ok(Exchange { answer, redirects }) => {
                let translation =
                    outputs::translate(&answer, function, request.header_value("Accept-Charset"));
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

    fn is_too_late(&self, invocation: &Invocation) -> bool {
        let limit = self.app.settings.function_timeout;
        limit.is_some_and(|limit| invocation.started.elapsed() >= limit)
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
async fn forward(
    client: &HandlerClient,
    request: &HttpRequest,
    target: String,
    invocation: &mut Invocation,
) {
    match client.forward(request, target, &invocation.id).await {
        Ok(answer) => {
            let of_the_connection = ["transfer-encoding", "connection"];
            let headers = answer.headers.iter().filter(|(name, _)| {
                !of_the_connection.contains(&name.to_ascii_lowercase().as_str())
            });
            invocation.response = HttpResponse {
                status: i32::from(answer.status),
                reason: Some(answer.reason.clone()),
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
