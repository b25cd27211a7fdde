//! One record of the host's log, with the level, category and text of the real host, so that what
//! is seen here can be looked up there.

#![allow(dead_code, reason = "the callers follow one by one")]

use std::fmt;

/// Where the host tells of its start.
pub(crate) const STARTUP: &str = "Host.Startup";
/// The keeper of the handler's process.
pub(crate) const DISPATCHER: &str =
    "Microsoft.Azure.WebJobs.Script.Workers.HttpFunctionInvocationDispatcher";
/// What waits for the handler before an invocation.
pub(crate) const INVOKER: &str = "Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker";
/// What deals with a function's time-out.
pub(crate) const EXCEPTION_HANDLER: &str =
    "Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostExceptionHandler";
/// What the handler prints.
pub(crate) const CONSOLE: &str = "Host.Function.Console";
/// What the handler prints for editors and debuggers.
pub(crate) const TOOLING_CONSOLE: &str = "Host.Function.ToolingConsoleLog";

/// The category of a handler's process.
pub(crate) fn of_process(worker_id: &str) -> String {
    format!("Worker.HttpWorkerProcess.{worker_id}")
}

/// The category of a function, as the host speaks of it.
pub(crate) fn of_function(name: &str) -> String {
    format!("Function.{name}")
}

/// The category of a function's own `Logs`.
pub(crate) fn of_user(name: &str) -> String {
    format!("Function.{name}.User")
}

/// A level of the host's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Information,
    Warning,
    Error,
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Information => "Information",
            Self::Warning => "Warning",
            Self::Error => "Error",
        })
    }
}

/// Whose words a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogSource {
    /// The host's own.
    Host,
    /// A line that the handler printed.
    Handler,
    /// An item of `Logs` in an answer.
    Function,
}

/// A record of the host's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its level.
    pub level: LogLevel,
    /// Its category, `Host.Startup` or `Function.HttpTrigger1`.
    pub category: String,
    /// The number of the event, where the host gives it one.
    pub event_id: Option<u32>,
    /// The message.
    pub text: String,
    /// The exception's type and message as .NET prints them, without a stack trace.
    pub exception: Option<String>,
    /// Whose words these are.
    pub source: LogSource,
}

impl LogRecord {
    /// A record of the host's own.
    pub(crate) fn new(
        level: LogLevel,
        category: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            level,
            category: category.into(),
            event_id: None,
            text: text.into(),
            exception: None,
            source: LogSource::Host,
        }
    }

    pub(crate) fn information(category: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(LogLevel::Information, category, text)
    }

    pub(crate) fn warning(category: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(LogLevel::Warning, category, text)
    }

    pub(crate) fn error(category: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(LogLevel::Error, category, text)
    }

    /// The same record with the number of its event.
    pub(crate) fn event(mut self, id: u32) -> Self {
        self.event_id = Some(id);
        self
    }

    /// The same record with an exception.
    pub(crate) fn exception(mut self, exception: impl Into<String>) -> Self {
        self.exception = Some(exception.into());
        self
    }

    /// The same record as somebody else's words.
    pub(crate) fn from(mut self, source: LogSource) -> Self {
        self.source = source;
        self
    }
}
