//! Waiting for the handler before an invocation is sent.

use std::time::Duration;

use tokio::time::timeout;

use crate::answer::violation::Violation;
use crate::client::HandlerClient;
use crate::host::FunctionsHost;
use crate::log::record::{INVOKER, LogRecord};
use crate::process::supervisor::{Command, Phase};

/// An invocation waits so many times `initializationTimeout`.
const STARTS: u32 = 4;
/// How long the end of a process may take to be noticed. A caller that got 500 because of it shall
/// find the next process.
const NOTICING: Duration = Duration::from_millis(100);

impl FunctionsHost {
    /// Waits for the handler, and says which start of it is there; `None` when the host has
    /// stopped. When the wait takes too long, the host stops, and the invocation is sent all the
    /// same.
    pub(super) async fn ready_handler(&self) -> Option<(HandlerClient, u64)> {
        let limit = self.options.dispatch_timeout;
        let limit = limit.unwrap_or_else(|| {
            self.app
                .settings
                .initialization_timeout
                .saturating_mul(STARTS)
        });
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| {
            matches!(
                status.phase,
                Phase::Ready(_) | Phase::GivenUp | Phase::NotNeeded | Phase::Stopped
            )
        });
        if let Ok(settled) = timeout(limit, settled).await {
            let status = settled.ok()?;
            return match &status.phase {
                Phase::Ready(client) => Some((client.clone(), status.generation)),
                _ => None,
            };
        }
        let state = match self.starts() {
            0 | 1 => "Initializing",
            _ => "WorkerProcessRestarting",
        };
        self.record.log(LogRecord::error(
            INVOKER,
            format!(
                "Final functionDispatcher state: {state}. Initialization timed out and host is shutting down"
            ),
        ));
        self.record.violation(Violation::NeverReady);
        // When nobody takes the command, the host has stopped already.
        let _ = self.commands.send(Command::GiveUp);
        let client = HandlerClient::new(self.handler_port(), self.options.idle_limit);
        Some((client, self.status.borrow().generation))
    }

    /// After an invocation without an answer: lets the host notice that the process has ended, if
    /// it has.
    pub(super) async fn notice_an_exit(&self, generation: u64) {
        let mut status = self.status.clone();
        let noticed = status.wait_for(|status| {
            status.generation != generation
                || status.pid.is_none()
                || !matches!(status.phase, Phase::Ready(_))
        });
        let _ = timeout(NOTICING, noticed).await;
    }
}
