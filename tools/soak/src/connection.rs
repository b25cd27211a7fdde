//! One HTTP/1.1 connection over a raw socket, so that requests can be cut, slowed and piled up.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to the handler.
pub(crate) struct Connection(BufReader<TcpStream>);

/// What the handler answers: the HTTP status, and the body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.0
            .get_mut()
            .write_all(bytes)
            .await
            .context("cannot send")
    }

    /// Reads one response to its end.
    pub(crate) async fn receive(&mut self) -> Result<Response> {
        let status_line = self.line().await?;
        let status = status_line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3));
        let status = status
            .with_context(|| format!("no status line: {status_line:?}"))?
            .parse()?;
        let mut length = None;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(": ")
                .with_context(|| format!("no header: {line:?}"))?;
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse()?);
            }
        }
        let mut body = vec![0; length.context("the response has no content-length")?];
        self.0
            .read_exact(&mut body)
            .await
            .context("the response ends too early")?;
        Ok(Response { status, body })
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        ensure!(line.ends_with("\r\n"), "the connection was closed");
        line.truncate(line.len() - 2);
        Ok(line)
    }
}

/// The bytes of a request with this envelope.
pub(crate) fn request(envelope: &Value) -> Vec<u8> {
    let envelope = envelope.to_string();
    format!(
        "POST /HttpTrigger1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{envelope}",
        envelope.len()
    )
    .into_bytes()
}
