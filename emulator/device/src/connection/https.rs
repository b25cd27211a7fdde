//! The device's side of the REST API.
//!
//! Source: <https://learn.microsoft.com/rest/api/iot-dps/device/runtime-registration>.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::ConnectionError;
use super::exchange::{API_VERSION, Identity, Reply};
use super::target::Target;
use super::trust::Trust;

/// Requests of one device. The connections are pooled.
#[derive(Debug)]
pub(crate) struct HttpsConnection {
    client: Client,
    registration: String,
    sas_token: Option<SecretString>,
}

impl HttpsConnection {
    pub(super) fn new(target: &Target, trust: &Trust, identity: Identity) -> Self {
        let Target {
            host,
            https_port,
            id_scope,
            ..
        } = target;
        let id = utf8_percent_encode(&identity.registration_id, NON_ALPHANUMERIC);
        Self {
            client: trust.http.clone(),
            registration: format!("https://{host}:{https_port}/{id_scope}/registrations/{id}"),
            sas_token: identity.sas_token,
        }
    }

    pub(super) fn set_token(&mut self, token: SecretString) {
        self.sas_token = Some(token);
    }

    pub(super) async fn register(&self, body: &str) -> Result<Reply, ConnectionError> {
        let url = format!("{}/register?api-version={API_VERSION}", self.registration);
        let request = self.client.put(url).body(body.to_owned());
        self.send(request).await
    }

    pub(super) async fn operation_status(
        &self,
        operation_id: &str,
    ) -> Result<Reply, ConnectionError> {
        let operation = utf8_percent_encode(operation_id, NON_ALPHANUMERIC);
        let url = format!(
            "{}/operations/{operation}?api-version={API_VERSION}",
            self.registration
        );
        self.send(self.client.get(url)).await
    }

    async fn send(&self, mut request: RequestBuilder) -> Result<Reply, ConnectionError> {
        if let Some(token) = &self.sas_token {
            request = request.header(AUTHORIZATION, token.expose_secret());
        }
        let response = request
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .send()
            .await
            .map_err(ConnectionError::Https)?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let body = response
            .bytes()
            .await
            .map_err(ConnectionError::AnswerBroke)?;
        Ok(Reply {
            status,
            retry_after,
            body: serde_json::from_slice(&body).map_err(ConnectionError::NotJson)?,
        })
    }
}
