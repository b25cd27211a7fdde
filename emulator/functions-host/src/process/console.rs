//! Lines that the handler prints, and what the host makes of them.
//!
//! The host looks at a line's stream and at a few words, never at a level that the handler's logger
//! may have printed. Source: `WorkerProcess` and `WorkerProcessUtilities` of
//! <https://github.com/Azure/azure-functions-host>.

use crate::log::record::{self, LogLevel};

/// A line that goes to the host's system log; the prefix is removed.
const SYSTEM_PREFIX: &str = "LanguageWorkerConsoleLog";
/// A line for editors and debuggers.
const TOOLING_PREFIX: &str = "azfuncjsonlog:";

/// One line of the handler process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerLine {
    /// The level that the host logs it with.
    pub level: LogLevel,
    /// The line without its end.
    pub text: String,
    /// Where it came from.
    pub stream: Stream,
    /// Which log it goes to.
    pub channel: Channel,
}

/// One of the handler's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// The log that a line goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `Host.Function.Console`, what users see.
    Console,
    /// The host's own log.
    System,
    /// `Host.Function.ToolingConsoleLog`.
    Tooling,
}

impl Channel {
    /// The category of its records.
    pub(crate) fn category(self, worker_id: &str) -> String {
        match self {
            Self::Console => record::CONSOLE.to_owned(),
            Self::System => record::of_process(worker_id),
            Self::Tooling => record::TOOLING_CONSOLE.to_owned(),
        }
    }
}

/// Classifies a line. `errors_only` is `useStdErrorStreamForErrorsOnly`, which is on unless
/// `host.json` turns it off.
pub(crate) fn classify(stream: Stream, text: &str, errors_only: bool) -> HandlerLine {
    let lower_case = text.to_lowercase();
    let contains = |words: &[&str]| words.iter().any(|word| lower_case.contains(word));
    let is_error = errors_only || contains(&["error", "fail", "severe", "unhandled exception"]);
    let level = match stream {
        Stream::Stderr if contains(&["warn"]) => LogLevel::Warning,
        Stream::Stderr if is_error => LogLevel::Error,
        Stream::Stdout | Stream::Stderr => LogLevel::Information,
    };
    let (channel, text) = if lower_case.starts_with(&SYSTEM_PREFIX.to_lowercase()) {
        (
            Channel::System,
            text.get(SYSTEM_PREFIX.len()..).unwrap_or_default(),
        )
    } else if lower_case.starts_with(TOOLING_PREFIX) {
        (Channel::Tooling, text)
    } else {
        (Channel::Console, text)
    };
    HandlerLine {
        level,
        text: text.to_owned(),
        stream,
        channel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        stream: Stream,
        text: &str,
        errors_only: bool,
        level: LogLevel,
        channel: Channel,
        shown: &str,
    ) {
        let expected = HandlerLine {
            level,
            text: shown.to_owned(),
            stream,
            channel,
        };
        assert_eq!(classify(stream, text, errors_only), expected);
    }

    #[test]
    fn stdout_is_information_whatever_it_says() {
        let error = "ERROR unhandled exception";
        check(
            Stream::Stdout,
            error,
            true,
            LogLevel::Information,
            Channel::Console,
            error,
        );
    }

    #[test]
    fn stderr_is_an_error_unless_it_warns() {
        for (text, errors_only, level) in [
            ("ready", true, LogLevel::Error),
            ("a WARNing", true, LogLevel::Warning),
            ("warning: it failed", false, LogLevel::Warning),
            ("ready", false, LogLevel::Information),
            ("it FAILed", false, LogLevel::Error),
            ("Severe", false, LogLevel::Error),
            ("an Unhandled Exception", false, LogLevel::Error),
        ] {
            check(
                Stream::Stderr,
                text,
                errors_only,
                level,
                Channel::Console,
                text,
            );
        }
    }

    #[test]
    fn two_prefixes_choose_another_log() {
        let system = "languageworkerconsolelog[x] started";
        check(
            Stream::Stdout,
            system,
            true,
            LogLevel::Information,
            Channel::System,
            "[x] started",
        );
        let tooling = "azfuncjsonlog:{}";
        check(
            Stream::Stdout,
            tooling,
            true,
            LogLevel::Information,
            Channel::Tooling,
            tooling,
        );
    }
}
