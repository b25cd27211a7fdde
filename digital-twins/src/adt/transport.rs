//! Sending calls: the token, the pauses, and another attempt where that is worth it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential};
use reqwest::header::{CONTENT_TYPE, HeaderName};
use reqwest::{Method, Response, StatusCode, redirect};
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};
use url::Url;

use super::{AdtError, Deadline, Settings, retry};

/// What a token must be for.
const SCOPE: &str = "https://digitaltwins.azure.net/.default";

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The largest answer that is read, in bytes: 8 MiB. The service's own largest is a page of a
/// hundred twins of up to 32 KB each, with their metadata.
pub(super) const MAX_ANSWER: usize = 8 << 20;

/// The way to one instance: connections, the sign-in, and how long the instance wants to be left
/// alone.
pub(super) struct Transport {
    http: reqwest::Client,
    credential: Option<Arc<dyn TokenCredential>>,
    /// The service asked for no calls before this moment.
    throttled_until: Mutex<Option<Instant>>,
}

/// One call, to be sent as often as it takes.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) condition: Option<(HeaderName, String)>,
    pub(super) body: Option<(&'static str, Vec<u8>)>,
}

impl Call {
    pub(super) fn condition(self, name: HeaderName, value: &str) -> Self {
        Self {
            condition: Some((name, value.to_owned())),
            ..self
        }
    }

    pub(super) fn body(
        self,
        content_type: &'static str,
        body: &impl Serialize,
    ) -> Result<Self, AdtError> {
        let body = serde_json::to_vec(body).map_err(AdtError::Malformed)?;
        Ok(Self {
            body: Some((content_type, body)),
            ..self
        })
    }
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Result<Self, AdtError> {
        // A second call finds the provider installed, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none());
        if settings.url.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(AdtError::NoClient)?;
        let credential = settings.sign_in.credential(&http);
        Ok(Self {
            credential: credential.map_err(AdtError::SignIn)?,
            http,
            throttled_until: Mutex::default(),
        })
    }

    /// Sends a call until it succeeds, is refused, or there is no time for another attempt.
    pub(super) async fn send(&self, call: &Call, deadline: Deadline) -> Result<Vec<u8>, AdtError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.wait_while_throttled(deadline).await?;
            let token = timeout_at(deadline.0, self.token()).await;
            let token = token.map_err(|_| AdtError::SignInTimedOut)??;
            let answer = timeout_at(deadline.0, self.attempt(call, token.as_ref())).await;
            let (error, retry_after) = match answer {
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
                Some(pause) if deadline.allows(pause) => {
                    log::debug!("{error}; trying again in {} ms", pause.as_millis());
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// The token to send, which the credential keeps as long as it is good; `None` where none is
    /// needed.
    async fn token(&self) -> Result<Option<AccessToken>, AdtError> {
        match &self.credential {
            None => Ok(None),
            Some(credential) => {
                let token = credential.get_token(&[SCOPE], None).await;
                token.map(Some).map_err(AdtError::SignIn)
            }
        }
    }

    async fn attempt(&self, call: &Call, token: Option<&AccessToken>) -> Attempt {
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        if let Some((name, value)) = &call.condition {
            request = request.header(name, value);
        }
        if let Some((content_type, body)) = &call.body {
            request = request
                .header(CONTENT_TYPE, *content_type)
                .body(body.clone());
        }
        if let Some(token) = token {
            request = request.bearer_auth(token.token.secret());
        }
        let answer = async {
            let response = request.send().await?;
            let (status, retry_after) = (response.status(), retry::retry_after(response.headers()));
            Ok((status, retry_after, read(response).await?))
        };
        match answer.await.map_err(AdtError::Unreachable) {
            Ok((status, _, body)) if status.is_success() => {
                body.map_or(Attempt::Refused(AdtError::TooLarge), Attempt::Done)
            }
            Ok((status, retry_after, body)) => {
                let error = AdtError::from_answer(status, &body.unwrap_or_default());
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

    async fn wait_while_throttled(&self, deadline: Deadline) -> Result<(), AdtError> {
        let throttled_until = *self
            .throttled_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match throttled_until {
            Some(moment) if moment >= deadline.0 => {
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

/// The body of an answer; `None` when it is larger than any of the service's.
async fn read(mut response: Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
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
