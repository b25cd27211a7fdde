//! One digital twin and what can be done to it.
//!
//! Source: <https://learn.microsoft.com/azure/digital-twins/how-to-manage-twin>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::model::Models;
use crate::error::InstanceError;

/// A digital twin.
#[derive(Clone, Debug)]
pub(super) struct Twin {
    pub(super) id: String,
    pub(super) etag: String,
    pub(super) model: String,
    last_update_time: String,
    contents: Contents,
    components: BTreeMap<String, Contents>,
}

/// The properties of a twin or of one of its components.
#[derive(Clone, Debug, Default)]
struct Contents {
    properties: Map<String, Value>,
    /// When each property was last written.
    written: BTreeMap<String, String>,
}

impl Contents {
    /// What a body says, without what belongs to the service.
    fn new(body: &Map<String, Value>, now: &str) -> Self {
        let mut contents = Self::default();
        for (name, value) in body.iter().filter(|(name, _)| !name.starts_with('$')) {
            contents.set(name, value.clone(), now);
        }
        contents
    }

    fn set(&mut self, name: &str, value: Value, now: &str) {
        self.written.insert(name.to_owned(), now.to_owned());
        self.properties.insert(name.to_owned(), value);
    }

    fn remove(&mut self, name: &str) {
        self.written.remove(name);
        self.properties.remove(name);
    }

    fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    /// The metadata of these properties.
    fn metadata(&self) -> Map<String, Value> {
        let times = self.written.iter();
        times
            .map(|(name, time)| (name.clone(), json!({"lastUpdateTime": time})))
            .collect()
    }
}

/// The body of a component, which shows itself by its metadata.
fn component(value: &Value) -> Option<&Map<String, Value>> {
    let body = value.as_object()?;
    body.contains_key("$metadata").then_some(body)
}

impl Twin {
    /// A new twin of the model `model` from the body of a PUT.
    pub(super) fn new(
        id: &str,
        model: &str,
        models: &Models,
        body: &Map<String, Value>,
        now: &str,
    ) -> Result<Self, InstanceError> {
        let mut twin = Self {
            id: id.to_owned(),
            etag: String::new(),
            model: model.to_owned(),
            last_update_time: now.to_owned(),
            contents: Contents::default(),
            components: BTreeMap::new(),
        };
        for (name, value) in body.iter().filter(|(name, _)| !name.starts_with('$')) {
            twin.set(name, value, now);
        }
        twin.check(models)?;
        Ok(twin)
    }

    /// The twin after a JSON Patch, which may give it another model: what counts is that it fits
    /// its model in the end.
    pub(super) fn patched(
        &self,
        models: &Models,
        patch: &Value,
        now: &str,
    ) -> Result<Self, InstanceError> {
        let operations = patch
            .as_array()
            .ok_or_else(|| InstanceError::patch("A patch is an array of operations."))?;
        let mut twin = self.clone();
        now.clone_into(&mut twin.last_update_time);
        for operation in operations {
            twin.apply(operation, now)?;
        }
        twin.check(models)?;
        Ok(twin)
    }

    fn apply(&mut self, operation: &Value, now: &str) -> Result<(), InstanceError> {
        let pointer = operation["path"].as_str().unwrap_or_default();
        let path: Vec<_> = pointer
            .strip_prefix('/')
            .unwrap_or_default()
            .split('/')
            .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
            .collect();
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        let is_there = match path[..] {
            ["$metadata", "$model"] => true,
            [name] if !name.is_empty() => {
                self.contents.has(name) || self.components.contains_key(name)
            }
            [name, property] if !property.is_empty() => match self.components.get(name) {
                Some(component) => component.has(property),
                None => {
                    return Err(InstanceError::patch(format!(
                        "The digital twin has no component {name:?}."
                    )));
                }
            },
            _ => {
                return Err(InstanceError::patch(format!(
                    "The path {pointer:?} names no property."
                )));
            }
        };
        match (operation["op"].as_str(), operation.get("value")) {
            (Some("replace"), Some(_)) | (Some("remove"), _) if !is_there => {
                return Err(InstanceError::patch(format!(
                    "The property {pointer:?} isn't there: use add."
                )));
            }
            (Some("add" | "replace"), Some(value)) => match path[..] {
                ["$metadata", _] => {
                    let model = value.as_str();
                    let model =
                        model.ok_or_else(|| InstanceError::patch("$model is a model's id."))?;
                    model.clone_into(&mut self.model);
                }
                [name, property] => {
                    let component = self.components.entry(name.to_owned()).or_default();
                    component.set(property, value.clone(), now);
                }
                _ => self.set(path[0], value, now),
            },
            (Some("remove"), _) if path[0] != "$metadata" => {
                if let [name, property] = path[..] {
                    let component = self.components.entry(name.to_owned()).or_default();
                    component.remove(property);
                } else {
                    self.contents.remove(path[0]);
                    self.components.remove(path[0]);
                }
            }
            _ => {
                return Err(InstanceError::patch(
                    "An operation is add or replace with a value, or remove.",
                ));
            }
        }
        Ok(())
    }

