//! What a handler does that the host punishes, or that works by luck.
//!
//! Each violation prints as one sentence that says what was seen and what the real host makes of
//! it. Nothing here decides whether one has happened: the module that sees it does.
//!
//! Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#response-payload>,
//! and the behaviour of
//! <https://github.com/Azure/azure-functions-host> where the page is silent.

use std::fmt;
use std::time::Duration;

use crate::log::record::LogLevel;

/// A breach of the custom handler protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the fields are what the sentences of Display name"
)]
pub enum Violation {
    // The answer's outside.
    /// The connection broke before the answer was complete.
    NoAnswer { detail: String },
    /// A status other than 2xx.
    NonSuccessStatus { status: u16 },
    /// A redirect, which the host follows.
    Redirect { status: u16, location: String },
    /// A 2xx without a body.
    EmptyAnswer,
    /// A body of blanks or `null`.
    NullAnswer,
    /// A body without `Content-Type`.
    MissingContentType,
    /// A content type that the host doesn't read as JSON.
    WrongContentType { content_type: String },
    /// JSON, but not `application/json`.
    UnusualContentType { content_type: String },
    /// A body that is not JSON.
    InvalidJson { detail: String },
    /// JSON that is not an object.
    NotAnObject { kind: &'static str },
    /// Something behind the JSON.
    TrailingContent,

    // Its members.
    /// A member of the answer that the host doesn't know.
    UnknownMember { name: String },
    /// `Logs` is not a list of texts.
    BadLogs { kind: &'static str },
    /// An item of `Logs` is a scalar, but no text.
    LogNotText { kind: &'static str },
    /// `Outputs` is something else than an object.
    BadOutputs { kind: &'static str },
    /// `Outputs` is absent or null though the function has an HTTP output.
    MissingOutputs { binding: String },
    /// `Outputs` lacks the HTTP output.
    MissingOutput { binding: String },
    /// `Outputs` has a member that no binding has the name of.
    UnknownOutput { name: String },
    /// A text in another output that happens to be base64.
    Base64Output { name: String },

    // The HTTP output.
    /// It can't be read as an object.
    BadHttpOutput { detail: String },
    /// It is text that holds an object.
    HttpOutputIsText,
    /// A member of it that the host doesn't know.
    UnknownHttpMember { name: String },
    /// `status` where `statusCode` is meant.
    StatusUsed,
    /// A `statusCode` that is not a whole number.
    BadStatusCode { value: String },
    /// A `statusCode` that no response can have.
    StatusCodeOutOfRange { value: String },
    /// `headers` is not an object.
    BadHeaders { kind: &'static str },
    /// A header value that is no text, but becomes one.
    HeaderNotText { name: String, kind: &'static str },
    /// A header value that fails the invocation.
    BadHeader { name: String, detail: String },
    /// A header that is not the handler's to set.
    ReservedHeader { name: String },
    /// A header name that comes twice.
    RepeatedHeader { name: String },
    /// A body that is no text.
    BodyNotText { kind: &'static str },
    /// A body that is nothing but a date.
    BodyIsDate { written: String },
    /// A body where the status allows none.
    BodyNotAllowed { status: i64 },

    // The process.
    /// A line on stderr.
    StderrLine { level: LogLevel, text: String },
    /// The function key in a log.
    KeyInLog { place: &'static str },
    /// `GET /` took long.
    SlowReadiness { took: Duration },
    /// `GET /` has no answer yet.
    SilentReadiness { waited: Duration },
    /// `GET /` was answered with something that is not HTTP, or not at all.
    BrokenReadiness { detail: String },
    /// The handler was not ready in time.
    InitializationTimeout { limit: Duration },
    /// The process could not be started.
    CannotStart { program: String, detail: String },
    /// An invocation has waited too long for the handler.
    NeverReady,
    /// Other machines can reach the handler.
    ListensBeyondLoopback { port: u16 },
    /// The process ended by itself.
    Exited { status: String },
    /// It ended with exit code 0, and the host doesn't notice.
    LeftDead,
    /// A binding that fails each invocation.
    BindingFailsAlways { function: String, detail: String },
    /// An invocation took longer than `functionTimeout`.
    FunctionTimeout { limit: Duration },
    /// The handler ends again and again before it is ready.
    RestartLoop { restarts: u32 },
    /// The third error within half an hour.
    HostStopped { errors: usize },
}

impl Violation {
    /// Whether the real host waits for an answer that doesn't come any more.
    pub(crate) fn is_a_hang(&self) -> bool {
        matches!(self, Self::EmptyAnswer | Self::NullAnswer)
    }
}

const FAILS: &str = "the host fails the invocation: the caller gets 500 with an empty body, and Outputs and Logs are lost";
const HANGS: &str = "the host waits until functionTimeout, then answers 500 and kills the handler";

impl fmt::Display for Violation {
    #[expect(clippy::too_many_lines, reason = "one sentence a variant")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { detail } => {
                write!(f, "the handler gave no complete answer ({detail}); {FAILS}")
            }
            Self::NonSuccessStatus { status } => write!(
                f,
                "the handler answered HTTP {status} to the invocation; {FAILS}. Answer 200 and put the status into Outputs.res.statusCode"
            ),
            Self::Redirect { status, location } => write!(
                f,
                "the handler answered the invocation with a redirect, {status} to {location}; the host follows it and takes what it finds there"
            ),
            Self::EmptyAnswer => write!(
                f,
                "the handler's answer has no body; {HANGS}. Answer at least {{}}"
            ),
            Self::NullAnswer => write!(
                f,
                "the handler's answer is blank or null; {HANGS}. Answer at least {{}}"
            ),
            Self::MissingContentType => write!(
                f,
                "the handler's answer has no Content-Type, so it isn't read as JSON; {FAILS}"
            ),
            Self::WrongContentType { content_type } => {
                write!(
                    f,
                    "the handler's answer has Content-Type {content_type}, which isn't read as JSON; {FAILS}. Send application/json"
                )
            }
            Self::UnusualContentType { content_type } => {
                write!(
                    f,
                    "the handler's answer has Content-Type {content_type}; the host reads it, but application/json is what it expects"
                )
            }
            Self::InvalidJson { detail } => {
                write!(f, "the handler's answer can't be read, {detail}; {FAILS}")
            }
            Self::NotAnObject { kind } => write!(
                f,
                "the handler's answer is {kind} and not an object; {FAILS}"
            ),
            Self::TrailingContent => write!(
                f,
                "there is more behind the JSON of the handler's answer; the host happens not to look at it"
            ),

            Self::UnknownMember { name } => {
                write!(
                    f,
                    "the answer has a member {name}, which the host ignores; it knows Outputs, Logs and ReturnValue"
                )
            }
            Self::BadLogs { kind } => write!(
                f,
                "Logs must be a list of texts, and there is {kind}; {FAILS}"
            ),
            Self::LogNotText { kind } => write!(
                f,
                "an item of Logs is {kind} and not text; the host converts it, with .NET's spelling"
            ),
            Self::BadOutputs { kind } => write!(f, "Outputs is {kind} and not an object; {FAILS}"),
            Self::MissingOutputs { binding } => {
                write!(
                    f,
                    "the answer has no Outputs, but the function has the HTTP output {binding}; the caller gets 204 No Content"
                )
            }
            Self::MissingOutput { binding } => {
                write!(
                    f,
                    "Outputs has no {binding} (names are case-sensitive); the caller gets 200 with the body {{}}"
                )
            }
            Self::UnknownOutput { name } => {
                write!(
                    f,
                    "Outputs has a member {name}, but no output binding has this name; the host ignores it"
                )
            }
            Self::Base64Output { name } => {
                write!(
                    f,
                    "output {name} is text that is valid base64; the host decodes it to bytes, unless its dataType is binary"
                )
            }

            Self::BadHttpOutput { detail } => write!(f, "the HTTP output {detail}; {FAILS}"),
            Self::HttpOutputIsText => write!(
                f,
                "the HTTP output is text that holds an object; the host reads it, but expects the object itself"
            ),
            Self::UnknownHttpMember { name } => {
                write!(
                    f,
                    "the HTTP output has a member {name}, which the host ignores; it knows statusCode, headers and body"
                )
            }
            Self::StatusUsed => write!(
                f,
                "the HTTP output has a member status, which the host ignores; name it statusCode"
            ),
            Self::BadStatusCode { value } => write!(
                f,
                "statusCode is {value} and not a whole number; the caller gets 200"
            ),
            Self::StatusCodeOutOfRange { value } => write!(
                f,
                "statusCode is {value}; the host writes it as it is, and callers can't read it as a response"
            ),
            Self::BadHeaders { kind } => write!(f, "headers is {kind} and not an object; {FAILS}"),
            Self::HeaderNotText { name, kind } => {
                write!(
                    f,
                    "header {name} is {kind} and not text; the host converts it, with .NET's spelling"
                )
            }
            Self::BadHeader { name, detail } => write!(f, "header {name} {detail}; {FAILS}"),
            Self::ReservedHeader { name } => write!(
                f,
                "header {name} is the host's to set; it is passed on, and a wrong one breaks the response"
            ),
            Self::RepeatedHeader { name } => write!(
                f,
                "header {name} comes more than once; the host keeps one of them"
            ),
            Self::BodyNotText { kind } => {
                write!(
                    f,
                    "body is {kind} and not text; the host prints it anew, with its own blanks, dates and numbers. Send text that holds JSON"
                )
            }
            Self::BodyIsDate { written } => write!(
                f,
                "body is nothing but a date; the host sends it as {written}"
            ),
            Self::BodyNotAllowed { status } => write!(
                f,
                "a response with status {status} can't have a body; the host leaves it out"
            ),

            Self::StderrLine { level, text } => {
                let level = match level {
                    LogLevel::Error => "an error",
                    LogLevel::Warning => "a warning",
                    LogLevel::Information => "information",
                };
                write!(
                    f,
                    "the handler wrote to stderr; the host takes no level from the line and would log it as {level}: {text}"
                )
            }
            Self::KeyInLog { place } => write!(
                f,
                "the function key stands in {place}; whoever reads the logs can call the function"
            ),
            Self::SlowReadiness { took } => {
                write!(
                    f,
                    "GET / took {took:?}; the host asks it before it sends anything, answer at once"
                )
            }
            Self::SilentReadiness { waited } => {
                write!(
                    f,
                    "the handler has accepted GET / and not answered it for {waited:?}; the real host waits until a minute after \
                     functionTimeout, whatever initializationTimeout says, and callers wait with it"
                )
            }
            Self::BrokenReadiness { detail } => {
                write!(
                    f,
                    "GET / got no proper answer ({detail}); the host takes the handler for ready all the same, or for broken"
                )
            }
            Self::InitializationTimeout { limit } => write!(
                f,
                "the handler did not answer GET / within initializationTimeout ({limit:?}); the host kills it and tries again. \
                 Listen on 127.0.0.1 at the port in FUNCTIONS_CUSTOMHANDLER_PORT"
            ),
            Self::CannotStart { program, detail } => write!(
                f,
                "the handler {program} cannot be started ({detail}); the real host says so once in its log, lets callers wait four \
                 times initializationTimeout, answers 500 and stops. host.json names the program; it must stand in the app's folder \
                 with the right to be run (chmod +x)"
            ),
            Self::NeverReady => f.write_str(
                "an invocation has waited four times initializationTimeout for the handler to get ready; the host stops",
            ),
            Self::ListensBeyondLoopback { port } => write!(
                f,
                "the handler listens on more than 127.0.0.1 (port {port}); others can invoke it without a key, as the host sends none"
            ),
            Self::Exited { status } => write!(
                f,
                "the handler ended by itself ({status}); invocations under way fail with 500"
            ),
            Self::LeftDead => f.write_str(
                "the handler ended with exit code 0; hosts before January 2026 neither log it nor start it again, and every later \
                 invocation gets 500. End with 200 to be started again",
            ),
            Self::BindingFailsAlways { function, detail } => {
                write!(f, "function {function}, {detail}")
            }
            Self::FunctionTimeout { limit } => write!(
                f,
                "the invocation took longer than functionTimeout ({limit:?}); the caller gets 500, and two seconds later the handler is \
                 killed and restarted"
            ),
            Self::RestartLoop { restarts } => {
                write!(
                    f,
                    "the handler ended {restarts} times before it was ready; the real host would go on restarting it"
                )
            }
            Self::HostStopped { errors } => {
                write!(
                    f,
                    "the handler failed {errors} times within 30 minutes; the host stops"
                )
            }
        }
    }
}
