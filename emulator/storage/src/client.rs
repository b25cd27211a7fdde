//! What both services share: a request is signed, sent, and sent again as the options say.

use std::error::Error;
use std::time::{Duration, SystemTime};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, Url, redirect};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::account::{Account, Credential};
use crate::error::StorageError;
use crate::retry::{self, Retry};
use crate::shared_key::Signed;

/// A version that Azurite knows, and the service.
const API_VERSION: &str = "2021-12-02";

/// How a service wants its requests signed.
pub(crate) type Scheme = fn(&Signed<'_>, &str, &[u8]) -> String;

/// A client for one service of an account.
#[derive(Clone, Debug)]
pub(crate) struct ServiceClient {
    http: Client,
    account: Account,
    scheme: Scheme,
    retry: Retry,
}

/// A request that may be sent several times.
#[derive(Clone, Debug)]
pub(crate) struct ServiceRequest {
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    content_type: &'static str,
    body: Vec<u8>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct ServiceAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) tries: u32,
}

impl ServiceAnswer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The error with the first line of the service's own message, as blobs and queues write it. An
    /// answer to HEAD has none.
    pub(crate) fn refusal_in_xml(&self) -> StorageError {
        let body = String::from_utf8_lossy(&self.body);
        let message = body
            .split_once("<Message>")
            .and_then(|(_, rest)| rest.split_once("</Message>"))
            .and_then(|(message, _)| message.lines().next());
        self.refusal(message.map(str::to_owned))
    }

    pub(crate) fn refusal(&self, message: Option<String>) -> StorageError {
        StorageError::Answered {
            status: self.status,
            message,
            tries: self.tries,
        }
    }
}

impl ServiceRequest {
    /// A request to what an endpoint and a path name.
    pub(crate) fn new(method: Method, url: &str) -> Result<Self, StorageError> {
        let url = Url::parse(url).map_err(|error| StorageError::NoAnswer {
            tries: 0,
            cause: format!("the address can't be used: {error}"),
        })?;
        Ok(Self {
            method,
            url,
            headers: Vec::new(),
            content_type: "",
            body: Vec::new(),
        })
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        // A blank is `%20`: the service takes a plus for what it is.
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        let query = match self.url.query() {
            Some(query) => format!("{query}&{name}={value}"),
            None => format!("{name}={value}"),
        };
        self.url.set_query(Some(&query));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.content_type = content_type;
        self.body = body;
        self
    }
}

impl ServiceClient {
    pub(crate) fn new(
        account: Account,
        scheme: Scheme,
        retry: Retry,
    ) -> Result<Self, StorageError> {
        // Another crate may have chosen one before; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| StorageError::NoAnswer {
                tries: 0,
                cause: describe(&error),
            })?;
        Ok(Self {
            http,
            account,
            scheme,
            retry,
        })
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Sends the request until there is an answer that another try wouldn't change, or no try is
    /// left.
    pub(crate) async fn send(
        &self,
        request: &ServiceRequest,
    ) -> Result<ServiceAnswer, StorageError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let last = tries > self.retry.max_retries;
            let asked_for = match self.try_once(request).await {
                Ok(answer) if last || !retry::is_worth_another_try(answer.status) => {
                    return Ok(ServiceAnswer { tries, ..answer });
                }
                Ok(answer) => pause_asked_for(&answer),
                Err(cause) if last => return Err(StorageError::NoAnswer { tries, cause }),
                Err(_) => None,
            };
            tokio::time::sleep(self.retry.pause(tries, asked_for)).await;
        }
    }

    async fn try_once(&self, request: &ServiceRequest) -> Result<ServiceAnswer, String> {
        let exchange = async {
            let response = self.prepared(request).send().await?;
            Ok::<_, reqwest::Error>(ServiceAnswer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: response.bytes().await?.to_vec(),
                tries: 0,
            })
        };
        match tokio::time::timeout(self.retry.network_timeout, exchange).await {
            Ok(exchange) => exchange.map_err(|error| describe(&error.without_url())),
            Err(_) => Err(format!(
                "The operation was cancelled because it exceeded the configured timeout of {:?}.",
                self.retry.network_timeout
            )),
        }
    }

    fn prepared(&self, request: &ServiceRequest) -> reqwest::RequestBuilder {
        let mut headers = request.headers.clone();
        headers.push(("x-ms-date", http_date(SystemTime::now())));
        headers.push(("x-ms-version", API_VERSION.to_owned()));
        let mut url = request.url.clone();
        let authorization = match &self.account.credential {
            Credential::Key(key) => {
                let of_the_service: Vec<_> = headers
                    .iter()
                    .filter(|(name, _)| name.starts_with("x-ms-"))
                    .cloned()
                    .collect();
                let signed = Signed {
                    method: request.method.as_str(),
                    url: &url,
                    headers: &of_the_service,
                    content_type: request.content_type,
                    content_length: request.body.len(),
                };
                Some((self.scheme)(&signed, &self.account.name, key))
            }
            Credential::Signature(signature) => {
                let query = match url.query() {
                    Some(query) => format!("{query}&{signature}"),
                    None => signature.clone(),
                };
                url.set_query(Some(&query));
                None
            }
        };
        let mut prepared = self.http.request(request.method.clone(), url);
        for (name, value) in headers {
            prepared = prepared.header(name, value);
        }
        if let Some(authorization) = authorization {
            prepared = prepared.header(AUTHORIZATION, authorization);
        }
        if !request.content_type.is_empty() {
            prepared = prepared.header(CONTENT_TYPE, request.content_type);
        }
        if request.method != Method::GET && request.method != Method::HEAD {
            prepared = prepared
                .header(CONTENT_LENGTH, request.body.len())
                .body(request.body.clone());
        }
        prepared
    }
}

/// The pause that a service asks for when it is too busy.
fn pause_asked_for(answer: &ServiceAnswer) -> Option<Duration> {
    let milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| answer.header(name)?.parse().ok());
    milliseconds.map(Duration::from_millis).or_else(|| {
        let seconds = answer.header("retry-after")?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    })
}

/// The error with its causes.
fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// `Wed, 25 Nov 2026 22:30:00 GMT`.
fn http_date(now: SystemTime) -> String {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    OffsetDateTime::from(now).format(format).unwrap_or_default()
}
