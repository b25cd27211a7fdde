//! One connection of a caller: request after request, until either side has had enough.

use std::io;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Site;
use super::body::Source;
use super::head::{self, Framing, Head, HeadError};
use super::response::{Caller, Encoded, encode};
use crate::invoke::http::{HttpRequest, HttpResponse};

/// How long a connection may be idle.
const KEEP_ALIVE: Duration = Duration::from_secs(130);
/// How long a head may take from its first byte on.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a body that nobody wants is waited for.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// GOAWAY with the error `HTTP_1_1_REQUIRED`, all that is said in HTTP/2.
const GO_AWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d];

/// Answers the requests of a connection.
pub(super) async fn serve<S: Site>(socket: TcpStream, site: S, mut stopped: watch::Receiver<bool>) {
    let _ = socket.set_nodelay(true);
    let (reader, writer) = socket.into_split();
    let mut connection = Connection {
        source: Source::new(reader),
        writer,
        site,
    };
    // What goes wrong here, goes wrong between the caller and its own connection.
    let _ = connection.run(&mut stopped).await;
    let _ = connection.writer.shutdown().await;
}

struct Connection<S> {
    source: Source<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    site: S,
}

impl<S: Site> Connection<S> {
    async fn run(&mut self, stopped: &mut watch::Receiver<bool>) -> io::Result<()> {
        loop {
            if self.source.buffer.is_empty() {
                let came = tokio::select! {
                    came = timeout(KEEP_ALIVE, self.source.more()) => came,
                    _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
                };
                if !matches!(came, Ok(Ok(true))) {
                    return Ok(());
                }
            }
            let head = match timeout(HEAD_TIMEOUT, self.head()).await {
                Ok(head) => head?,
                Err(_) => Err(HeadError::Status(408)),
            };
            let closes = match head {
                Ok(head) => {
                    let is_stopping = *stopped.borrow();
                    self.answer(head, is_stopping).await?
                }
                Err(error) => {
                    self.refuse(error).await?;
                    true
                }
            };
            if closes {
                return Ok(());
            }
        }
    }

    /// Reads a head. Whoever ends the connection in the middle of one is refused.
    async fn head(&mut self) -> io::Result<Result<Head, HeadError>> {
        loop {
            match head::parse(&self.source.buffer) {
                Ok(Some((head, length))) => {
                    self.source.buffer.drain(..length);
                    return Ok(Ok(head));
                }
                Ok(None) => {}
                Err(refusal) => return Ok(Err(refusal)),
            }
            if !self.source.more().await? {
                return Ok(Err(HeadError::Status(400)));
            }
        }
    }

    async fn refuse(&mut self, error: HeadError) -> io::Result<()> {
        let mut response = HttpResponse::empty(400);
        match error {
            HeadError::Http2 => return self.writer.write_all(GO_AWAY).await,
            HeadError::Status(status) => response.status = i32::from(status),
            HeadError::OnlyWith(method) => {
                response.status = 405;
                response
                    .headers
                    .push(("Allow".to_owned(), method.to_owned()));
            }
        }
        let caller = Caller {
            is_head: false,
            is_http10: false,
            keeps_alive: false,
        };
        let encoded = encode(&response, caller, OffsetDateTime::now_utc());
        self.writer.write_all(&encoded.bytes).await
    }

    /// Answers one request, and says whether the connection ends with it.
    async fn answer(&mut self, head: Head, is_stopping: bool) -> io::Result<bool> {
        let Head {
            mut request,
            is_http10,
            mut keeps_alive,
            framing,
        } = head;
        keeps_alive &= !is_stopping;
        let mut unread = framing;
        if let Framing::Length(length) = framing
            && length > 0
        {
            if length > self.site.max_body() {
                // The rest isn't waited for.
                keeps_alive = false;
            } else if self.site.wants_body(&request) {
                self.announce(&request).await?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                request.body = self.source.take(length).await?;
                unread = Framing::Length(0);
            }
        }
        let caller = Caller {
            is_head: request.method == "HEAD",
            is_http10,
            keeps_alive,
        };
        let response = self.site.respond(request).await;
        let Encoded { bytes, closes } = encode(&response, caller, OffsetDateTime::now_utc());
        self.writer.write_all(&bytes).await?;
        if closes && unread == Framing::Length(0) {
            return Ok(true);
        }
        // A caller that is still sending doesn't read the response before it has sent everything.
        let drained = timeout(DRAIN_TIMEOUT, self.source.drain(unread)).await;
        Ok(closes || !matches!(drained, Ok(Ok(()))))
    }

    /// Asks for the body where the caller waits to be asked.
    async fn announce(&mut self, request: &HttpRequest) -> io::Result<()> {
        let waits = request
            .header_value("Expect")
            .is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue"));
        if waits && self.source.buffer.is_empty() {
            self.writer
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .await?;
        }
        Ok(())
    }
}
