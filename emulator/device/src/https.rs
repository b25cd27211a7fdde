//! The device's side of the REST API.

use anyhow::Context as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};

use super::connection::{API_VERSION, Identity, Reply, Target, Trust};

/// Requests of one device. The connections are pooled.
#[derive(Debug)]
pub struct HttpsConnection {
    client: Client,
    registration: String,
    sas_token: Option<String>,
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

    pub(super) fn set_token(&mut self, token: String) {
        self.sas_token = Some(token);
    }

    pub(super) async fn register(&self, body: &str) -> anyhow::Result<Reply> {
        let url = format!("{}/register?api-version={API_VERSION}", self.registration);
        let request = self.client.put(url).body(body.to_owned());
        self.send(request).await
    }

    pub(super) async fn operation_status(&self, operation_id: &str) -> anyhow::Result<Reply> {
        let operation = utf8_percent_encode(operation_id, NON_ALPHANUMERIC);
        let url = format!(
            "{}/operations/{operation}?api-version={API_VERSION}",
            self.registration
        );
        self.send(self.client.get(url)).await
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Reply> {
        let request = match &self.sas_token {
            Some(token) => request.header(AUTHORIZATION, token),
            None => request,
        };
        let response = request
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .send()
            .await
            .context("cannot reach the service")?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let body = response.bytes().await.context("the answer broke off")?;
        Ok(Reply {
            status,
            retry_after,
            body: serde_json::from_slice(&body).context("the answer isn't JSON")?,
        })
    }
}
