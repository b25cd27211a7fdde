//! The host's web server: functions over HTTP, as `func start` offers them.
//!
//! HTTP/1.1 without TLS. Names of headers that the host doesn't know arrive in lower case, as the server library keeps them so; in the
//! library call [`FunctionsHost::invoke`] they keep the sender's case.

use std::io;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response};
use http_body_util::{BodyExt, Limited};
use tokio::net::TcpListener;

use crate::host::FunctionsHost;
use crate::invoke::client::Payload;
use crate::invoke::dispatch::MAX_BODY;
use crate::invoke::http::{HttpRequest, HttpResponse};
use crate::options::Transfer;

/// Who answers the requests.
pub(crate) trait Site: Clone + Send + Sync + 'static {
    fn respond(&self, request: HttpRequest) -> impl Future<Output = HttpResponse> + Send;
}

impl Site for FunctionsHost {
    async fn respond(&self, request: HttpRequest) -> HttpResponse {
        self.invoke(request).await.response
    }
}

impl FunctionsHost {
    /// Serves the functions on a listener until the task is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        serve_site(self.clone(), listener, std::future::pending()).await
    }
}

pub(crate) async fn serve_site<S: Site>(
    site: S,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new().fallback(answer::<S>).with_state(site);
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await
}

async fn answer<S: Site>(State(site): State<S>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return respond(HttpResponse::empty(413));
        }
        Err(_) => return respond(HttpResponse::empty(400)),
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = HttpRequest {
        method: head.method.to_string(),
        target: head
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: body.into(),
    };
    respond(site.respond(request).await)
}

/// A body travels chunked, as the host doesn't say its length.
fn respond(response: HttpResponse) -> Response<Body> {
    let mut builder = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    let payload = Payload::new(Bytes::from(response.body), Transfer::Chunked);
    builder.body(Body::new(payload)).unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
