//! A runtime for [custom
//! handlers](https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers) of Azure
//! Functions.
//!
//! The Functions host starts a custom handler as a process and POSTs it an envelope for every
//! invocation of a function. This crate reads the envelope, hands a handler what its bindings hold,
//! writes the answer, and is the process around that: port, server, limits, log, panics, signals.
//! What `lambda_runtime` is elsewhere.
//!
//! ```no_run
//! use std::convert::Infallible;
//! use std::process::ExitCode;
//!
//! use custom_handler::{Context, Functions, HttpResponse, HttpTrigger};
//!
//! fn main() -> ExitCode {
//!     custom_handler::run(Functions::new().http("Hello", hello))
//! }
//!
//! async fn hello(
//!     trigger: &HttpTrigger<'_>,
//!     context: &Context<'_>,
//! ) -> Result<HttpResponse<'static>, Infallible> {
//!     context.log("somebody says hello");
//!     let name = trigger.req.body().ok().flatten();
//!     let name = name.as_deref().unwrap_or("stranger");
//!     Ok(HttpResponse::text(200, format!("Hello, {name}!")))
//! }
//! ```
//!
//! Beside the binary stand a folder `Hello` with its `function.json`, a trigger named `req` and an
//! output named `res`, and a `host.json` that names the binary as
//! `customHandler.description.defaultExecutablePath`. `examples/hello` is this program, with those
//! files. [`Functions::function`] shows a queue, a timer, and a handler that holds something of its
//! own; such a program also needs `serde` with its feature `derive`, and `log` for lines that
//! belong to no invocation.
//!
//! # Layout
//!
//! | module | what it holds |
//! |---|---|
//! | [`run()`], [`Functions`] | the process, and the functions that it serves |
//! | [`Context`], [`Report`] | what a handler is told besides its data, and what the handler of a batch tells |
//! | [`server`], [`port`], [`logging`], [`body`] | the process's parts: listener and signals, settings, log, bodies within bounds |
//! | [`Invocation`], [`Answer`], [`InputBindings`] | the envelope that comes in and the one that goes out |
//! | [`HttpRequest`], [`HttpResponse`], [`HttpTrigger`] | HTTP triggers and outputs |
//! | [`EventHubTrigger`], [`EventData`] | Event Hub triggers |
//! | [`json`] | reading JSON without building trees |
//!
//! # What it does at a failure
//!
//! A handler's error and a panic fail the invocation: the line is in the process's log, and the
//! host answers 500, or sends the invocation again where it has a retry policy. A malformed
//! envelope is answered with 400; no Functions host sends one. Bodies may have [`MAX_ENVELOPE`]
//! bytes each and 64 MiB together, and 10 seconds to arrive.
//!
//! Where `host.json` sets `enableForwardingHttpRequest` or `enableProxyingHttpRequest`, the host
//! sends a function with HTTP in and out the request itself, to `/api/{name}`. Give such a function
//! [routes of its own](Functions::with).
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers> and, where
//! that page is silent or stale, the host itself: <https://github.com/Azure/azure-functions-host>.

pub mod body;
mod envelope;
mod function;
mod functions;
pub mod json;
pub mod logging;
pub mod port;
mod run;
pub mod server;

pub use envelope::{
    Answer, BatchError, BodyError, Claim, Encoded, EventData, EventHubMetadata, EventHubTrigger,
    EventProperties, Headers, HttpRequest, HttpResponse, HttpTrigger, INVOCATION_ID_HEADER,
    Identity, InputBindings, Invocation, InvocationError, PartitionContext, RetryContext,
    StoredRow, body_text, decoded, invocation_id,
};
pub use function::{Context, MAX_ENVELOPE, Report};
pub use functions::Functions;
pub use run::{run, run_with};
