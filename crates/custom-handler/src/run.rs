//! The process: its log, its port, its functions, and the status it ends with.

use std::io::Write;
use std::process::ExitCode;

use actix_web::rt::System;
use anyhow::Result;

use crate::{Functions, logging, port, server};

/// Serves `functions` until the process is asked to stop. It is the whole `main` of an app.
///
/// What goes wrong at the start is one sentence on stderr, and status 1.
#[must_use]
pub fn run(functions: Functions) -> ExitCode {
    run_with(logging::DEFAULT_FILTER, || Ok(functions))
}

/// [`run()`] for an app that has to read its settings first, or logs something else than all from `info` on where `RUST_LOG` is
/// not set.
#[must_use]
pub fn run_with(log_filter: &str, functions: impl FnOnce() -> Result<Functions>) -> ExitCode {
    logging::start(log_filter);
    match System::new().block_on(serve(functions)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The host tells the last lines of stderr together with the exit code.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(functions: impl FnOnce() -> Result<Functions>) -> Result<()> {
    let functions = functions()?;
    let listener = server::listen(port::from_env()?)?;
    server::serve(listener, move |config| functions.configure(config)).await
}
