//! The process: its log, its port, its functions, and the status it ends with.

use std::io::Write;
use std::process::ExitCode;

use actix_web::rt::System;
use anyhow::Result;

use crate::{Functions, logging, port, server};

/// In which a Functions host names the process that it has started, and the older name of it.
/// Nobody sets them by hand, as they would the port.
const HOST_VARIABLES: [&str; 2] = [
    "FUNCTIONS_CUSTOMHANDLER_WORKER_ID",
    "FUNCTIONS_HTTPWORKER_ID",
];

/// The exit status by which a handler asks the host to start it again, without counting an error.
/// Hosts before 2026 take 0 for the wish to be left alone: they never start the handler again, and
/// every later invocation fails.
const RESTART: u8 = 200;

/// Serves `functions` until the process is asked to stop by SIGTERM or SIGINT. It is the whole
/// `main` of an app.
///
/// After a signal what is in flight is finished, and the status is 0; under a Functions host it is
/// 200, so that the host starts the handler again if it was not the host that wanted it to stop.
/// What goes wrong at the start is one sentence on stderr, and status 1.
#[must_use]
pub fn run(functions: Functions) -> ExitCode {
    run_with(logging::DEFAULT_FILTER, || Ok(functions))
}

/// [`run()`] for an app that has to read its settings first, or logs something else than all from
/// `info` on where `RUST_LOG` is not set.
#[must_use]
pub fn run_with(log_filter: &str, functions: impl FnOnce() -> Result<Functions>) -> ExitCode {
    logging::start(log_filter);
    match System::new().block_on(serve(functions)) {
        Ok(()) if is_under_host(|name| std::env::var_os(name).is_some()) => ExitCode::from(RESTART),
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

/// Whether a Functions host has started the process, by the variables that are set.
fn is_under_host(is_set: impl Fn(&str) -> bool) -> bool {
    HOST_VARIABLES.into_iter().any(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_by_the_id_that_it_gives_the_process() {
        for (set, expected) in [
            (&[][..], false),
            (&["FUNCTIONS_CUSTOMHANDLER_PORT"], false),
            (&["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], true),
            (&["FUNCTIONS_HTTPWORKER_ID"], true),
        ] {
            assert_eq!(
                is_under_host(|name| set.contains(&name)),
                expected,
                "{set:?}"
            );
        }
    }
}
