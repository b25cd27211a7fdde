//! One invocation: the host's own checks, the envelope to the handler, the response to the caller.

use std::time::{Duration, Instant, SystemTime};

use axum::body::Bytes;
use tokio::time::sleep;
use uuid::Uuid;

use crate::app::function::Function;
use crate::app::route::RouteValues;
use crate::client::Forwarding;
use crate::envelope::http_trigger::{HttpInvocation, retry_context};
use crate::envelope::identity::Identity;
use crate::envelope::request_url;
use crate::host::FunctionsHost;
use crate::invoke::attempt::Message;
use crate::invoke::authorization;
use crate::invoke::http::{HttpRequest, HttpResponse};
use crate::invoke::invocation::Invocation;
use crate::invoke::record::HostEvent;
use crate::log::record::{LogRecord, of_function};
use crate::newtonsoft::{JObject, NetDateTime};

/// The largest body that the host takes, in bytes, unless a variable says otherwise.
pub const MAX_BODY: u64 = 104_857_600;
/// The variable that says otherwise.
const MAX_BODY_VARIABLE: &str = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";
/// A variable that is set where App Service stands before the host.
const APP_SERVICE_VARIABLE: &str = "WEBSITE_INSTANCE_ID";

/// A shorter text that a caller presents as a key would be found in every log.
const SHORTEST_KEY: usize = 8;

/// A request to a function that may be called.
struct Called<'a> {
    function: &'a Function,
    route_values: &'a RouteValues,
    identity: &'a Identity,
    request: &'a HttpRequest,
}

impl FunctionsHost {
    /// Invokes the function that the request is for. What every HTTP client sends is added where it
    /// is missing: a host, and the body's length.
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
        };
        self.run(&request, &mut invocation).await;
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
        invocation.response = HttpResponse::empty(500);
        if length > self.max_body_length() || !has_host {
            // The host fails while it binds the request to the function.
            let cause = if has_host {
                "Microsoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: Request body too large."
            } else {
                "System.UriFormatException: Invalid URI: The hostname could not be parsed."
            };
            self.tell_of_a_failure(function, &invocation.id, Duration::ZERO, cause);
            return;
        }
        let called = Called {
            function,
            route_values: &route_values,
            identity: &identity,
            request,
        };
        self.run_with_retries(&called, invocation).await;
    }

    /// Runs the function, again and again as its retry policy says. The last attempt makes the
    /// response.
    async fn run_with_retries(&self, called: &Called<'_>, invocation: &mut Invocation) {
        let function = called.function;
        let policy = function.retry.or(self.app.settings.retry);
        let mut failed = 0;
        let mut exception: Option<JObject> = None;
        loop {
            let retry = policy
                .map(|policy| retry_context(failed, policy.max_retry_count, exception.take()));
            let message = self.message(called, retry, invocation);
            let outcome = self.attempt(function, &invocation.id, message).await;
            let succeeded = outcome.succeeded();
            let may_be_repeated = outcome.failure.is_some() && !outcome.timed_out;
            exception = outcome
                .failure
                .map(|failure| failure.to_exception(&invocation.id, &function.name));
            if let Some(envelope) = outcome.envelope {
                invocation.envelope = envelope;
            }
            invocation.response = outcome.response;
            invocation.answer = outcome.answer;
            invocation.logs.extend(outcome.logs);
            invocation.violations.extend(outcome.violations);
            invocation.finds_no_handler = outcome.finds_no_handler;
            if succeeded || !may_be_repeated {
                return;
            }
            let Some(policy) = policy else { return };
            failed += 1;
            let Some(pause) = policy.pause(failed) else {
                let text = format!(
                    "Function execution failed after '{}' retries.",
                    policy.max_retry_count
                );
                self.record
                    .log(LogRecord::error(of_function(&function.name), text));
                return;
            };
            if self.options.retry_pauses {
                sleep(pause).await;
            }
            invocation.id = Uuid::new_v4().to_string();
        }
    }

    /// How requests are passed on, where they are.
    fn forwarding(&self) -> Option<Forwarding> {
        let settings = &self.app.settings;
        if settings.proxies_http_requests && self.options.host_version.proxies() {
            return Some(Forwarding::Streamed);
        }
        settings
            .forwards_http_requests
            .then_some(Forwarding::Rebuilt)
    }

    /// What goes to the handler: the request itself, or an envelope.
    fn message<'a>(
        &self,
        called: &Called<'a>,
        retry: Option<JObject>,
        invocation: &mut Invocation,
    ) -> Message<'a> {
        let (function, request) = (called.function, called.request);
        if let Some(forwarding) = self.forwarding()
            && function.is_plain_http()
        {
            let target = if self.app.settings.is_http_worker {
                format!("/{}", function.name)
            } else {
                request_url::escape(&request_url::decode_path(&request.target))
            };
            return Message::Forwarded(request, forwarding, target);
        }
        let trigger_name = function
            .trigger
            .as_ref()
            .map(|trigger| trigger.name.as_str());
        let envelope = HttpInvocation {
            function_name: &function.name,
            trigger_name: trigger_name.unwrap_or_default(),
            request,
            route_values: called.route_values,
            inputs: Vec::new(),
            identity: called.identity,
            utc_now: NetDateTime::utc(SystemTime::now()),
            rand_guid: Uuid::new_v4().to_string(),
            is_behind_app_service: self.options.variable(APP_SERVICE_VARIABLE).is_some(),
            retry,
        };
        let accept_charset = request.header_value("Accept-Charset");
        if !function.input_bindings.is_empty() || !function.store_outputs.is_empty() {
            return Message::WithBindings(Box::new(envelope), accept_charset);
        }
        let envelope = envelope.to_envelope();
        invocation.envelope = envelope.into_bytes();
        Message::Envelope(Bytes::from(invocation.envelope.clone()), accept_charset)
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
