//! One attempt at a function, whatever triggers it: the wait for the handler, the exchange with it,
//! the answer, the time-out, and what is written down of all this.

use std::time::{Duration, Instant};

use axum::body::Bytes;

use crate::answer::invocation_error::InvocationError;
use crate::answer::outputs;
use crate::answer::violation::Violation;
use crate::app::function::Function;
use crate::client::{Exchange, Forwarding, HandlerClient};
use crate::envelope::http_trigger::HttpInvocation;
use crate::host::FunctionsHost;
use crate::invoke::bindings::binding_data;
use crate::invoke::function_timeout::executed_failed;
use crate::invoke::http::{HttpRequest, HttpResponse, RawAnswer};
use crate::log::record::{LogRecord, LogSource, of_user};

/// What goes to the handler.
pub(super) enum Message<'a> {
    /// An envelope, and the charsets that the caller accepts.
    Envelope(Bytes, Option<&'a str>),
    /// The same for a function with bindings to stores. It lacks what the input bindings bring.
    WithBindings(Box<HttpInvocation<'a>>, Option<&'a str>),
    /// The caller's own request, to this target.
    Forwarded(&'a HttpRequest, Forwarding, String),
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) response: HttpResponse,
    /// The envelope, where it was finished during the attempt.
    pub(super) envelope: Option<Vec<u8>>,
    pub(super) answer: Option<RawAnswer>,
    pub(super) logs: Vec<String>,
    pub(super) violations: Vec<Violation>,
    pub(super) failure: Option<InvocationError>,
    /// The answer came too late, or not at all. Such an attempt is not repeated.
    pub(super) timed_out: bool,
    /// The host has stopped before there was a handler for it.
    pub(super) finds_no_handler: bool,
    pub(super) duration: Duration,
}

impl Outcome {
    pub(super) fn succeeded(&self) -> bool {
        self.failure.is_none() && !self.timed_out && !self.finds_no_handler
    }
}

impl FunctionsHost {
    /// Runs a function once. `id` is the invocation's.
    pub(super) async fn attempt(
        &self,
        function: &Function,
        id: &str,
        message: Message<'_>,
    ) -> Outcome {
        let started = Instant::now();
        let mut outcome = Outcome {
            response: HttpResponse::empty(500),
            envelope: None,
            answer: None,
            logs: Vec::new(),
            violations: Vec::new(),
            failure: None,
            timed_out: false,
            finds_no_handler: false,
            duration: Duration::ZERO,
        };
        let work = self.exchange(function, id, message, started, &mut outcome);
        let in_time = self.within_function_timeout(&function.name, id, work).await;
        if !in_time {
            outcome.response = HttpResponse::empty(500);
            outcome.timed_out = true;
            if let Some(limit) = self.app.settings.function_timeout {
                outcome
                    .violations
                    .push(Violation::FunctionTimeout { limit });
            }
        }
        if outcome.logs.iter().any(|line| self.record.has_key(line)) {
            outcome.violations.push(Violation::KeyInLog {
                place: "the answer's Logs",
            });
        }
        outcome.duration = started.elapsed();
        outcome
    }

    async fn exchange(
        &self,
        function: &Function,
        id: &str,
        message: Message<'_>,
        started: Instant,
        outcome: &mut Outcome,
    ) {
        let Some((client, generation)) = self.ready_handler().await else {
            outcome.response = HttpResponse::empty(503);
            outcome.finds_no_handler = true;
            return;
        };
        let answered = self.send(&client, function, id, message, outcome).await;
        let limit = self.app.settings.function_timeout;
        if limit.is_some_and(|limit| started.elapsed() >= limit) {
            // The host discards an answer that comes too late.
            outcome.logs.clear();
            return;
        }
        for line in &outcome.logs {
            let record = LogRecord::information(of_user(&function.name), line);
            self.record.log(record.from(LogSource::Function));
        }
        if self.options.hangs && outcome.violations.iter().any(Violation::is_a_hang) {
            // Tell why before hanging: nothing would say it afterwards.
            for violation in outcome.violations.drain(..) {
                self.record.violation(violation);
            }
            std::future::pending::<()>().await;
        }
        if let Some(failure) = &outcome.failure {
            self.tell_of_a_failure(function, id, started.elapsed(), &failure.sentence());
        }
        if !answered {
            self.notice_an_exit(generation).await;
        }
    }

