//! How a host is to be started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::mpsc::UnboundedSender;

use crate::invoke::record::HostEvent;

/// How long a handler may take to end after a signal that it can catch.
const GRACE: Duration = Duration::from_secs(10);
/// A connection to the handler that is idle for longer is closed.
const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// A `GET /` that takes longer is a violation.
const SLOW_READINESS: Duration = Duration::from_secs(1);

/// Settings of a [`FunctionsHost`](super::FunctionsHost).
#[derive(Clone, Debug)]
pub struct HostOptions {
    pub(crate) app_root: PathBuf,
    pub(crate) handler: Option<PathBuf>,
    pub(crate) transfer: Transfer,
    pub(crate) function_key: Option<SecretString>,
    pub(crate) master_key: Option<SecretString>,
    pub(crate) environment: Vec<(String, SecretString)>,
    pub(crate) host_version: HostVersion,
    pub(crate) shutdown: Shutdown,
    pub(crate) grace: Duration,
    pub(crate) idle_limit: Duration,
    pub(crate) slow_readiness: Duration,
    pub(crate) dispatch_timeout: Option<Duration>,
    pub(crate) hangs: bool,
    pub(crate) retry_pauses: bool,
    pub(crate) rows_file: Option<PathBuf>,
    pub(crate) events: Option<UnboundedSender<HostEvent>>,
}

/// How the envelope travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Transfer {
    /// `Transfer-Encoding: chunked`, as in Azure.
    #[default]
    Chunked,
    /// `Content-Length`, as under Core Tools, whose tracing reads the request first.
    ContentLength,
}

/// Which version of the host is emulated. What differs between them is read from their sources; all
/// else is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HostVersion {
    /// 4.1037, of October 2024. It doesn't notice that a handler has ended with exit code 0, and
    /// every later invocation fails. It doesn't know `enableProxyingHttpRequest`.
    V4_1037,
    /// 4.1052, of 2026. Since January 2026 the host starts such a handler again.
    #[default]
    V4_1052,
}

impl HostVersion {
    /// As the host tells it in `X-Azure-Functions-HostVersion`.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::V4_1037 => "4.1037.0.0",
            Self::V4_1052 => "4.1052.200.26365",
        }
    }

    /// Whether it knows `enableProxyingHttpRequest`.
    pub(crate) fn proxies(self) -> bool {
        self != Self::V4_1037
    }

    pub(crate) fn restarts_after_exit_zero(self) -> bool {
        self != Self::V4_1037
    }
}

/// How [`FunctionsHost::stop`](super::FunctionsHost::stop) ends the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Shutdown {
    /// SIGKILL without a word, as the real host does.
    #[default]
    Kill,
    /// SIGINT first, as Ctrl+C under Core Tools does.
    Interrupt,
    /// SIGTERM first, as a container runtime may do.
    Terminate,
}

impl HostOptions {
    /// A variable of the host's environment.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let own = self
            .environment
            .iter()
            .rev()
            .find(|(known, _)| known == name);
        own.map(|(_, value)| value.expose_secret().to_owned())
            .or_else(|| std::env::var(name).ok())
    }

    /// The options for the app below `app_root`, where `host.json` is. All else is as in Azure,
    /// except that no keys are checked.
    #[must_use]
    pub fn new(app_root: impl AsRef<Path>) -> Self {
        Self {
            app_root: app_root.as_ref().to_owned(),
            handler: None,
            transfer: Transfer::default(),
            function_key: None,
            master_key: None,
            environment: Vec::new(),
            host_version: HostVersion::default(),
            shutdown: Shutdown::default(),
            grace: GRACE,
            idle_limit: IDLE_LIMIT,
            slow_readiness: SLOW_READINESS,
            dispatch_timeout: None,
            hangs: false,
            retry_pauses: true,
            rows_file: None,
            events: None,
        }
    }

    /// Starts this program instead of the one that `host.json` names. Arguments and working
    /// directory stay those of `host.json`.
    #[must_use]
    pub fn handler(mut self, program: impl AsRef<Path>) -> Self {
        let program = program.as_ref();
        self.handler = Some(std::path::absolute(program).unwrap_or_else(|_| program.to_owned()));
        self
    }

    /// How the envelope travels; chunked unless said otherwise.
    #[must_use]
    pub fn transfer(mut self, transfer: Transfer) -> Self {
        self.transfer = transfer;
        self
    }

    /// Checks keys as the functions' `authLevel` says, and takes this one for the function key.
    #[must_use]
    pub fn function_key(mut self, key: impl Into<SecretString>) -> Self {
        self.function_key = Some(key.into());
        self
    }

    /// Checks keys as the functions' `authLevel` says, and takes this one for the master key, which
    /// opens every function.
    #[must_use]
    pub fn master_key(mut self, key: impl Into<SecretString>) -> Self {
        self.master_key = Some(key.into());
        self
    }

    /// Sets a variable in the host's environment, which the handler inherits, over what is
    /// inherited and what `local.settings.json` says.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let value: String = value.into();
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Which version of the host is emulated; the latest known one unless said otherwise.
    #[must_use]
    pub fn host_version(mut self, version: HostVersion) -> Self {
        self.host_version = version;
        self
    }

    /// Hangs where the real host hangs: on an answer without a body until `functionTimeout`, on a
    /// `GET /` that isn't answered a minute longer. Otherwise such a wait is cut short; either way
    /// its violation tells of it at once.
    #[must_use]
    pub fn with_hangs(mut self) -> Self {
        self.hangs = true;
        self
    }

    /// How the handler is ended.
    #[must_use]
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// How long the handler may take to end after SIGINT or SIGTERM before it is killed: ten
    /// seconds unless said otherwise.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long a connection to the handler may be idle: a minute unless said otherwise. It is
    /// closed within a quarter of that time more.
    #[must_use]
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.idle_limit = limit;
        self
    }

    /// From when on a `GET /` is slow: one second unless said otherwise.
    #[must_use]
    pub fn slow_readiness(mut self, limit: Duration) -> Self {
        self.slow_readiness = limit;
        self
    }

    /// How long an invocation waits for a handler that isn't ready: four times the app's
    /// `initializationTimeout` unless said otherwise. Then the host gives up.
    #[must_use]
    pub fn dispatch_timeout(mut self, limit: Duration) -> Self {
        self.dispatch_timeout = Some(limit);
        self
    }

    /// Leaves out the pauses between the attempts of a retry policy.
    #[must_use]
    pub fn without_retry_pauses(mut self) -> Self {
        self.retry_pauses = false;
        self
    }

    /// The file of rows that stands in for Cosmos DB and SQL, which input bindings may name.
    #[must_use]
    pub fn rows_file(mut self, file: impl AsRef<Path>) -> Self {
        self.rows_file = Some(file.as_ref().to_owned());
        self
    }

    /// Sends everything that happens to this channel, as it happens.
    #[must_use]
    pub fn events(mut self, events: UnboundedSender<HostEvent>) -> Self {
        self.events = Some(events);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The real host closes connections after 60 to 75 seconds; the life cycle that shows it is
    /// replayed at a quarter.
    #[test]
    fn connections_to_the_handler_may_be_idle_for_a_minute() {
        assert_eq!(HostOptions::new(".").idle_limit, Duration::from_mins(1));
    }
}
