//! The calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use reqwest::header::{CONTENT_TYPE, HeaderName, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Method, StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};
use url::Url;

use super::shapes::{Page, QueryResult};
use super::{
    AdtError, DigitalTwin, IncomingRelationship, InstanceUrl, JsonPatch, ModelId, Relationship,
    SignIn, TwinId, Until, retry,
};

/// What a token must be for.
const SCOPE: &str = "https://digitaltwins.azure.net/.default";

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";

/// Which instance, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The instance.
    pub url: InstanceUrl,
    /// The version of its API.
    pub api_version: String,
    /// How to sign in.
    pub sign_in: SignIn,
}

/// A client of one instance.
///
/// Every call ends by its [`Until`] at the latest. Until then it is tried again where that is worth it, after the pause that the
/// service names. A throttled instance is left alone by all calls.
pub struct Client {
    http: reqwest::Client,
    settings: Settings,
    credential: Option<Arc<dyn TokenCredential>>,
    /// The service asked for no calls before this moment.
    throttled_until: Mutex<Option<Instant>>,
}

/// One call, to be sent as often as it takes.
struct Call {
    method: Method,
    url: Url,
    condition: Option<(HeaderName, String)>,
    body: Option<(&'static str, Vec<u8>)>,
}

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the machine has no certificates to trust, or the sign-in is unusable.
    pub fn new(settings: Settings) -> Result<Self, AdtError> {
        // A second call finds the provider installed, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none());
        let builder = if settings.url.is_loopback() {
            builder.no_proxy()
        } else {
            builder
        };
        let http = builder.build().map_err(AdtError::NoClient)?;
        let credential = settings
            .sign_in
            .credential(&http)
            .map_err(AdtError::SignIn)?;
        Ok(Self {
            http,
            settings,
            credential,
            throttled_until: Mutex::default(),
        })
    }

