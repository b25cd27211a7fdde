//! The host's HTTP client: how it talks to the handler's process.
//!
//! HTTP/1.1 over pooled connections, as .NET's `SocketsHttpHandler` speaks it: header names in
//! their case and order, chunks of 1,024 bytes, redirects followed, and answers read as leniently
//! as there. A redirect to an https address fails here, as there is no TLS.
//!
//! Source: `DefaultHttpWorkerService` of <https://github.com/Azure/azure-functions-host>, and
//! <https://learn.microsoft.com/dotnet/fundamentals/networking/http/httpclient>.
//!
//! # Layout
//! - `answer_head`: an answer's status line and headers. `connection`: one exchange on one
//!   connection.
//! - `forwarding`: what a forwarded request looks like. `redirect`: where a redirect leads.

mod answer_head;
mod connection;
mod forwarding;
mod redirect;

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

use crate::answer::violation::Violation;
use crate::invoke::http::{HttpRequest, RawAnswer};
use crate::options::Transfer;
use connection::Connection;
pub(crate) use forwarding::Forwarding;
use redirect::Place;

/// The version that was held against the real host.
pub(crate) const HOST_VERSION: &str = "4.1037.0.0";
/// What stands for itself in the path.
const FUNCTION_NAME: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// .NET gives up after so many.
const MAX_REDIRECTS: usize = 50;
/// A request without a body goes out so many more times when the connection ends without a byte of
/// an answer.
const MAX_RETRIES: usize = 3;
/// Idle connections are looked for so many times within the limit on idleness.
const IDLE_CHECKS: u32 = 4;

/// Connections that nobody uses at the moment, and since when.
type Idle = Mutex<Vec<(Connection, Instant)>>;

/// A client for one handler process.
#[derive(Clone, Debug)]
pub(crate) struct HandlerClient {
    idle: Arc<Idle>,
    idle_limit: Duration,
    port: u16,
}

/// A request as it is sent.
#[derive(Clone, Debug)]
struct Outgoing {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Body,
}

/// A body, and how it travels.
#[derive(Clone, Debug)]
enum Body {
    None,
    Sized(Bytes),
    Chunked(Bytes),
}

/// What a request came to.
pub(crate) struct Exchange {
    pub(crate) answer: RawAnswer,
    pub(crate) redirects: Vec<Violation>,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub(crate) struct ClientError {
    /// A sentence.
    pub(crate) detail: String,
    /// Nobody listens there, or not yet.
    pub(crate) refused: bool,
    /// The connection ended before the first byte of an answer.
    is_silent: bool,
}

impl ClientError {
    fn new(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            refused: false,
            is_silent: false,
        }
    }

    fn silent(detail: impl Into<String>) -> Self {
        Self {
            is_silent: true,
            ..Self::new(detail)
        }
    }

    fn connecting(place: &str, error: &io::Error) -> Self {
        Self {
            refused: true,
            ..Self::new(format!("{error} ({place})"))
        }
    }
}

impl HandlerClient {
    /// A client that closes connections once they have been idle for longer than `idle_limit`.
    pub(crate) fn new(port: u16, idle_limit: Duration) -> Self {
        let idle = Arc::default();
        tokio::spawn(close_idle_connections(Arc::downgrade(&idle), idle_limit));
        Self {
            idle,
            idle_limit,
            port,
        }
    }

    /// `GET /`, to see whether the handler is there. Redirects are followed.
    pub(crate) async fn get_root(&self) -> Result<(), ClientError> {
        let request = Outgoing {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: vec![("Host".to_owned(), self.authority())],
            body: Body::None,
        };
        self.follow(request).await.map(|_| ())
    }

    /// POSTs an envelope to `/{function_name}` and follows redirects.
    pub(crate) async fn invoke(
        &self,
        function_name: &str,
        invocation_id: &str,
        envelope: Bytes,
        transfer: Transfer,
    ) -> Result<Exchange, ClientError> {
        let mut headers = vec![("Host".to_owned(), self.authority())];
        headers.extend(invocation_headers(invocation_id));
        headers.push(("User-Agent".to_owned(), user_agent()));
        let body = match transfer {
            Transfer::Chunked => {
                headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
                Body::Chunked(envelope)
            }
            Transfer::ContentLength => {
                headers.push(("Content-Length".to_owned(), envelope.len().to_string()));
                Body::Sized(envelope)
            }
        };
        headers.push((
            "Content-Type".to_owned(),
            "application/json; charset=utf-8".to_owned(),
        ));
        self.follow(Outgoing {
            method: "POST".to_owned(),
            target: format!("/{}", utf8_percent_encode(function_name, &FUNCTION_NAME)),
            headers,
            body,
        })
        .await
    }

