//! A runtime for [custom handlers](https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers) of Azure Functions.
//!
//! The Functions host starts a custom handler as a process and POSTs it an envelope for every invocation of a function. This
//! crate reads the envelope, hands a function what its bindings hold, writes the answer, and is the process around that:
//! port, server, limits, log, signals.
//!
//! # Layout
//!
//! | module | what it holds |
//! |---|---|
//! | [`run()`], [`Functions`] | the process, and the functions that it serves |
//! | [`server`], [`port`], [`logging`], [`body`] | its parts: listener and signals, settings, log, bodies within bounds |
//! | [`Invocation`], [`Answer`], [`InputBindings`] | the envelope that comes in and the one that goes out |
//! | [`HttpRequest`], [`HttpResponse`], [`HttpTrigger`] | HTTP triggers and outputs |
//! | [`EventHubTrigger`], [`EventData`] | Event Hub triggers |
//! | [`json`] | reading JSON without building trees |
//!
//! The shapes are pure: no sockets, no clock, no environment. The host is set to its envelope mode
//! (`enableForwardingHttpRequest` false), in which it POSTs every invocation of a function to `/{FunctionName}`.
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers> and, where that page is silent or
//! stale, the host itself: <https://github.com/Azure/azure-functions-host>.

mod answer;
mod base64;
mod bindings;
pub mod body;
mod encoded;
mod event_hub;
mod functions;
mod http;
mod invocation;
pub mod json;
pub mod logging;
pub mod port;
mod run;
pub mod server;

pub use answer::Answer;
pub use bindings::{HttpTrigger, InputBindings};
pub use encoded::Encoded;
pub use event_hub::{
    BatchError, EventData, EventHubMetadata, EventHubTrigger, EventProperties, PartitionContext,
    RetryContext,
};
pub use functions::Functions;
pub use http::{
    BodyError, Claim, Headers, HttpRequest, HttpResponse, Identity, ResponseHeaders, body_text,
};
pub use invocation::{INVOCATION_ID_HEADER, Invocation, InvocationError, invocation_id};
pub use run::{run, run_with};