    /// Sets a property or a whole component.
    fn set(&mut self, name: &str, value: &Value, now: &str) {
        if let Some(body) = component(value) {
            self.contents.remove(name);
            let component = Contents::new(body, now);
            self.components.insert(name.to_owned(), component);
        } else {
            self.components.remove(name);
            self.contents.set(name, value.clone(), now);
        }
    }

    /// Whether the twin is as its model says.
    fn check(&self, models: &Models) -> Result<(), InstanceError> {
        let model = models.get(&self.model)?;
        for (name, value) in &self.contents.properties {
            model.check_property(name, value)?;
        }
        for (name, schema) in model.components() {
            let Some(component) = self.components.get(name) else {
                return Err(InstanceError::validation(format!(
                    "The digital twin lacks the component {name:?} of the model {}: it is an object with $metadata.",
                    model.id
                )));
            };
            let schema = models.get(schema)?;
            for (property, value) in &component.properties {
                schema.check_property(property, value)?;
            }
        }
        let unknown = self
            .components
            .keys()
            .find(|name| !model.has_component(name));
        unknown.map_or(Ok(()), |name| {
            Err(InstanceError::validation(format!(
                "The model {} has no component {name:?}.",
                model.id
            )))
        })
    }

    /// Whether the property `name` is the text `text`.
    pub(super) fn says(&self, name: &str, text: &str) -> bool {
        let value = self.contents.properties.get(name);
        value.is_some_and(|value| value == text)
    }

