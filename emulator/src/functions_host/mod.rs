//! The emulated Azure Functions host: it starts a custom handler, sends it invocations and judges its answers.
//!
//! It emulates HTTP and Event Hub triggers of an app whose functions are folders with a `function.json`. It doesn't emulate other triggers and
//! bindings, App Service authentication, scaling, or the admin API. See the emulator's README for where it differs from the real host.
//!
//! ```no_run
//! use emulator::functions_host::{FunctionsHost, HostOptions, HttpRequest};
//!
//! # async fn example() -> Result<(), emulator::functions_host::StartError> {
//! let host = FunctionsHost::start(HostOptions::new("path/to/app").handler("path/to/handler")).await?;
//! let invocation = host.invoke(HttpRequest::post("/api/HttpTrigger1").body("{}")).await;
//! assert_eq!(invocation.response.status, 400);
//! assert!(invocation.violations.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! - `host`, `options`, `dispatch`, `serve`: the host, how it is started, its invocations, its web server.
//! - `supervisor`, `worker`, `launch`, `port`, `readiness`, `worker_errors`, `console`: the handler process.
//! - `client`: requests to the handler.
//! - `app`, `host_json`, `function`, `route`, `timespan`: the app's files.
//! - `envelope`, `identity`, `known_headers`, `request_url`, `body_text`: from a request to the envelope.
//! - `event_hub`, `event_hub_envelope`, `delivery`, `retry`: batches of events, and the attempts at them.
//! - `answer`, `http_output`, `violation`: from an answer to the response.
//! - `json`: JSON as Newtonsoft reads and writes it.
//! - `authorization`: keys. `http`: requests and responses. `record`: what happened so far.

mod answer;
mod app;
mod authorization;
mod body_text;
mod client;
mod console;
mod delivery;
mod dispatch;
mod envelope;
mod event_hub;
mod event_hub_envelope;
mod function;
mod host;
mod host_json;
mod http;
mod http_output;
mod identity;
mod json;
mod known_headers;
mod launch;
mod options;
mod port;
mod readiness;
mod record;
mod request_url;
mod retry;
mod route;
mod serve;
mod supervisor;
mod timespan;
mod violation;
mod worker;
mod worker_errors;

pub use app::AppError;
pub use console::{Channel, HandlerLine, LogLevel, Stream};
pub use delivery::{Attempt, Delivery, DeliveryError};
pub use dispatch::{Invocation, MAX_BODY};
pub use event_hub::{EventHubBatch, EventHubEvent};
pub use function::Function;
pub use host::{FunctionsHost, StartError};
pub use http::{HttpRequest, HttpResponse, RawAnswer};
pub use options::{ExitZero, HostOptions, Shutdown, Transfer};
pub use record::HostEvent;
pub use violation::Violation;
pub use worker::HandlerExit;
