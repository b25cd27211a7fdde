//! Reading the JSON files of an app, as leniently as the host does.

use std::path::Path;

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::app::app_error::AppError;
use crate::envelope::body_text;
use crate::newtonsoft::{MAX_DEPTH, Node, ReadError};

/// Why a text is not the settings that it should be.
#[derive(Debug, Error)]
pub(crate) enum SettingsError {
    /// It is not JSON, not even Newtonsoft's.
    #[error(transparent)]
    NotJson(#[from] ReadError),
    /// It is another value.
    #[error("it must be a JSON object")]
    NotAnObject,
    /// A member is missing or has another type. The error names it.
    #[error(transparent)]
    Member(#[from] serde_path_to_error::Error<serde_json::Error>),
}

/// Reads the JSON object of a settings file, as leniently as Newtonsoft does.
///
/// # Errors
/// When it is not JSON, not an object, or a member is not what `T` takes.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, SettingsError> {
    match Node::parse(text, MAX_DEPTH)? {
        Some(node @ Node::Object(_)) => Ok(serde_path_to_error::deserialize(node.into_json())?),
        _ => Err(SettingsError::NotAnObject),
    }
}

/// A file as text, decoded as .NET reads it: by its byte order mark, and else as UTF-8.
pub(crate) fn read(file: &Path) -> Result<String, AppError> {
    let bytes = std::fs::read(file).map_err(|error| AppError::new(file, error))?;
    Ok(body_text::decode(&bytes))
}