    /// The twin as the service shows it.
    pub(super) fn to_json(&self) -> Value {
        let mut metadata = Map::new();
        metadata.insert("$model".to_owned(), json!(self.model));
        metadata.insert("$lastUpdateTime".to_owned(), json!(self.last_update_time));
        metadata.extend(self.contents.metadata());
        let mut twin = Map::new();
        twin.insert("$dtId".to_owned(), json!(self.id));
        twin.insert("$etag".to_owned(), json!(self.etag));
        twin.extend(self.contents.properties.clone());
        for (name, component) in &self.components {
            let mut shown = component.properties.clone();
            shown.insert("$metadata".to_owned(), Value::Object(component.metadata()));
            twin.insert(name.clone(), Value::Object(shown));
        }
        twin.insert("$metadata".to_owned(), Value::Object(metadata));
        Value::Object(twin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::model::Model;

    const NOW: &str = "2026-11-22T12:00:00Z";
    const LATER: &str = "2026-11-22T12:00:01Z";

    fn models() -> Models {
        let interface = |id: &str, contents: Value| {
            Model::parse(&json!({"@id": id, "@type": "Interface", "contents": contents})).unwrap()
        };
        let sensor = json!([{"@type": "Property", "name": "T", "schema": "double"}]);
        let name = json!({"@type": "Property", "name": "Name", "schema": "string"});
        let component = json!({"@type": "Component", "name": "s1", "schema": "dtmi:sensor;1"});
        let second = json!({"@type": "Component", "name": "s2", "schema": "dtmi:sensor;1"});
        Models::new([
            interface("dtmi:sensor;1", sensor),
            interface("dtmi:box;1", json!([name, component])),
            interface("dtmi:box;2", json!([name, component, second])),
        ])
    }

    fn made(body: &Value) -> Result<Twin, InstanceError> {
        Twin::new(
            "box",
            "dtmi:box;1",
            &models(),
            body.as_object().unwrap(),
            NOW,
        )
    }

    fn refused(result: Result<Twin, InstanceError>) -> (&'static str, String) {
        let error = result.unwrap_err();
        (error.code, error.message)
    }

    #[test]
    fn a_twin_has_the_components_of_its_model_with_metadata_of_their_own() {
        let twin = made(&json!({"s1": {"$metadata": {}}})).unwrap();
        let patch = json!([{"op": "add", "path": "/s1/T", "value": 21.5}]);
        let shown = twin.patched(&models(), &patch, LATER).unwrap().to_json();
        assert_eq!(
            shown["s1"],
            json!({"T": 21.5, "$metadata": {"T": {"lastUpdateTime": LATER}}})
        );
        assert_eq!(
            shown["$metadata"],
            json!({"$model": "dtmi:box;1", "$lastUpdateTime": LATER})
        );
    }

    #[test]
    fn components_that_do_not_fit_the_model_are_refused() {
        for (body, message) in [
            (
                json!({}),
                "The digital twin lacks the component \"s1\" of the model dtmi:box;1: it is an object with $metadata.",
            ),
            (
                json!({"s1": {"$metadata": {}}, "s2": {"$metadata": {}}}),
                "The model dtmi:box;1 has no component \"s2\".",
            ),
            (
                json!({"s1": {"$metadata": {}, "T": "hot"}}),
                "The property \"T\" of the model dtmi:sensor;1 must be a double.",
            ),
            (
                json!({"s1": {"T": 1}}),
                "The model dtmi:box;1 has no property \"s1\".",
            ),
        ] {
            let expected = ("ValidationFailed", message.to_owned());
            assert_eq!(refused(made(&body)), expected, "{body}");
        }
    }

    #[test]
    fn a_patch_of_a_component_that_is_not_there_is_refused() {
        let twin = made(&json!({"s1": {"$metadata": {}}})).unwrap();
        for (operation, code, message) in [
            (
                json!({"op": "add", "path": "/s3/T", "value": 1}),
                "JsonPatchInvalid",
                "The digital twin has no component \"s3\".",
            ),
            (
                json!({"op": "replace", "path": "/s1/T", "value": 1}),
                "JsonPatchInvalid",
                "The property \"/s1/T\" isn't there: use add.",
            ),
            (
                json!({"op": "add", "path": "/s1/T/x", "value": 1}),
                "JsonPatchInvalid",
                "The path \"/s1/T/x\" names no property.",
            ),
            (
                json!({"op": "remove", "path": "/s1"}),
                "ValidationFailed",
                "The digital twin lacks the component \"s1\" of the model dtmi:box;1: it is an object with $metadata.",
            ),
            (
                json!({"op": "remove", "path": "/$metadata/$model"}),
                "JsonPatchInvalid",
                "An operation is add or replace with a value, or remove.",
            ),
        ] {
            let patched = twin.patched(&models(), &json!([operation]), LATER);
            assert_eq!(refused(patched), (code, message.to_owned()), "{operation}");
        }
    }

    #[test]
    fn a_twin_takes_another_model_that_it_fits_in_the_end() {
        let twin = made(&json!({"Name": "n", "s1": {"$metadata": {}, "T": 1.0}})).unwrap();
        let model = json!({"op": "replace", "path": "/$metadata/$model", "value": "dtmi:box;2"});
        assert_eq!(
            refused(twin.patched(&models(), &json!([model]), LATER)),
            (
                "ValidationFailed",
                "The digital twin lacks the component \"s2\" of the model dtmi:box;2: it is an object with $metadata.".to_owned()
            )
        );
        let component = json!({"op": "add", "path": "/s2", "value": {"$metadata": {}}});
        let upgraded = twin
            .patched(&models(), &json!([model, component]), LATER)
            .unwrap()
            .to_json();
        assert_eq!(upgraded["$metadata"]["$model"], "dtmi:box;2");
        assert_eq!(
            (&upgraded["Name"], &upgraded["s1"]["T"]),
            (&json!("n"), &json!(1.0))
        );
        let unknown =
            json!([{"op": "replace", "path": "/$metadata/$model", "value": "dtmi:box;3"}]);
        assert_eq!(
            refused(twin.patched(&models(), &unknown, LATER)),
            (
                "ValidationFailed",
                "There is no model dtmi:box;3.".to_owned()
            )
        );
    }
}
