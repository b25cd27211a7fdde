//! Calls an allocation webhook and judges its answer.
//!
//! What the service sends beside the body, how long it waits and whether it follows redirects is
//! not documented; the emulator's README lists what is assumed here.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, Response, redirect};
use secrecy::ExposeSecret as _;

use crate::causes::causes;
use crate::keys::crypto_provider::use_ring;
use crate::webhook::call::WebhookCall;
use crate::webhook::outcome::WebhookOutcome;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much of an answer is read; what is longer can't be an answer.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

const JSON: &str = "application/json; charset=utf-8";
const AGENT: &str = concat!("dps-emulator/", env!("CARGO_PKG_VERSION"));

/// Calls webhooks.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    client: Client,
}

impl WebhookClient {
    /// A caller that trusts the certificates that the system trusts.
    ///
    /// # Errors
    /// The system's certificates can't be used.
    pub fn new() -> reqwest::Result<Self> {
        use_ring();
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self { client })
    }

    /// Asks, and says what follows from the answer.
    pub async fn ask(&self, call: &WebhookCall) -> WebhookOutcome {
        let device = call.request.registration_id();
        match self.answer(call).await {
            Ok((status, body)) => {
                let outcome = WebhookOutcome::judge(status, &body, call.request.linked_hubs());
                log::debug!("{device}: the webhook answered {status}: {outcome}");
                for remark in outcome.remarks() {
                    log::warn!("{device}: of the webhook's answer, {remark}");
                }
                outcome
            }
            Err(error) => {
                log::warn!("{device}: the webhook gave no answer: {}", causes(&error));
                WebhookOutcome::unreachable()
            }
        }
    }

    /// The answer's status and the head of its body. An error names no URL, as that holds the
    /// function key.
    async fn answer(&self, call: &WebhookCall) -> Result<(u16, Vec<u8>), CallError> {
        let body = call.request.to_json()?;
        let response = self
            .client
            .post(call.url.expose_secret())
            .header(CONTENT_TYPE, JSON)
            .header(USER_AGENT, AGENT)
            .body(body)
            .send()
            .await?;
        let status = response.status().as_u16();
        Ok((status, head(response).await?))
    }
}

async fn head(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    Ok(body)
}

/// Why there is no answer. It names no URL, as that holds the function key.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the request can't be written")]
    Request(#[from] serde_json::Error),
    #[error(transparent)]
    Http(reqwest::Error),
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}
