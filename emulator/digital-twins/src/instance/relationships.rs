//! The relationships between the twins of an instance.
//!
//! Source: <https://learn.microsoft.com/azure/digital-twins/how-to-manage-graph>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::model::Model;
use crate::error::InstanceError;

/// All relationships, by the id of the twin that they start from and their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Relationships(BTreeMap<(String, String), Relationship>);

/// A relationship as it is kept.
#[derive(Clone, Debug)]
struct Relationship {
    end: RelationshipEnd,
    etag: String,
}

/// Where a relationship leads, and what it is called in the model of the twin that it starts from.
#[derive(Clone, Debug)]
pub(super) struct RelationshipEnd {
    pub(super) target: String,
    name: String,
}

impl RelationshipEnd {
    /// Reads the body of a PUT for a twin of `model`.
    pub(super) fn parse(model: &Model, body: &Value) -> Result<Self, InstanceError> {
        let text = |name: &str| {
            let text = body[name].as_str().map(str::to_owned);
            text.ok_or_else(|| InstanceError::invalid(format!("A relationship needs a {name}.")))
        };
        let (target, name) = (text("$targetId")?, text("$relationshipName")?);
        if !model.has_relationship(&name) {
            return Err(InstanceError::validation(format!(
                "The model {} has no relationship {name:?}.",
                model.id
            )));
        }
        Ok(Self { target, name })
    }
}

impl Relationships {
    /// Adds or replaces one, and shows it.
    pub(super) fn put(
        &mut self,
        source: &str,
        id: &str,
        end: RelationshipEnd,
        etag: String,
    ) -> Value {
        let relationship = Relationship { end, etag };
        let shown = relationship.to_json(source, id);
        self.0
            .insert((source.to_owned(), id.to_owned()), relationship);
        shown
    }

    /// Those that start from a twin, in the order of their ids.
    pub(super) fn outgoing(&self, source: &str) -> Vec<Value> {
        let outgoing = self.0.iter().filter(|((from, _), _)| from == source);
        outgoing
            .map(|((from, id), relationship)| relationship.to_json(from, id))
            .collect()
    }

    /// Those that lead to a twin.
    pub(super) fn incoming(&self, target: &str) -> Vec<Value> {
        let incoming = self.0.iter();
        incoming
            .filter(|(_, relationship)| relationship.end.target == target)
            .map(|((source, id), relationship)| {
                json!({
                    "$relationshipId": id,
                    "$sourceId": source,
                    "$relationshipName": relationship.end.name,
                    "$relationshipLink": format!("/digitaltwins/{source}/relationships/{id}"),
                })
            })
            .collect()
    }

    /// Deletes one.
    pub(super) fn delete(
        &mut self,
        source: &str,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<(), InstanceError> {
        let key = (source.to_owned(), id.to_owned());
        let relationship = self.0.get(&key).ok_or_else(|| {
            InstanceError::new(
                404,
                "RelationshipNotFound",
                format!("The digital twin {source:?} has no relationship {id:?}."),
            )
        })?;
        if if_match.is_some_and(|etag| etag != "*" && etag != relationship.etag) {
            return Err(InstanceError::precondition(source));
        }
        self.0.remove(&key);
        Ok(())
    }

    /// Whether any relationship leads from or to the twin.
    pub(super) fn involve(&self, twin: &str) -> bool {
        let mut all = self.0.iter();
        all.any(|((source, _), relationship)| source == twin || relationship.end.target == twin)
    }
}

impl Relationship {
    /// The relationship as the service shows it.
    fn to_json(&self, source: &str, id: &str) -> Value {
        let mut shown = Map::new();
        for (name, value) in [
            ("$relationshipId", id),
            ("$etag", &self.etag),
            ("$sourceId", source),
            ("$relationshipName", &self.end.name),
            ("$targetId", &self.end.target),
        ] {
            shown.insert(name.to_owned(), value.into());
        }
        Value::Object(shown)
    }
}
