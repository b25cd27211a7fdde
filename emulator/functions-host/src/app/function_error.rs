//! Why a function can't be used.

use thiserror::Error;

use crate::app::settings_file::SettingsError;

/// Why a function can't be used. The real host does without it, and its log says why.
#[derive(Debug, Error)]
pub(crate) enum FunctionError {
    /// The file is not what a `function.json` is.
    #[error(transparent)]
    File(#[from] SettingsError),
    /// No binding starts the function.
    #[error("it has no binding that is a trigger")]
    NoTrigger,
    /// Only one binding may start it.
    #[error("it has more than one binding that is a trigger")]
    SeveralTriggers,
    /// The host keeps such routes for itself.
    #[error("the route {route} begins with {reserved}, which is the host's own")]
    ReservedRoute {
        route: String,
        reserved: &'static str,
    },
    /// Names differ in more than their case.
    #[error("it has two bindings named {0}")]
    RepeatedBinding(String),
    /// Letters, digits and underscores, or `$return`.
    #[error("\"{0}\" is not a valid binding name")]
    BindingName(String),
    /// No extension has such a binding.
    #[error("there is no binding of the type {0}")]
    BindingType(String),
    /// Of an Event Hub trigger.
    #[error("cardinality {0} is neither one nor many")]
    Cardinality(String),
    /// Of an Event Hub trigger.
    #[error("dataType {0} is neither string nor binary")]
    DataType(String),
    /// Of an HTTP trigger.
    #[error("authLevel {0} is not one of anonymous, function and admin")]
    AuthLevel(String),
    /// An input or an output binding, told in a sentence.
    #[error("{0}")]
    Binding(String),
    /// The script is not in the function's folder.
    #[error("its scriptFile {0} doesn't exist")]
    NoScript(String),
}
