//! Why a binding has no value: a chain of exceptions as the host's log has it, outermost first.

use std::fmt;

use storage::StorageError;

/// A chain of exceptions, each as `Type: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BindingError(Vec<String>);

impl BindingError {
    pub(crate) fn invalid_operation(message: impl fmt::Display) -> Self {
        Self(vec![format!("System.InvalidOperationException: {message}")])
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

    /// The same as the cause of an exception that says nothing by itself.
    pub(crate) fn of_an_invocation(mut self) -> Self {
        let message = "Exception has been thrown by the target of an invocation.";
        self.0.insert(
            0,
            format!("System.Reflection.TargetInvocationException: {message}"),
        );
        self
    }

    /// A sentence of the emulator's own, where the real host would have done something that is not emulated.
    pub(crate) fn not_emulated(message: impl fmt::Display) -> Self {
        Self(vec![format!("Not emulated: {message}")])
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
