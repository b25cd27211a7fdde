//! The calls.

use reqwest::header::{IF_MATCH, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::shapes::{Page, QueryResult};
use super::transport::{Call, Transport};
use super::{
    AdtError, Deadline, DigitalTwin, IncomingRelationship, JsonPatch, ModelId, Relationship,
    Settings, TwinId,
};

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";

/// A client of one instance.
///
/// Every call ends by its [`Deadline`] at the latest. Until then it is tried again where that is
/// worth it, after the pause that the service names. A throttled instance is left alone by all
/// calls.
pub struct Client {
    settings: Settings,
    transport: Transport,
}

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the machine has no certificates to trust, or the sign-in is unusable.
    pub fn new(settings: Settings) -> Result<Self, AdtError> {
        let transport = Transport::new(&settings)?;
        Ok(Self {
            settings,
            transport,
        })
    }

    /// The twin `id`, or `None` when there is none.
    ///
    /// # Errors
    /// When the instance doesn't say.
    pub async fn get(
        &self,
        id: &TwinId,
        deadline: Deadline,
    ) -> Result<Option<DigitalTwin>, AdtError> {
        let call = self.call(Method::GET, &["digitaltwins", id.as_str()]);
        match self.json(&call, deadline).await {
            Err(error) if error.is_status(StatusCode::NOT_FOUND) => Ok(None),
            twin => twin.map(Some),
        }
    }

    /// Makes the twin `id`. `false` means that there is one already, which stays as it is.
    ///
    /// # Errors
    /// When the instance refuses the twin, or doesn't say.
    pub async fn create(
        &self,
        id: &TwinId,
        model: &ModelId,
        properties: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<bool, AdtError> {
        let mut twin = properties.clone();
        twin.insert("$metadata".to_owned(), json!({"$model": model.as_str()}));
        let call = self
            .call(Method::PUT, &["digitaltwins", id.as_str()])
            .condition(IF_NONE_MATCH, "*")
            .body(JSON, &twin)?;
        match self.transport.send(&call, deadline).await {
            Err(error) if error.is_status(StatusCode::PRECONDITION_FAILED) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    /// Changes the twin `id`.
    ///
    /// # Errors
    /// When there is no such twin, its model doesn't allow the change, or the instance doesn't say.
    pub async fn update(
        &self,
        id: &TwinId,
        patch: &JsonPatch,
        deadline: Deadline,
    ) -> Result<(), AdtError> {
        let call = self
            .call(Method::PATCH, &["digitaltwins", id.as_str()])
            .body(JSON_PATCH, patch)?;
        self.transport.send(&call, deadline).await.map(drop)
    }

    /// Changes the twin `id` if it is still the one with this etag.
    ///
    /// # Errors
    /// As [`Self::update`], and when it has changed (412).
    pub async fn update_if_match(
        &self,
        id: &TwinId,
        etag: &str,
        patch: &JsonPatch,
        deadline: Deadline,
    ) -> Result<(), AdtError> {
        let call = self
            .call(Method::PATCH, &["digitaltwins", id.as_str()])
            .condition(IF_MATCH, etag)
            .body(JSON_PATCH, patch)?;
        self.transport.send(&call, deadline).await.map(drop)
    }

    /// Deletes the twin `id` if it is still the one with this etag.
    ///
    /// # Errors
    /// When there is none (404), it has changed (412), it has relationships
    /// (`RelationshipsNotDeleted`), or the instance doesn't say.
    pub async fn delete(
        &self,
        id: &TwinId,
        etag: &str,
        deadline: Deadline,
    ) -> Result<(), AdtError> {
        let call = self
            .call(Method::DELETE, &["digitaltwins", id.as_str()])
            .condition(IF_MATCH, etag);
        self.transport.send(&call, deadline).await.map(drop)
    }

    /// All relationships that lead from the twin `id`.
    ///
    /// # Errors
    /// When there is no such twin, or the instance doesn't say.
    pub async fn relationships(
        &self,
        id: &TwinId,
        deadline: Deadline,
    ) -> Result<Vec<Relationship>, AdtError> {
        self.pages(
            self.call(Method::GET, &["digitaltwins", id.as_str(), "relationships"]),
            deadline,
        )
        .await
    }

    /// All relationships that lead to the twin `id`.
    ///
    /// # Errors
    /// When there is no such twin, or the instance doesn't say.
    pub async fn incoming_relationships(
        &self,
        id: &TwinId,
        deadline: Deadline,
    ) -> Result<Vec<IncomingRelationship>, AdtError> {
        self.pages(
            self.call(
                Method::GET,
                &["digitaltwins", id.as_str(), "incomingrelationships"],
            ),
            deadline,
        )
        .await
    }

    /// Deletes the relationship `id` of the twin `source`; that it has gone already is as well.
    ///
    /// # Errors
    /// When the instance doesn't say.
    pub async fn delete_relationship(
        &self,
        source: &str,
        id: &str,
        deadline: Deadline,
    ) -> Result<(), AdtError> {
        let call = self.call(
            Method::DELETE,
            &["digitaltwins", source, "relationships", id],
        );
        match self.transport.send(&call, deadline).await {
            Err(error) if error.is_status(StatusCode::NOT_FOUND) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// All twins whose property `property` is the text `text`. It may take some seconds until a
    /// query sees a change.
    ///
    /// # Errors
    /// When the instance doesn't say.
    pub async fn find(
        &self,
        property: &str,
        text: &str,
        deadline: Deadline,
    ) -> Result<Vec<DigitalTwin>, AdtError> {
        let literal = text.replace('\\', "\\\\").replace('\'', "\\'");
        let mut body = json!({"query": format!("SELECT * FROM DIGITALTWINS T WHERE T.{property} = '{literal}'")});
        let mut found = Vec::new();
        loop {
            let call = self.call(Method::POST, &["query"]).body(JSON, &body)?;
            let QueryResult {
                value,
                continuation_token,
            } = self.json(&call, deadline).await?;
            found.extend(value);
            match continuation_token {
                Some(token) => body = json!({"continuationToken": token}),
                None => return Ok(found),
            }
        }
    }

    fn call(&self, method: Method, segments: &[&str]) -> Call {
        let url = self
            .settings
            .url
            .resource(segments, &self.settings.api_version);
        Call {
            method,
            url,
            condition: None,
            body: None,
        }
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        first: Call,
        deadline: Deadline,
    ) -> Result<Vec<T>, AdtError> {
        let mut call = first;
        let mut items = Vec::new();
        loop {
            let Page { value, next_link } = self.json(&call, deadline).await?;
            items.extend(value);
            let Some(link) = next_link else {
                return Ok(items);
            };
            let next = self.settings.url.follow(&link);
            call.url = next.ok_or(AdtError::ForeignLink)?;
        }
    }

    async fn json<T: DeserializeOwned>(
        &self,
        call: &Call,
        deadline: Deadline,
    ) -> Result<T, AdtError> {
        let body = self.transport.send(call, deadline).await?;
        serde_json::from_slice(&body).map_err(AdtError::Malformed)
    }
}
