//! The host's HTTP client: what it sends to the handler, and how it follows redirects.
//!
//! HTTP/1.1 to 127.0.0.1 only, with pooled connections. A redirect to an https address fails here, as there is no TLS.
//! Source: `DefaultHttpWorkerService` of <https://github.com/Azure/azure-functions-host>.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, LOCATION, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use crate::answer::violation::Violation;
use crate::invoke::http::{HttpRequest, RawAnswer};
use crate::options::Transfer;

/// Any version of four parts; the host sends its own.
const HOST_VERSION: &str = "4.1052.200.26365";
/// What stands for itself in the path.
const FUNCTION_NAME: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// .NET gives up after so many.
const MAX_REDIRECTS: usize = 50;

/// A client for one handler process.
#[derive(Debug, Clone)]
pub(crate) struct HandlerClient {
    client: Client<HttpConnector, Payload>,
    port: u16,
}

/// What a request came to.
pub(crate) struct Exchange {
    pub(crate) answer: RawAnswer,
    pub(crate) redirects: Vec<Violation>,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub(crate) struct ClientError {
    pub(crate) detail: String,
    /// Nobody listens there, or not yet.
    pub(crate) refused: bool,
}

impl ClientError {
    fn new(error: impl std::error::Error) -> Self {
        let mut detail = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            detail = format!("{detail}: {cause}");
            source = cause.source();
        }
        Self {
            detail,
            refused: false,
        }
    }
}

impl From<hyper_util::client::legacy::Error> for ClientError {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        let refused = error.is_connect();
        Self {
            refused,
            ..Self::new(error)
        }
    }
}

impl HandlerClient {
    pub(crate) fn new(port: u16) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .http1_title_case_headers(true)
            .build_http();
        Self { client, port }
    }

    /// `GET /`, to see whether the handler is there.
    pub(crate) async fn get_root(&self) -> Result<(), ClientError> {
        let response = self.client.get(self.uri("/")?).await?;
        // The body is of no interest, but an answer is only one when it is complete.
        response
            .into_body()
            .collect()
            .await
            .map(|_| ())
            .map_err(ClientError::new)
    }

    /// POSTs an envelope to `/{function_name}` and follows redirects.
    pub(crate) async fn invoke(
        &self,
        function_name: &str,
        invocation_id: &str,
        envelope: Bytes,
        transfer: Transfer,
    ) -> Result<Exchange, ClientError> {
        let mut uri = self.uri(&format!(
            "/{}",
            utf8_percent_encode(function_name, &FUNCTION_NAME)
        ))?;
        let mut method = Method::POST;
        let mut redirects = Vec::new();
        loop {
            let mut request = Request::builder().method(method.clone()).uri(uri.clone());
            for (name, value) in invocation_headers(invocation_id) {
                request = request.header(name, value);
            }
            let payload = if method == Method::POST {
                request = request.header(CONTENT_TYPE, "application/json; charset=utf-8");
                Payload::new(envelope.clone(), transfer)
            } else {
                Payload::default()
            };
            let response = self
                .client
                .request(request.body(payload).map_err(ClientError::new)?)
                .await?;
            match redirect_target(&uri, &response) {
                Some(target) if redirects.len() < MAX_REDIRECTS => {
                    let (status, location) = (response.status().as_u16(), target.to_string());
                    redirects.push(Violation::Redirect { status, location });
                    if !matches!(
                        response.status(),
                        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
                    ) {
                        method = Method::GET;
                    }
                    uri = target;
                }
                _ => {
                    return Ok(Exchange {
                        answer: read(response).await?,
                        redirects,
                    });
                }
            }
        }
    }

    /// Passes a request on as it came, and the response back as it is. The body goes along only when its length is known.
    pub(crate) async fn forward(
        &self,
        request: &HttpRequest,
        invocation_id: &str,
    ) -> Result<RawAnswer, ClientError> {
        let mut forwarded = Request::builder()
            .method(request.method.as_str())
            .uri(self.uri(&request.target)?);
        let of_the_connection = ["Host", "Content-Length", "Transfer-Encoding", "Connection"];
        for (name, value) in &request.headers {
            if !of_the_connection
                .iter()
                .any(|header| header.eq_ignore_ascii_case(name))
            {
                forwarded = forwarded.header(name, value);
            }
        }
        for (name, value) in invocation_headers(invocation_id) {
            forwarded = forwarded.header(name, value);
        }
        let has_length = request.header_value("Content-Length").is_some();
        let body = if has_length {
            Bytes::from(request.body.clone())
        } else {
            Bytes::new()
        };
        let forwarded = forwarded
            .body(Payload::new(body, Transfer::ContentLength))
            .map_err(ClientError::new)?;
        read(self.client.request(forwarded).await?).await
    }

    fn uri(&self, target: &str) -> Result<Uri, ClientError> {
        format!("http://127.0.0.1:{}{target}", self.port)
            .parse()
            .map_err(ClientError::new)
    }
}

fn invocation_headers(invocation_id: &str) -> [(HeaderName, String); 4] {
    let (trace, span) = (
        Uuid::new_v4().simple().to_string(),
        Uuid::new_v4().simple().to_string(),
    );
    [
        (
            HeaderName::from_static("x-azure-functions-hostversion"),
            HOST_VERSION.to_owned(),
        ),
        (
            HeaderName::from_static("x-azure-functions-invocationid"),
            invocation_id.to_owned(),
        ),
        (USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}")),
        (
            HeaderName::from_static("traceparent"),
            format!("00-{trace}-{}-00", &span[..16]),
        ),
    ]
}

/// Where the response wants the host to look instead.
fn redirect_target(asked: &Uri, response: &Response<impl Body>) -> Option<Uri> {
    if !matches!(response.status().as_u16(), 300..=303 | 307 | 308) {
        return None;
    }
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())?;
    if let Ok(absolute) = location.parse::<Uri>()
        && absolute.scheme().is_some()
    {
        return Some(absolute);
    }
    let directory = asked
        .path()
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let path = if location.starts_with('/') {
        location.to_owned()
    } else {
        format!("{directory}/{location}")
    };
    format!("http://{}{path}", asked.authority()?).parse().ok()
}

async fn read<B: Body<Error: std::error::Error>>(
    response: Response<B>,
) -> Result<RawAnswer, ClientError> {
    let (head, body) = response.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(RawAnswer {
        status: head.status.as_u16(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: body
            .collect()
            .await
            .map_err(ClientError::new)?
            .to_bytes()
            .into(),
    })
}

/// A body whose length is told or not.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    bytes: Option<Bytes>,
    chunked: bool,
}

impl Payload {
    pub(crate) fn new(bytes: Bytes, transfer: Transfer) -> Self {
        Self {
            bytes: Some(bytes).filter(|bytes| !bytes.is_empty()),
            chunked: transfer == Transfer::Chunked,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bytes {
            Some(_) if self.chunked => SizeHint::default(),
            bytes => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}
