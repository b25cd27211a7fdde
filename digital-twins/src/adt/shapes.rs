//! What the service sends.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A digital twin.
///
/// Source:
/// <https://learn.microsoft.com/rest/api/digital-twins/dataplane/twins/digital-twins-get-by-id>.
#[derive(Clone, Debug, Deserialize)]
pub struct DigitalTwin {
    /// Its id.
    #[serde(rename = "$dtId")]
    pub id: String,
    /// What changes with every write.
    #[serde(rename = "$etag")]
    pub etag: String,
    /// What the service knows of it.
    #[serde(rename = "$metadata")]
    pub metadata: Metadata,
    /// Its properties and components.
    #[serde(flatten)]
    pub contents: Map<String, Value>,
}

/// The metadata of a [`DigitalTwin`].
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    /// The id of its model.
    #[serde(rename = "$model")]
    pub model: String,
}

impl DigitalTwin {
    /// The text of the property `name`; `None` where it is absent, empty or something else.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.contents
            .get(name)?
            .as_str()
            .filter(|text| !text.is_empty())
    }

    /// Whether it has the component `name`, which shows itself by its own metadata.
    #[must_use]
    pub fn has_component(&self, name: &str) -> bool {
        let content = self.contents.get(name);
        content.is_some_and(|content| content["$metadata"].is_object())
    }
}

/// A relationship that leads from a twin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Relationship {
    /// Its id, unique among those of its source.
    #[serde(rename = "$relationshipId")]
    pub id: String,
}

/// A relationship that leads to a twin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IncomingRelationship {
    /// Its id, unique among those of its source.
    #[serde(rename = "$relationshipId")]
    pub id: String,
    /// The twin that it comes from, and belongs to.
    #[serde(rename = "$sourceId")]
    pub source: String,
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "nextLink")]
    pub(super) next_link: Option<String>,
}

/// One page of what a query finds.
#[derive(Debug, Deserialize)]
pub(super) struct QueryResult {
    pub(super) value: Vec<DigitalTwin>,
    #[serde(rename = "continuationToken")]
    pub(super) continuation_token: Option<String>,
}

/// The body of an answer that tells of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorResponse {
    pub(super) error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorDetail {
    pub(super) code: String,
    pub(super) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_an_object_with_metadata() {
        let twin: DigitalTwin = serde_json::from_str(
            r#"{"$dtId":"t","$etag":"e","$metadata":{"$model":"dtmi:a;1"},"a":{"$metadata":{}},"b":{"x":1},"c":"$metadata"}"#,
        )
        .unwrap();
        let has = ["a", "b", "c", "d"].map(|name| twin.has_component(name));
        assert_eq!(has, [true, false, false, false]);
    }

    #[test]
    fn a_twin_has_its_metadata_and_its_properties_apart() {
        let twin: DigitalTwin = serde_json::from_str(
            r#"{"$dtId":"t","$etag":"W/\"1\"","Temperature":1.0,"HubRegistrationId":"r","Location":"",
                "$metadata":{"$model":"dtmi:a;1","$lastUpdateTime":"2026-11-22T12:00:00Z","Temperature":{"lastUpdateTime":"2026-11-22T12:00:00Z"}}}"#,
        )
        .unwrap();
        assert_eq!(
            (
                twin.id.as_str(),
                twin.etag.as_str(),
                twin.metadata.model.as_str()
            ),
            ("t", "W/\"1\"", "dtmi:a;1")
        );
        assert_eq!(twin.text("HubRegistrationId"), Some("r"));
        assert_eq!(twin.text("Temperature"), None);
        assert_eq!(twin.text("Location"), None, "empty");
        assert_eq!(twin.text("$dtId"), None);
    }
}
