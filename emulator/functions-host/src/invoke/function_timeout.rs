//! `functionTimeout`: what it does to an invocation that takes too long, and to the handler.
//!
//! It counts from the request's arrival. Its end costs the caller the answer; two seconds later it
//! costs the handler its life, unless it has answered by then. Source: `FunctionExecutor` of
//! <https://github.com/Azure/azure-webjobs-sdk> and `WebScriptHostExceptionHandler` of
//! <https://github.com/Azure/azure-functions-host>.

use std::time::Duration;

use tokio::time::timeout;

use crate::app::timespan;
use crate::host::FunctionsHost;
use crate::log::record::{EXCEPTION_HANDLER, LogRecord, of_function};
use crate::process::supervisor::{Command, Phase};

/// How much longer an answer is waited for, only to spare the handler.
const GRACE: Duration = Duration::from_secs(2);

impl FunctionsHost {
    /// Does the work of an invocation within `functionTimeout`; `false` when it took too long.
    pub(super) async fn within_function_timeout(
        &self,
        function: &str,
        invocation_id: &str,
        work: impl Future<Output = ()>,
    ) -> bool {
        let Some(limit) = self.app.settings.function_timeout else {
            work.await;
            return true;
        };
        tokio::pin!(work);
        if timeout(limit, &mut work).await.is_ok() {
            return true;
        }
        let span = timespan::print(limit);
        let category = of_function(function);
        self.record.log(LogRecord::error(
            &category,
            format!(
                "Timeout value of {span} exceeded by function 'Functions.{function}' (Id: '{invocation_id}'). Initiating cancellation."
            ),
        ));
        self.record.log(
            executed_failed(function, invocation_id, limit).exception(format!(
                "Microsoft.Azure.WebJobs.Host.FunctionTimeoutException: Timeout value of {span} was exceeded by function: \
                 Functions.{function}"
            )),
        );
        if timeout(GRACE, &mut work).await.is_err() {
            self.restart_handler(invocation_id).await;
        }
        false
    }

    async fn restart_handler(&self, invocation_id: &str) {
        self.record.log(LogRecord::warning(
            EXCEPTION_HANDLER,
            format!(
                "A function timeout has occurred. Restarting worker process executing invocationId '{invocation_id}'."
            ),
        ));
        let mut status = self.status.clone();
        let generation = status.borrow_and_update().generation;
        // The supervisor is gone only when the host has stopped, and then there is nothing to
        // restart.
        let _ = self.commands.send(Command::FunctionTimedOut { generation });
        let restarted = status.wait_for(|status| {
            status.generation != generation
                || matches!(status.phase, Phase::GivenUp | Phase::Stopped)
        });
        if restarted.await.is_ok() {
            self.record.log(LogRecord::warning(
                EXCEPTION_HANDLER,
                "Restart of language worker process(es) completed.",
            ));
        }
    }
}

/// The record of an invocation that has failed.
pub(super) fn executed_failed(
    function: &str,
    invocation_id: &str,
    duration: Duration,
) -> LogRecord {
    LogRecord::error(
        of_function(function),
        format!(
            "Executed 'Functions.{function}' (Failed, Id={invocation_id}, Duration={}ms)",
            duration.as_millis()
        ),
    )
}
