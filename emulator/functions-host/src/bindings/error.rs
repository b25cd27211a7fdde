//! Why a binding has no value: a chain of exceptions as the host's log has it, outermost first.

use std::fmt;

use storage::StorageError;

use crate::newtonsoft::{JToken, ReadError, unexpected_start};

/// A chain of exceptions, each as `Type: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BindingError(Vec<String>);

impl BindingError {
    pub(crate) fn invalid_operation(message: impl fmt::Display) -> Self {
        Self(vec![format!("System.InvalidOperationException: {message}")])
    }

    /// An exception of this type.
    pub(crate) fn exception(kind: &str, message: impl fmt::Display) -> Self {
        Self(vec![format!("{kind}: {message}")])
    }

    /// Nothing listens at `HOST:PORT`.
    pub(crate) fn connection_refused(endpoint: &str) -> Self {
        Self(vec![
            format!("System.Net.Http.HttpRequestException: Connection refused ({endpoint})"),
            "System.Net.Sockets.SocketException (111): Connection refused".to_owned(),
        ])
    }

    pub(crate) fn cosmos_db(message: impl fmt::Display) -> Self {
        Self(vec![format!(
            "Microsoft.Azure.Cosmos.CosmosException: {message}"
        )])
    }

    pub(crate) fn sql(message: impl fmt::Display) -> Self {
        Self(vec![format!(
            "Microsoft.Data.SqlClient.SqlException (0x80131904): {message}"
        )])
    }

    pub(crate) fn format(message: impl fmt::Display) -> Self {
        Self(vec![format!("System.FormatException: {message}")])
    }

    pub(crate) fn not_supported(message: impl fmt::Display) -> Self {
        Self(vec![format!("System.NotSupportedException: {message}")])
    }

    pub(crate) fn null_reference() -> Self {
        let message = "Object reference not set to an instance of an object.";
        Self(vec![format!("System.NullReferenceException: {message}")])
    }

    pub(crate) fn null_argument(parameter: &str) -> Self {
        Self(vec![format!(
            "System.ArgumentNullException: Value cannot be null. (Parameter '{parameter}')"
        )])
    }

    /// A text that isn't JSON. Of what Newtonsoft says of it, the most frequent complaint has its
    /// words.
    pub(crate) fn json_reader(text: &str, error: &ReadError) -> Self {
        let message = unexpected_start(text).unwrap_or_else(|| error.to_string());
        Self(vec![format!(
            "Newtonsoft.Json.JsonReaderException: {message}"
        )])
    }

    /// JSON that isn't an object where one is wanted.
    pub(crate) fn not_an_object(text: &str, token: &JToken) -> Self {
        let kind = match token {
            JToken::Null => "Null",
            JToken::Undefined => "Undefined",
            JToken::Boolean(_) => "Boolean",
            JToken::Integer(_) => "Integer",
            JToken::Float(_) => "Float",
            JToken::Date(_) => "Date",
            JToken::String(_) => "String",
            JToken::Array(_) => "StartArray",
            JToken::Object(_) => "StartObject",
            JToken::Constructor(..) => "StartConstructor",
        };
        let position = match token {
            JToken::Array(_) => 1,
            _ => text.encode_utf16().count(),
        };
        Self(vec![format!(
            "Newtonsoft.Json.JsonReaderException: Error reading JObject from JsonReader. Current JsonReader item is not an object: {kind}. \
             Path '', line 1, position {position}."
        )])
    }

    /// The same as the cause of an exception that says nothing by itself.
    pub(crate) fn of_an_invocation(mut self) -> Self {
        let message = "Exception has been thrown by the target of an invocation.";
        self.0.insert(
            0,
            format!("System.Reflection.TargetInvocationException: {message}"),
        );
        self
    }

    /// A sentence of the emulator's own, where the real host would have done something that is not
    /// emulated.
    pub(crate) fn not_emulated(message: impl fmt::Display) -> Self {
        Self(vec![format!("Not emulated: {message}")])
    }

    /// A database is read, and there is no file in its place.
    pub(crate) fn no_rows_file(kind: &str) -> Self {
        Self::not_emulated(format_args!(
            "{kind} comes from a file of rows, and none is named; name one with --rows-file FILE"
        ))
    }

    /// The exceptions, outermost first.
    pub(crate) fn chain(&self) -> &[String] {
        &self.0
    }
}

impl From<StorageError> for BindingError {
    fn from(error: StorageError) -> Self {
        let exception = match &error {
            StorageError::Answered { .. } => "Azure.RequestFailedException",
            StorageError::NoAnswer { .. } => "System.AggregateException",
            StorageError::Unreadable(_) => "Newtonsoft.Json.JsonReaderException",
        };
        Self(vec![format!("{exception}: {error}")])
    }
}