    /// Sends the message and takes in the answer; `false` when there was none.
    async fn send(
        &self,
        client: &HandlerClient,
        function: &Function,
        id: &str,
        message: Message<'_>,
        outcome: &mut Outcome,
    ) -> bool {
        let mut data = None;
        let message = match message {
            Message::WithBindings(mut invocation, accept_charset) => {
                let binding_data = binding_data(&invocation);
                let bindings = &function.input_bindings;
                match self.stores.read_all(bindings, binding_data.clone()).await {
                    Ok(inputs) => invocation.inputs = inputs,
                    Err(error) => {
                        let chain = error.chain().to_vec();
                        outcome.failure = Some(InvocationError::Binding { chain });
                        return true;
                    }
                }
                let envelope = invocation.to_envelope().into_bytes();
                outcome.envelope = Some(envelope.clone());
                data = Some(binding_data);
                Message::Envelope(Bytes::from(envelope), accept_charset)
            }
            message => message,
        };
        let error = match message {
            // The message is an envelope by now.
            Message::WithBindings(..) => return true,
            Message::Envelope(envelope, accept_charset) => {
                let exchange = client.invoke(&function.name, id, envelope, self.options.transfer);
                match exchange.await {
                    Ok(Exchange { answer, redirects }) => {
                        let translation = outputs::translate(&answer, function, accept_charset);
                        outcome.answer = Some(answer);
                        outcome.response = translation.response;
                        outcome.logs = translation.logs;
                        outcome.failure = translation.failure;
                        outcome.violations.extend(redirects);
                        outcome.violations.extend(translation.violations);
                        if let Some(data) = data
                            && outcome.failure.is_none()
                        {
                            let (outputs, values) = (&function.store_outputs, translation.values);
                            let written = self.stores.write_all(outputs, values, data).await;
                            if let Err(error) = written {
                                outcome.response = HttpResponse::empty(500);
                                let chain = error.chain().to_vec();
                                outcome.failure = Some(InvocationError::Binding { chain });
                            }
                        }
                        return true;
                    }
                    Err(error) => error,
                }
            }
            Message::Forwarded(request, forwarding, target) => {
                match client.forward(request, forwarding, target, id).await {
                    Ok(answer) => {
                        outcome.response = relayed(&answer);
                        outcome.answer = Some(answer);
                        return true;
                    }
                    Err(error) => error,
                }
            }
        };
        outcome.failure = Some(InvocationError::NoAnswer {
            detail: error.detail.clone(),
        });
        outcome.violations.push(Violation::NoAnswer {
            detail: error.detail,
        });
        false
    }

    /// Writes down that an invocation has failed, with the exception behind it.
    pub(crate) fn tell_of_a_failure(
        &self,
        function: &Function,
        id: &str,
        duration: Duration,
        cause: &str,
    ) {
        let record = executed_failed(&function.name, id, duration);
        self.record.log(record.exception(format!(
            "Microsoft.Azure.WebJobs.Host.FunctionInvocationException: Exception while executing function: Functions.{}\n \
             ---> {cause}",
            function.name
        )));
    }
}

/// The handler's own response, as a forwarded request gets it.
fn relayed(answer: &RawAnswer) -> HttpResponse {
    let of_the_connection = ["transfer-encoding", "connection"];
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !of_the_connection.contains(&name.to_ascii_lowercase().as_str()));
    HttpResponse {
        status: i32::from(answer.status),
        reason: Some(answer.reason.clone()),
        headers: headers.cloned().collect(),
        body: answer.body.clone(),
    }
}
