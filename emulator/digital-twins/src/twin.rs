//! One digital twin and what can be done to it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::model::Model;

/// A digital twin.
#[derive(Clone, Debug)]
pub(super) struct Twin {
    pub(super) id: String,
    pub(super) etag: String,
    pub(super) model: String,
    pub(super) last_update_time: String,
    pub(super) properties: Map<String, Value>,
    /// When each property was last written.
    pub(super) written: BTreeMap<String, String>,
}

impl Twin {
    /// A new twin of `model` from the body of a PUT.
    pub(super) fn new(
        id: &str,
        model: &Model,
        body: &Map<String, Value>,
        now: &str,
    ) -> Result<Self, Failure> {
        let properties: Map<_, _> = body
            .iter()
            .filter(|(name, _)| !name.starts_with('$'))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for (name, value) in &properties {
            model
                .check_property(name, value)
                .map_err(Failure::validation)?;
        }
        Ok(Self {
            id: id.to_owned(),
            etag: String::new(),
            model: model.id.clone(),
            last_update_time: now.to_owned(),
            written: properties
                .keys()
                .map(|name| (name.clone(), now.to_owned()))
                .collect(),
            properties,
        })
    }

    /// The twin after a JSON Patch.
    pub(super) fn patched(&self, model: &Model, patch: &Value, now: &str) -> Result<Self, Failure> {
        let operations = patch
            .as_array()
            .ok_or_else(|| Failure::patch("A patch is an array of operations."))?;
        let mut twin = self.clone();
        now.clone_into(&mut twin.last_update_time);
        for operation in operations {
            let pointer = operation["path"].as_str().unwrap_or_default();
            let property = pointer
                .strip_prefix('/')
                .filter(|name| !name.is_empty() && !name.contains('/'))
                .ok_or_else(|| {
                    Failure::patch(format!("The path {pointer:?} names no property."))
                })?;
            let property = property.replace("~1", "/").replace("~0", "~");
            let is_there = twin.properties.contains_key(&property);
            match (operation["op"].as_str(), operation.get("value")) {
                (Some("replace"), Some(_)) | (Some("remove"), _) if !is_there => {
                    return Err(Failure::patch(format!(
                        "The property {property:?} isn't there: use add."
                    )));
                }
                (Some("add" | "replace"), Some(value)) => {
                    model
                        .check_property(&property, value)
                        .map_err(Failure::validation)?;
                    twin.written.insert(property.clone(), now.to_owned());
                    twin.properties.insert(property, value.clone());
                }
                (Some("remove"), _) => {
                    twin.written.remove(&property);
                    twin.properties.remove(&property);
                }
                _ => {
                    return Err(Failure::patch(
                        "An operation is add or replace with a value, or remove.",
                    ));
                }
            }
        }
        Ok(twin)
    }

    /// The twin as the service shows it.
    pub(super) fn to_json(&self) -> Value {
        let mut metadata = Map::new();
        metadata.insert("$model".to_owned(), json!(self.model));
        metadata.insert("$lastUpdateTime".to_owned(), json!(self.last_update_time));
        for (name, time) in &self.written {
            metadata.insert(name.clone(), json!({"lastUpdateTime": time}));
        }
        let mut twin = Map::new();
        twin.insert("$dtId".to_owned(), json!(self.id));
        twin.insert("$etag".to_owned(), json!(self.etag));
        twin.extend(self.properties.clone());
        twin.insert("$metadata".to_owned(), Value::Object(metadata));
        Value::Object(twin)
    }
}
