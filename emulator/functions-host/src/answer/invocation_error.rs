//! Why an invocation failed, as the host tells the next attempt at it.
//!
//! The real host writes the exception that it has caught into `RetryContext`. Types, messages and
//! codes are written as there; stack traces are not emulated, and of what Newtonsoft says of bad
//! JSON only what it says of JSON that ends too early or whose first character begins no value.

use crate::answer::violation::Violation;
use crate::invoke::http::RawAnswer;
use crate::newtonsoft::{JObject, JToken, unexpected_start};

/// What stands for a stack trace.
const STACK_TRACE: &str = "   at (not emulated)";
/// `COR_E_EXCEPTION`
const EXCEPTION: i64 = -2_146_233_088;
/// `COR_E_INVALIDOPERATION`
const INVALID_OPERATION: i64 = -2_146_233_079;

/// Why an invocation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvocationError {
    /// A status other than 2xx.
    Status { status: u16, reason: String },
    /// An answer that can't be read, told in full.
    InvalidAnswer {
        message: String,
        /// The exception behind it, and what that says.
        class: &'static str,
        cause: String,
    },
    /// An output that can't be read.
    BadOutput,
    /// A binding that could not be read or written: exceptions, the outermost first.
    Binding { chain: Vec<String> },
    /// No answer at all.
    NoAnswer { detail: String },
}

impl InvocationError {
    /// The failure that a violation of an answer means.
    pub(crate) fn of_answer(answer: &RawAnswer, violation: &Violation) -> Self {
        if let Violation::NonSuccessStatus { status } = violation {
            return Self::Status {
                status: *status,
                reason: answer.reason.clone(),
            };
        }
        let mut headers = String::new();
        for (name, value) in &answer.headers {
            for part in ["  ", name, ": ", value, "\n"] {
                headers.push_str(part);
            }
        }
        let body = String::from_utf8_lossy(&answer.body);
        let message = format!(
            "Invalid HttpResponseMessage:\nStatusCode: {}, ReasonPhrase: '{}', Version: 1.1, Content: \
             System.Net.Http.HttpConnectionResponseContent, Headers:\n{{\n{headers}}}\n {body}",
            answer.status, answer.reason
        );
        let lines = body.matches('\n').count() + 1;
        let cause = match violation {
            Violation::InvalidJson { detail } if detail.contains("unexpected end") => {
                let position = body.rsplit('\n').next().unwrap_or_default().chars().count();
                format!(
                    "Unexpected end when reading JSON. Path '', line {lines}, position {position}."
                )
            }
            other => other.to_string(),
        };
        let complaint = match violation {
            Violation::InvalidJson { .. } => unexpected_start(&body),
            _ => None,
        };
        let (class, cause) = match complaint {
            Some(complaint) => ("Newtonsoft.Json.JsonReaderException", complaint),
            None => ("Newtonsoft.Json.JsonSerializationException", cause),
        };
        Self::InvalidAnswer {
            message,
            class,
            cause,
        }
    }

    /// For the host's log: the exception's type and message.
    pub(crate) fn sentence(&self) -> String {
        if let Self::Binding { chain } = self {
            return chain.join("\n ---> ");
        }
        let class = match self {
            Self::Status { .. } | Self::NoAnswer { .. } => "System.Net.Http.HttpRequestException",
            Self::InvalidAnswer { .. } | Self::BadOutput | Self::Binding { .. } => {
                "System.InvalidOperationException"
            }
        };
        let inner = match self {
            Self::InvalidAnswer { class, cause, .. } => format!("\n ---> {class}: {cause}"),
            _ => String::new(),
        };
        format!("{class}: {}{inner}", self.message())
    }

    fn message(&self) -> String {
        match self {
            Self::Status { status, reason } => {
                format!("Response status code does not indicate success: {status} ({reason}).")
            }
            Self::InvalidAnswer { message, .. } => message.clone(),
            Self::Binding { chain } => chain.last().cloned().unwrap_or_default(),
            Self::BadOutput => "Failed while trying to Deserialize to httpOutputBindingResponse. \
                                Output is not in expected format"
                .to_owned(),
            Self::NoAnswer { detail } => {
                format!("An error occurred while sending the request. {detail}")
            }
        }
    }

    /// The exception in the `RetryContext` of the next attempt.
    pub(crate) fn to_exception(&self, invocation_id: &str, function: &str) -> JObject {
        let inner = match self {
            Self::Status { .. } | Self::NoAnswer { .. } => self.http_request_exception(),
            Self::InvalidAnswer { class, cause, .. } => serialized(
                "System.InvalidOperationException",
                &self.message(),
                serialized(class, cause, JToken::Null, EXCEPTION, "Newtonsoft.Json").into(),
                INVALID_OPERATION,
                "Microsoft.Azure.WebJobs.Script",
            ),
            Self::BadOutput | Self::Binding { .. } => serialized(
                "System.InvalidOperationException",
                &self.message(),
                JToken::Null,
                INVALID_OPERATION,
                "Microsoft.Azure.WebJobs.Script",
            ),
        };
        let outer = serialized(
            "Microsoft.Azure.WebJobs.Host.FunctionInvocationException",
            &format!("Exception while executing function: Functions.{function}"),
            inner.into(),
            EXCEPTION,
            "System.Private.CoreLib",
        );
        let mut exception = JObject::default()
            .with("InstanceId", invocation_id)
            .with("MethodName", format!("Host.Functions.{function}"))
            .with("Handled", JToken::Boolean(false));
        for (name, value) in outer.iter() {
            exception.insert(name, value.clone());
        }
        exception
    }

    /// An exception that isn't serialized by itself, but by its properties.
    fn http_request_exception(&self) -> JObject {
        let status = match self {
            Self::Status { status, .. } => JToken::Integer(status.to_string()),
            _ => JToken::Null,
        };
        JObject::default()
            .with("HttpRequestError", JToken::Integer("0".to_owned()))
            .with("StatusCode", status)
            .with("Message", self.message())
            .with("Data", JObject::default())
            .with("InnerException", JToken::Null)
            .with("HelpLink", JToken::Null)
            .with("Source", "System.Net.Http")
            .with("HResult", JToken::Integer(EXCEPTION.to_string()))
            .with("StackTrace", STACK_TRACE)
    }
}

/// An exception as .NET serializes it.
fn serialized(class: &str, message: &str, inner: JToken, code: i64, source: &str) -> JObject {
    JObject::default()
        .with("ClassName", class)
        .with("Message", message)
        .with("Data", JToken::Null)
        .with("InnerException", inner)
        .with("HelpURL", JToken::Null)
        .with("StackTraceString", STACK_TRACE)
        .with("RemoteStackTraceString", JToken::Null)
        .with("RemoteStackIndex", JToken::Integer("0".to_owned()))
        .with("ExceptionMethod", JToken::Null)
        .with("HResult", JToken::Integer(code.to_string()))
        .with("Source", source)
        .with("WatsonBuckets", JToken::Null)
}