    /// Passes a request on to `target` nearly as it came. Redirects are the caller's business.
    pub(crate) async fn forward(
        &self,
        request: &HttpRequest,
        forwarding: Forwarding,
        target: String,
        invocation_id: &str,
    ) -> Result<RawAnswer, ClientError> {
        let request = forwarding::outgoing(request, forwarding, target, invocation_id)?;
        self.send(&request, &self.place()).await
    }

    async fn follow(&self, mut request: Outgoing) -> Result<Exchange, ClientError> {
        let mut place = self.place();
        let mut redirects = Vec::new();
        loop {
            let answer = self.send(&request, &place).await?;
            let Some(next) = redirect::target(&place, &request.target, &answer) else {
                return Ok(Exchange { answer, redirects });
            };
            if redirects.len() == MAX_REDIRECTS {
                return Ok(Exchange { answer, redirects });
            }
            let (next, target) = next?;
            redirects.push(Violation::Redirect {
                status: answer.status,
                location: format!("http://{}{target}", next.authority()),
            });
            if redirect::makes_a_get(answer.status, &request.method) {
                "GET".clone_into(&mut request.method);
                request.body = Body::None;
                let of_the_body = ["Transfer-Encoding", "Content-Length", "Content-Type"];
                request
                    .headers
                    .retain(|(name, _)| !of_the_body.contains(&name.as_str()));
            }
            for (_, value) in request
                .headers
                .iter_mut()
                .filter(|(name, _)| name == "Host")
            {
                *value = next.authority();
            }
            request.target = target;
            place = next;
        }
    }

    /// Sends a request, on an idle connection when there is one that still lives.
    async fn send(&self, request: &Outgoing, place: &Place) -> Result<RawAnswer, ClientError> {
        let mut retries = 0;
        loop {
            let (mut connection, is_fresh) = match self.idle_connection(place) {
                Some(connection) => (connection, false),
                None => (connect(place).await?, true),
            };
            match connection.exchange(request).await {
                Ok((answer, can_be_reused)) => {
                    if can_be_reused && *place == self.place() {
                        self.idle().push((connection, Instant::now()));
                    }
                    return Ok(answer);
                }
                Err(error) if error.is_silent && retries < MAX_RETRIES => {
                    let again = match request.body {
                        Body::None => true,
                        Body::Sized(_) => !is_fresh,
                        Body::Chunked(_) => false,
                    };
                    if !again {
                        return Err(error);
                    }
                    retries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn idle_connection(&self, place: &Place) -> Option<Connection> {
        let mut idle = self.idle();
        if *place != self.place() {
            return None;
        }
        idle.retain(|(_, since)| since.elapsed() < self.idle_limit);
        while let Some((connection, _)) = idle.pop() {
            if connection.is_alive() {
                return Some(connection);
            }
        }
        None
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn authority(&self) -> String {
        self.place().authority()
    }

    fn place(&self) -> Place {
        Place {
            host: "127.0.0.1".to_owned(),
            port: self.port,
        }
    }
}

/// Closes connections that have been idle for long, until the client is gone.
async fn close_idle_connections(idle: Weak<Idle>, limit: Duration) {
    loop {
        tokio::time::sleep(limit / IDLE_CHECKS).await;
        let Some(idle) = idle.upgrade() else { return };
        let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(connection, since)| since.elapsed() < limit && connection.is_alive());
    }
}

async fn connect(place: &Place) -> Result<Connection, ClientError> {
    let stream = TcpStream::connect((place.host.as_str(), place.port)).await;
    let stream = stream.map_err(|error| ClientError::connecting(&place.authority(), &error))?;
    Ok(Connection::new(stream))
}

fn invocation_headers(invocation_id: &str) -> [(String, String); 2] {
    [
        (
            "X-Azure-Functions-HostVersion".to_owned(),
            HOST_VERSION.to_owned(),
        ),
        (
            "X-Azure-Functions-InvocationId".to_owned(),
            invocation_id.to_owned(),
        ),
    ]
}

fn user_agent() -> String {
    format!("Azure-Functions-Host/{HOST_VERSION}")
}
