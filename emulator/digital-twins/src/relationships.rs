//! The instance's relationships.

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::instance::Instance;

/// A relationship from one twin to another.
#[derive(Clone, Debug)]
pub(super) struct Relationship {
    target: String,
    name: String,
    etag: String,
}

impl Instance {
    /// Makes the relationship `id` from the twin `source`, or replaces it.
    ///
    /// # Errors
    /// As the service.
    pub fn put_relationship(
        &mut self,
        source: &str,
        id: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        let model = &self.twin(source)?.model;
        let text = |name: &str| {
            body[name]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| Failure::invalid(format!("A relationship needs a {name}.")))
        };
        let (target, name) = (text("$targetId")?, text("$relationshipName")?);
        if !self.model(model)?.has_relationship(&name) {
            return Err(Failure::validation(format!(
                "The model {model} has no relationship {name:?}."
            )));
        }
        self.twin(&target)?;
        let relationship = Relationship {
            target,
            name,
            etag: self.next_etag(),
        };
        let shown = shown(source, id, &relationship);
        self.relationships
            .insert((source.to_owned(), id.to_owned()), relationship);
        Ok(shown)
    }

    /// The relationships from the twin `source`, in the order of their ids.
    ///
    /// # Errors
    /// When there is no such twin.
    pub fn outgoing(&self, source: &str) -> Result<Vec<Value>, Failure> {
        self.twin(source)?;
        let all = self
            .relationships
            .iter()
            .filter(|((from, _), _)| from == source);
        Ok(all
            .map(|((from, id), relationship)| shown(from, id, relationship))
            .collect())
    }

    /// The relationships to the twin `target`.
    ///
    /// # Errors
    /// When there is no such twin.
    pub fn incoming(&self, target: &str) -> Result<Vec<Value>, Failure> {
        self.twin(target)?;
        let all = self
            .relationships
            .iter()
            .filter(|(_, relationship)| relationship.target == target);
        Ok(all
            .map(|((source, id), relationship)| {
                json!({
                    "$relationshipId": id,
                    "$sourceId": source,
                    "$relationshipName": relationship.name,
                    "$relationshipLink": format!("/digitaltwins/{source}/relationships/{id}"),
                })
            })
            .collect())
    }

    /// Deletes the relationship `id` of the twin `source`.
    ///
    /// # Errors
    /// When there is none, or it is not the one that `if_match` means.
    pub fn delete_relationship(
        &mut self,
        source: &str,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<(), Failure> {
        self.twin(source)?;
        let key = (source.to_owned(), id.to_owned());
        let relationship = self.relationships.get(&key).ok_or_else(|| {
            Failure::new(
                404,
                "RelationshipNotFound",
                format!("The digital twin {source:?} has no relationship {id:?}."),
            )
        })?;
        if if_match.is_some_and(|etag| etag != "*" && etag != relationship.etag) {
            return Err(Failure::precondition(source));
        }
        self.relationships.remove(&key);
        Ok(())
    }

    /// Whether any relationship leads from or to the twin.
    pub(super) fn is_related(&self, twin: &str) -> bool {
        self.relationships
            .iter()
            .any(|((source, _), relationship)| source == twin || relationship.target == twin)
    }
}

fn shown(source: &str, id: &str, relationship: &Relationship) -> Value {
    let mut shown = Map::new();
    for (name, value) in [
        ("$relationshipId", id),
        ("$etag", &relationship.etag),
        ("$sourceId", source),
        ("$relationshipName", &relationship.name),
        ("$targetId", &relationship.target),
    ] {
        shown.insert(name.to_owned(), value.into());
    }
    Value::Object(shown)
}
