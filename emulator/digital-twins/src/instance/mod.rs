//! The instance's state and its rules: models, twins, relationships, etags. Pure; the time comes in
//! with each call.

mod model;
mod query;
mod relationships;
mod twin;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::model::Model;
use self::model::Models;
use self::query::Query;
use self::relationships::{RelationshipEnd, Relationships};
use self::twin::Twin;
use crate::error::InstanceError;

/// The service's limit for a twin's id.
const MAX_ID: usize = 128;

/// What the instance holds.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    models: Models,
    twins: BTreeMap<String, Twin>,
    relationships: Relationships,
    etags: u64,
}

impl Instance {
    /// An instance with these models and no twins.
    #[must_use]
    pub fn new(models: impl IntoIterator<Item = Model>) -> Self {
        Self {
            models: Models::new(models),
            ..Self::default()
        }
    }

    /// The ids of all twins.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.twins.keys().map(String::as_str)
    }

    /// The twin `id` as the service shows it.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, id: &str) -> Result<Value, InstanceError> {
        self.twin(id).map(Twin::to_json)
    }

    /// Makes the twin `id`, or replaces it unless `if_none_match` is `*`.
    ///
    /// # Errors
    /// As the service.
    pub fn put(
        &mut self,
        id: &str,
        body: &Value,
        if_none_match: Option<&str>,
        now: &str,
    ) -> Result<Value, InstanceError> {
        if id.is_empty() || id.chars().count() > MAX_ID {
            return Err(InstanceError::invalid(format!(
                "The id of a digital twin has 1 to {MAX_ID} characters."
            )));
        }
        let members = body
            .as_object()
            .ok_or_else(|| InstanceError::invalid("A digital twin is a JSON object."))?;
        let model = body["$metadata"]["$model"].as_str().ok_or_else(|| {
            InstanceError::invalid("A digital twin needs the id of its model in $metadata.$model.")
        })?;
        if members.get("$dtId").is_some_and(|said| said != id) {
            return Err(InstanceError::invalid("$dtId is not the id in the path."));
        }
        if if_none_match == Some("*") && self.twins.contains_key(id) {
            return Err(InstanceError::precondition(id));
        }
        let twin = Twin::new(id, model, &self.models, members, now)?;
        Ok(self.keep(twin))
    }

    /// Changes the twin `id` by a JSON Patch, wholly or not at all.
    ///
    /// # Errors
    /// As the service.
    pub fn patch(
        &mut self,
        id: &str,
        patch: &Value,
        if_match: Option<&str>,
        now: &str,
    ) -> Result<Value, InstanceError> {
        let twin = self.matching(id, if_match)?;
        let patched = twin.patched(&self.models, patch, now)?;
        Ok(self.keep(patched))
    }

    /// Deletes the twin `id`, which must have no relationships.
    ///
    /// # Errors
    /// As the service.
    pub fn delete(&mut self, id: &str, if_match: Option<&str>) -> Result<(), InstanceError> {
        self.matching(id, if_match)?;
        if self.relationships.involve(id) {
            return Err(InstanceError::new(
                400,
                "RelationshipsNotDeleted",
                format!("The digital twin {id:?} has relationships; delete them first."),
            ));
        }
        self.twins.remove(id);
        Ok(())
    }

    /// The twins that a query finds.
    ///
    /// # Errors
    /// When the query has another form than the one that is known.
    pub fn query(&self, query: &str) -> Result<Vec<Value>, InstanceError> {
        let Query { property, text } = Query::parse(query)?;
        let hits = self
            .twins
            .values()
            .filter(|twin| twin.says(&property, &text));
        Ok(hits.map(Twin::to_json).collect())
    }

    /// Makes the relationship `id` from the twin `source`, or replaces it.
    ///
    /// # Errors
    /// As the service.
    pub fn put_relationship(
        &mut self,
        source: &str,
        id: &str,
        body: &Value,
    ) -> Result<Value, InstanceError> {
        let model = self.models.get(&self.twin(source)?.model)?;
        let end = RelationshipEnd::parse(model, body)?;
        self.twin(&end.target)?;
        let etag = self.next_etag();
        Ok(self.relationships.put(source, id, end, etag))
    }

    /// The relationships from the twin `source`, in the order of their ids.
    ///
    /// # Errors
    /// When there is no such twin.
    pub fn outgoing(&self, source: &str) -> Result<Vec<Value>, InstanceError> {
        self.twin(source)?;
        Ok(self.relationships.outgoing(source))
    }

    /// The relationships to the twin `target`.
    ///
    /// # Errors
    /// When there is no such twin.
    pub fn incoming(&self, target: &str) -> Result<Vec<Value>, InstanceError> {
        self.twin(target)?;
        Ok(self.relationships.incoming(target))
    }

    /// Deletes the relationship `id` of the twin `source`.
    ///
    /// # Errors
    /// When there is none, or `if_match` has another etag.
    pub fn delete_relationship(
        &mut self,
        source: &str,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<(), InstanceError> {
        self.twin(source)?;
        self.relationships.delete(source, id, if_match)
    }

    fn twin(&self, id: &str) -> Result<&Twin, InstanceError> {
        self.twins.get(id).ok_or_else(|| InstanceError::no_twin(id))
    }

    fn next_etag(&mut self) -> String {
        self.etags += 1;
        format!("W/\"{:08x}-0000-4000-8000-000000000000\"", self.etags)
    }

    fn matching(&self, id: &str, if_match: Option<&str>) -> Result<&Twin, InstanceError> {
        let twin = self.twin(id)?;
        match if_match {
            Some(etag) if etag != "*" && etag != twin.etag => Err(InstanceError::precondition(id)),
            _ => Ok(twin),
        }
    }

    fn keep(&mut self, mut twin: Twin) -> Value {
        twin.etag = self.next_etag();
        let shown = twin.to_json();
        self.twins.insert(twin.id.clone(), twin);
        shown
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";
    const LATER: &str = "2026-11-22T12:00:01Z";

    fn instance() -> Instance {
        let model = json!({
            "@id": "dtmi:room;1", "@type": "Interface", "contents": [
                {"@type": "Property", "name": "T", "schema": "double"},
                {"@type": "Property", "name": "Tag", "schema": "string"},
                {"@type": "Relationship", "name": "contains"},
            ],
        });
        Instance::new([Model::parse(&model).unwrap()])
    }

    fn room(instance: &mut Instance, id: &str) -> Value {
        instance
            .put(
                id,
                &json!({"$metadata": {"$model": "dtmi:room;1"}, "Tag": id}),
                None,
                NOW,
            )
            .unwrap()
    }

    #[test]
    fn a_twin_shows_its_id_etag_model_and_when_each_property_was_written() {
        let mut instance = instance();
        room(&mut instance, "a");
        instance
            .patch(
                "a",
                &json!([{"op": "add", "path": "/T", "value": 1.5}]),
                None,
                LATER,
            )
            .unwrap();
        let twin = instance.get("a").unwrap();
        assert_eq!(twin["$dtId"], "a");
        assert!(twin["$etag"].as_str().unwrap().starts_with("W/\""));
        assert_eq!((&twin["T"], &twin["Tag"]), (&json!(1.5), &json!("a")));
        assert_eq!(
            twin["$metadata"],
            json!({
                "$model": "dtmi:room;1", "$lastUpdateTime": LATER,
                "T": {"lastUpdateTime": LATER}, "Tag": {"lastUpdateTime": NOW},
            })
        );
    }

    #[test]
    fn etags_and_if_none_match_guard_a_twin() {
        let mut instance = instance();
        let first = room(&mut instance, "a");
        let etag = first["$etag"].as_str();
        let body = json!({"$metadata": {"$model": "dtmi:room;1"}});
        assert_eq!(
            instance.put("a", &body, Some("*"), NOW).unwrap_err().status,
            412
        );
        let patch = json!([{"op": "add", "path": "/T", "value": 1}]);
        let second = instance.patch("a", &patch, etag, NOW).unwrap();
        assert_ne!(second["$etag"], first["$etag"], "every write changes it");
        assert_eq!(
            instance.patch("a", &patch, etag, NOW).unwrap_err().status,
            412
        );
        assert_eq!(instance.delete("a", etag).unwrap_err().status, 412);
        instance.delete("a", second["$etag"].as_str()).unwrap();
        assert_eq!(
            instance.delete("a", Some("*")).unwrap_err().code,
            "DigitalTwinNotFound"
        );
    }

    #[test]
    fn a_put_without_if_none_match_replaces() {
        let mut instance = instance();
        room(&mut instance, "a");
        instance
            .put(
                "a",
                &json!({"$metadata": {"$model": "dtmi:room;1"}}),
                None,
                NOW,
            )
            .unwrap();
        assert_eq!(instance.get("a").unwrap().get("Tag"), None);
    }

    #[test]
    fn what_the_model_does_not_allow_is_refused_and_changes_nothing() {
        let mut instance = instance();
        room(&mut instance, "a");
        let before = instance.get("a").unwrap();
        for (patch, code) in [
            (
                json!([{"op": "replace", "path": "/T", "value": 1}]),
                "JsonPatchInvalid",
            ),
            (json!([{"op": "remove", "path": "/T"}]), "JsonPatchInvalid"),
            (json!([{"op": "move", "path": "/T"}]), "JsonPatchInvalid"),
            (json!({"T": 1}), "JsonPatchInvalid"),
            (
                json!([{"op": "add", "path": "T", "value": 1}]),
                "JsonPatchInvalid",
            ),
            (
                json!([{"op": "add", "path": "/T", "value": 1}, {"op": "add", "path": "/X", "value": 1}]),
                "ValidationFailed",
            ),
            (
                json!([{"op": "add", "path": "/T", "value": "warm"}]),
                "ValidationFailed",
            ),
        ] {
            assert_eq!(
                instance.patch("a", &patch, None, LATER).unwrap_err().code,
                code,
                "{patch}"
            );
        }
        assert_eq!(instance.get("a").unwrap(), before);
        for (id, body, code) in [
            (
                "b",
                json!({"$metadata": {"$model": "dtmi:room;2"}}),
                "ValidationFailed",
            ),
            (
                "b",
                json!({"$metadata": {"$model": "DTMI:room;1"}}),
                "ValidationFailed",
            ),
            (
                "b",
                json!({"$metadata": {"$model": "dtmi:room;1"}, "X": 1}),
                "ValidationFailed",
            ),
            (
                "b",
                json!({"$metadata": {"$model": "dtmi:room;1"}, "$dtId": "c"}),
                "InvalidArgument",
            ),
            ("b", json!({}), "InvalidArgument"),
            ("b", json!([]), "InvalidArgument"),
            (
                &"x".repeat(129),
                json!({"$metadata": {"$model": "dtmi:room;1"}}),
                "InvalidArgument",
            ),
        ] {
            assert_eq!(
                instance.put(id, &body, None, NOW).unwrap_err().code,
                code,
                "{body}"
            );
        }
        assert_eq!(instance.ids().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_twin_goes_only_after_its_relationships_on_both_sides() {
        let mut instance = instance();
        for id in ["house", "room", "lamp"] {
            room(&mut instance, id);
        }
        let to = |target: &str| json!({"$targetId": target, "$relationshipName": "contains"});
        instance
            .put_relationship("house", "h", &to("room"))
            .unwrap();
        instance.put_relationship("room", "r", &to("lamp")).unwrap();
        assert_eq!(
            instance
                .put_relationship("room", "x", &to("nowhere"))
                .unwrap_err()
                .status,
            404
        );
        assert_eq!(
            instance.delete("room", None).unwrap_err().code,
            "RelationshipsNotDeleted"
        );
        assert_eq!(instance.incoming("room").unwrap()[0]["$sourceId"], "house");
        assert_eq!(instance.outgoing("room").unwrap()[0]["$targetId"], "lamp");
        instance
            .delete_relationship("room", "r", Some("*"))
            .unwrap();
        assert_eq!(
            instance.delete("room", None).unwrap_err().code,
            "RelationshipsNotDeleted"
        );
        instance.delete_relationship("house", "h", None).unwrap();
        assert_eq!(
            instance
                .delete_relationship("house", "h", None)
                .unwrap_err()
                .code,
            "RelationshipNotFound"
        );
        instance.delete("room", None).unwrap();
        assert_eq!(
            instance.outgoing("room").unwrap_err().code,
            "DigitalTwinNotFound"
        );
    }

    #[test]
    fn a_query_finds_twins_by_a_property_s_text() {
        let mut instance = instance();
        room(&mut instance, "a");
        room(&mut instance, "b");
        let hits = instance
            .query("SELECT * FROM DIGITALTWINS T WHERE T.Tag = 'b'")
            .unwrap();
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0]["$dtId"], "b");
        assert_eq!(
            instance
                .query("SELECT * FROM DIGITALTWINS T WHERE T.Tag = 'B'")
                .unwrap()
                .len(),
            0
        );
    }
}
