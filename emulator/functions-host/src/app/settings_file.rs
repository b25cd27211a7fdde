//! Reading the JSON files of an app, as leniently as the host does.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::app::app_error::AppError;
use crate::envelope::body_text;
use crate::newtonsoft::{MAX_DEPTH, Node};

/// Reads the JSON object of a settings file, as leniently as Newtonsoft does.
///
/// # Errors
/// A sentence that names the member.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let node = Node::parse(text, MAX_DEPTH).map_err(|error| error.to_string())?;
    match node {
        Some(node @ Node::Object(_)) => {
            serde_path_to_error::deserialize(node.into_json()).map_err(|error| error.to_string())
        }
        _ => Err("it must be a JSON object".to_owned()),
    }
}

/// A file as text, decoded as .NET reads it: by its byte order mark, and else as UTF-8.
pub(crate) fn read(file: &Path) -> Result<String, AppError> {
    let bytes = std::fs::read(file).map_err(|error| AppError::new(file, error))?;
    Ok(body_text::decode(&bytes))
}
