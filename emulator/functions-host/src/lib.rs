//! The emulated Azure Functions host: it starts a custom handler, sends it invocations and judges
//! its answers.
//!
//! It emulates HTTP and Event Hub triggers of an app whose functions are folders with a
//! `function.json`. It doesn't emulate other triggers and bindings, App Service authentication, or
//! scaling, and of the admin API only a part. See the emulator's README for where it differs from
//! the real host.
//!
//! ```no_run
//! use functions_host::{FunctionsHost, HostOptions, HttpRequest};
//!
//! # async fn example() -> Result<(), functions_host::StartError> {
//! let host = FunctionsHost::start(HostOptions::new("path/to/app").handler("path/to/handler")).await?;
//! let invocation = host.invoke(HttpRequest::post("/api/HttpTrigger1").body("{}")).await;
//! assert_eq!(invocation.response.status, 400);
//! assert!(invocation.violations.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! - `host`, `options`: the host, and how it is started. `server`: its web server. `client`: how it
//!   talks to the handler.
//! - `app`: the app's files. `process`: the handler's process. `log`: the host's log.
//! - `service`: the host as a service that goes on: files that change, apps that can't be started,
//!   an orderly end.
//! - `bindings`: input bindings beside the trigger.
//! - `envelope`: from a request to the envelope. `answer`: from the answer to the response.
//!   `invoke`: one invocation.
//! - `newtonsoft`: JSON as Newtonsoft reads and writes it.

mod answer;
mod app;
mod bindings;
mod client;
mod envelope;
mod host;
mod invoke;
mod log;
mod newtonsoft;
mod options;
mod process;
mod server;
mod service;
mod start_error;

pub use answer::violation::Violation;
pub use app::app_error::AppError;
pub use app::function::Function;
pub use host::FunctionsHost;
pub use invoke::delivery::{Attempt, Delivery, DeliveryError};
pub use invoke::dispatch::MAX_BODY;
pub use invoke::event_hub::{EventHubBatch, EventHubEvent};
pub use invoke::http::{HttpRequest, HttpResponse, RawAnswer};
pub use invoke::invocation::Invocation;
pub use invoke::record::HostEvent;
pub use log::record::{LogLevel, LogRecord, LogSource};
pub use options::{HostOptions, HostVersion, Shutdown, Transfer};
pub use process::console::{Channel, HandlerLine, Stream};
pub use process::exit::HandlerExit;
pub use service::HostService;
pub use service::state::HostState;
pub use start_error::StartError;
