//! A custom allocation webhook for the IoT Hub Device Provisioning Service (DPS), as a custom
//! handler for Azure Functions.
//!
//! When a device registers, the service asks which IoT hub it shall go to and what its first twin
//! says. The Functions host takes the question and POSTs it to the binary of this package in an
//! envelope; the answer goes the same way back.
//!
//! The policy is a file, `allocation.json`. Where a file doesn't do, it is any function of the
//! request:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use custom_allocation::{Decision, PolicyFile, Request, run_with};
//!
//! fn main() -> ExitCode {
//!     run_with(|| {
//!         let file = PolicyFile::from_env()?;
//!         Ok(move |request: &Request<'_>| {
//!             let site = request.registration_id().split('-').next();
//!             match request.hub(|name| site.is_some_and(|site| name.starts_with(site))) {
//!                 Some(hub) => Decision::assign("site", hub),
//!                 None => file.decide(request),
//!             }
//!         })
//!     })
//! }
//! ```
//!
//! # Layout
//!
//! | module | what it holds |
//! |---|---|
//! | [`functions`] | one module for each function folder |
//! | [`PolicyFile`] | finding and reading the policy |
//! | [`commands`] | `check` and `explain`, for who writes the policy |
//!
//! The webhook is the crate [`allocation`], the process around it [`custom_handler`].

mod app_files;
pub mod commands;
pub mod functions;
mod policy_file;
mod text_file;

use std::process::ExitCode;

pub use allocation::{Decision, LinkedHub, Policy, Request};
pub use app_files::APP_ROOT_VARIABLE;
pub use policy_file::{DEFAULT_FILE, FILE_VARIABLE, PolicyFile};

/// Serves the app with this policy until the process is asked to stop. It is the whole `main` of an
/// app.
#[must_use]
pub fn run(policy: impl Policy) -> ExitCode {
    run_with(|| Ok(policy))
}

/// [`run()`] for a policy that has to be read first.
#[must_use]
pub fn run_with<P: Policy>(policy: impl FnOnce() -> anyhow::Result<P>) -> ExitCode {
    custom_handler::run_with(custom_handler::logging::DEFAULT_FILTER, || {
        Ok(functions::all(policy()?))
    })
}