    /// The twin `id`, or `None` when there is none.
    ///
    /// # Errors
    /// When the instance doesn't say.
    pub async fn get(&self, id: &TwinId, until: Until) -> Result<Option<DigitalTwin>, AdtError> {
        let call = self.call(Method::GET, &["digitaltwins", id.as_str()]);
        match self.json(&call, until).await {
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
        until: Until,
    ) -> Result<bool, AdtError> {
        let mut twin = properties.clone();
        twin.insert("$metadata".to_owned(), json!({"$model": model.as_str()}));
        let call = self
            .call(Method::PUT, &["digitaltwins", id.as_str()])
            .condition(IF_NONE_MATCH, "*")
            .body(JSON, &twin)?;
        match self.send(&call, until).await {
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
        until: Until,
    ) -> Result<(), AdtError> {
        let call = self
            .call(Method::PATCH, &["digitaltwins", id.as_str()])
            .body(JSON_PATCH, patch)?;
        self.send(&call, until).await.map(drop)
    }

    /// Deletes the twin `id` if it is still the one with this etag.
    ///
    /// # Errors
    /// When there is none (404), it has changed (412), it has relationships (`RelationshipsNotDeleted`), or the instance doesn't
    /// say.
    pub async fn delete(&self, id: &TwinId, etag: &str, until: Until) -> Result<(), AdtError> {
        let call = self
            .call(Method::DELETE, &["digitaltwins", id.as_str()])
            .condition(IF_MATCH, etag);
        self.send(&call, until).await.map(drop)
    }

    /// All relationships that lead from the twin `id`.
    ///
    /// # Errors
    /// When there is no such twin, or the instance doesn't say.
    pub async fn relationships(
        &self,
        id: &TwinId,
        until: Until,
    ) -> Result<Vec<Relationship>, AdtError> {
        self.pages(
            self.call(Method::GET, &["digitaltwins", id.as_str(), "relationships"]),
            until,
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
        until: Until,
    ) -> Result<Vec<IncomingRelationship>, AdtError> {
        self.pages(
            self.call(
                Method::GET,
                &["digitaltwins", id.as_str(), "incomingrelationships"],
            ),
            until,
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
        until: Until,
    ) -> Result<(), AdtError> {
        let call = self.call(
            Method::DELETE,
            &["digitaltwins", source, "relationships", id],
        );
        match self.send(&call, until).await {
            Err(error) if error.is_status(StatusCode::NOT_FOUND) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// All twins whose property `property` is the text `text`. It may take some seconds until a query sees a change.
    ///
    /// # Errors
    /// When the instance doesn't say.
    pub async fn find(
        &self,
        property: &str,
        text: &str,
        until: Until,
    ) -> Result<Vec<DigitalTwin>, AdtError> {
        let literal = text.replace('\\', "\\\\").replace('\'', "\\'");
        let mut body = json!({"query": format!("SELECT * FROM DIGITALTWINS T WHERE T.{property} = '{literal}'")});
        let mut found = Vec::new();
        loop {
            let call = self.call(Method::POST, &["query"]).body(JSON, &body)?;
            let QueryResult {
                value,
                continuation_token,
            } = self.json(&call, until).await?;
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
        until: Until,
    ) -> Result<Vec<T>, AdtError> {
        let mut call = first;
        let mut items = Vec::new();
        loop {
            let Page { value, next_link } = self.json(&call, until).await?;
            items.extend(value);
            let Some(link) = next_link else {
                return Ok(items);
            };
            let next = self.settings.url.follow(&link);
            call.url = next.ok_or(AdtError::ForeignLink)?;
        }
    }

    async fn json<T: DeserializeOwned>(&self, call: &Call, until: Until) -> Result<T, AdtError> {
        let body = self.send(call, until).await?;
        serde_json::from_slice(&body).map_err(AdtError::Malformed)
    }

    /// Sends a call until it succeeds, is refused, or there is no time for another attempt.
    async fn send(&self, call: &Call, until: Until) -> Result<Vec<u8>, AdtError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.wait_while_throttled(until).await?;
            let (error, retry_after) = match timeout_at(until.0, self.attempt(call)).await {
                Err(_) => return Err(AdtError::TimedOut),
                Ok(Attempt::Done(body)) => return Ok(body),
                Ok(Attempt::Refused(error)) => return Err(error),
                Ok(Attempt::Failed { error, retry_after }) => (error, retry_after),
            };
            if let (Some(pause), true) =
                (retry_after, error.is_status(StatusCode::TOO_MANY_REQUESTS))
            {
                self.throttle(pause);
            }
            match retry::pause(attempt, retry_after) {
                Some(pause) if until.allows(pause) => {
                    log::debug!("{error}; trying again in {} ms", pause.as_millis());
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Attempt {
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        if let Some((name, value)) = &call.condition {
            request = request.header(name, value);
        }
        if let Some((content_type, body)) = &call.body {
            request = request
                .header(CONTENT_TYPE, *content_type)
                .body(body.clone());
        }
        if let Some(credential) = &self.credential {
            match credential.get_token(&[SCOPE], None).await {
                Ok(token) => request = request.bearer_auth(token.token.secret()),
                Err(error) => return Attempt::Refused(AdtError::SignIn(error)),
            }
        }
        let answer = async {
            let response = request.send().await?;
            let (status, retry_after) = (response.status(), retry::retry_after(response.headers()));
            Ok((status, retry_after, response.bytes().await?))
        };
        match answer.await.map_err(AdtError::Unreachable) {
            Ok((status, _, body)) if status.is_success() => Attempt::Done(body.into()),
            Ok((status, retry_after, body)) => {
                let error = AdtError::from_answer(status, &body);
                if retry::is_worth_it(status) {
                    Attempt::Failed { error, retry_after }
                } else {
                    Attempt::Refused(error)
                }
            }
            Err(error) => Attempt::Failed {
                error,
                retry_after: None,
            },
        }
    }

    fn throttle(&self, pause: Duration) {
        let mut throttled_until = self
            .throttled_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *throttled_until = (*throttled_until).max(Some(Instant::now() + pause));
    }

    async fn wait_while_throttled(&self, until: Until) -> Result<(), AdtError> {
        let throttled_until = *self
            .throttled_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match throttled_until {
            Some(moment) if moment >= until.0 => {
                Err(AdtError::from_answer(StatusCode::TOO_MANY_REQUESTS, b""))
            }
            Some(moment) => {
                sleep_until(moment).await;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// How an attempt ended.
enum Attempt {
    /// Well.
    Done(Vec<u8>),
    /// Badly, and it would again.
    Refused(AdtError),
    /// Badly, and the next may end better.
    Failed {
        error: AdtError,
        retry_after: Option<Duration>,
    },
}

impl Call {
    fn condition(self, name: HeaderName, value: &str) -> Self {
        Self {
            condition: Some((name, value.to_owned())),
            ..self
        }
    }

    fn body(self, content_type: &'static str, body: &impl Serialize) -> Result<Self, AdtError> {
        let body = serde_json::to_vec(body).map_err(AdtError::Malformed)?;
        Ok(Self {
            body: Some((content_type, body)),
            ..self
        })
    }
}
