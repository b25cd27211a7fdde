//! DTDL models, as far as the instance checks twins against them: properties of primitive types,
//! components, and relationships.
//!
//! Source: <https://github.com/Azure/opendigitaltwins-dtdl/blob/master/DTDL/v2/DTDL.v2.md>.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{InstanceError, ModelError};

/// The interfaces that an instance knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Models(BTreeMap<String, Model>);

impl Models {
    pub(super) fn new(models: impl IntoIterator<Item = Model>) -> Self {
        let models = models.into_iter();
        Self(models.map(|model| (model.id.clone(), model)).collect())
    }

    pub(super) fn get(&self, id: &str) -> Result<&Model, InstanceError> {
        let model = self.0.get(id);
        model.ok_or_else(|| InstanceError::validation(format!("There is no model {id}.")))
    }
}

/// One interface.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its DTMI.
    pub id: String,
    properties: BTreeMap<String, String>,
    /// The id of each component's model.
    components: BTreeMap<String, String>,
    relationships: Vec<String>,
}

impl Model {
    /// Reads an interface's JSON.
    ///
    /// # Errors
    /// When it isn't an interface, or uses what this instance doesn't know.
    pub fn parse(json: &Value) -> Result<Self, ModelError> {
        let id = json["@id"].as_str().ok_or(ModelError::MissingId)?;
        let model = || id.to_owned();
        if json["@type"] != "Interface" {
            return Err(ModelError::NotAnInterface { model: model() });
        }
        if !json["extends"].is_null() {
            return Err(ModelError::Extends { model: model() });
        }
        let mut parsed = Self {
            id: model(),
            properties: BTreeMap::new(),
            components: BTreeMap::new(),
            relationships: Vec::new(),
        };
        for content in json["contents"].as_array().into_iter().flatten() {
            let name = content["name"].as_str().map(str::to_owned);
            let name = name.ok_or_else(|| ModelError::UnnamedContent { model: model() })?;
            let schema = content["schema"].as_str().map(str::to_owned);
            match (kind(&content["@type"]), schema) {
                (Some("Property"), Some(schema)) => {
                    parsed.properties.insert(name, schema);
                }
                (Some("Property"), None) => {
                    let model = model();
                    return Err(ModelError::PropertySchema { model, name });
                }
                (Some("Component"), Some(schema)) => {
                    parsed.components.insert(name, schema);
                }
                (Some("Component"), None) => {
                    let model = model();
                    return Err(ModelError::ComponentSchema { model, name });
                }
                (Some("Relationship"), _) => parsed.relationships.push(name),
                // Telemetry and commands leave no trace in a twin.
                (Some("Telemetry" | "Command"), _) => {}
                _ => {
                    let model = model();
                    return Err(ModelError::UnknownContent { model, name });
                }
            }
        }
        Ok(parsed)
    }

    /// Checks that a twin of this model may have `value` under `property`.
    pub(super) fn check_property(
        &self,
        property: &str,
        value: &Value,
    ) -> Result<(), InstanceError> {
        let schema = self.properties.get(property).ok_or_else(|| {
            InstanceError::validation(format!(
                "The model {} has no property {property:?}.",
                self.id
            ))
        })?;
        let fits = match schema.as_str() {
            "double" | "float" => value.is_number(),
            "integer" | "long" => value.is_i64(),
            "boolean" => value.is_boolean(),
            _ => value.is_string(),
        };
        if fits {
            Ok(())
        } else {
            Err(InstanceError::validation(format!(
                "The property {property:?} of the model {} must be a {schema}.",
                self.id
            )))
        }
    }

    /// The components, each with the id of its model.
    pub(super) fn components(&self) -> impl Iterator<Item = (&str, &str)> {
        let components = self.components.iter();
        components.map(|(name, schema)| (name.as_str(), schema.as_str()))
    }

    pub(super) fn has_component(&self, name: &str) -> bool {
        self.components.contains_key(name)
    }

    pub(super) fn has_relationship(&self, name: &str) -> bool {
        self.relationships
            .iter()
            .any(|relationship| relationship == name)
    }
}

/// What a content is: its type, beside which there may be semantic ones, as in
/// `["Telemetry", "Temperature"]`.
fn kind(types: &Value) -> Option<&str> {
    const KINDS: [&str; 5] = [
        "Property",
        "Component",
        "Relationship",
        "Telemetry",
        "Command",
    ];
    let one = std::slice::from_ref(types);
    let types = types.as_array().map_or(one, Vec::as_slice);
    let mut types = types.iter().filter_map(Value::as_str);
    types.find(|kind| KINDS.contains(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_property_takes_values_of_its_schema_alone() {
        let model = Model::parse(&json!({
            "@id": "dtmi:a;1", "@type": "Interface", "contents": [
                {"@type": ["Property", "Temperature"], "name": "T", "schema": "double"},
                {"@type": "Component", "name": "c", "schema": "dtmi:c;1"},
                {"@type": "Property", "name": "N", "schema": "integer"},
                {"@type": "Property", "name": "S", "schema": "string"},
                {"@type": "Property", "name": "B", "schema": "boolean"},
                {"@type": "Relationship", "name": "r"},
            ],
        }))
        .unwrap();
        for (property, value, fits) in [
            ("T", json!(1.5), true),
            ("T", json!(1), true),
            ("T", json!("1"), false),
            ("N", json!(1), true),
            ("N", json!(1.5), false),
            ("S", json!("a"), true),
            ("S", json!(null), false),
            ("B", json!(true), true),
            ("B", json!(0), false),
            ("t", json!(1), false),
            ("r", json!(1), false),
            ("c", json!(1), false),
        ] {
            assert_eq!(
                model.check_property(property, &value).is_ok(),
                fits,
                "{property} {value}"
            );
        }
        assert!(model.has_relationship("r") && !model.has_relationship("T"));
        assert_eq!(model.components().collect::<Vec<_>>(), [("c", "dtmi:c;1")]);
    }

    #[test]
    fn what_is_no_model_or_an_unknown_one_is_told() {
        for (json, expected) in [
            (json!({}), "a model lacks its \"@id\""),
            (json!({"@id": "dtmi:a;1"}), "dtmi:a;1 is no Interface"),
            (
                json!({"@id": "dtmi:a;1", "@type": "Interface", "extends": "dtmi:b;1"}),
                "dtmi:a;1 extends another model, which the local instance doesn't know",
            ),
            (
                json!({"@id": "dtmi:a;1", "@type": "Interface", "contents": [{"@type": "Property"}]}),
                "dtmi:a;1 has a content without a name",
            ),
            (
                json!({"@id": "dtmi:a;1", "@type": "Interface", "contents": [{"@type": "Property", "name": "p", "schema": {}}]}),
                "dtmi:a;1: the schema of p is not a primitive one",
            ),
            (
                json!({"@id": "dtmi:a;1", "@type": "Interface", "contents": [{"@type": "Component", "name": "c"}]}),
                "dtmi:a;1: the schema of c is not a model's id",
            ),
            (
                json!({"@id": "dtmi:a;1", "@type": "Interface", "contents": [{"@type": "Array", "name": "c"}]}),
                "dtmi:a;1: the local instance doesn't know what c is",
            ),
        ] {
            assert_eq!(Model::parse(&json).unwrap_err().to_string(), expected);
        }
    }
}
