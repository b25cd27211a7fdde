//! A caller of the host, on a connection of its own.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What became of a call.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) result: Result<Response, CallError>,
    pub(crate) took: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Lines, in their order.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    Refused,
    /// The connection was reset, or closed, before the answer was complete.
    Broken,
    /// No answer in the time that the caller has.
    Pending,
}

/// POSTs a body.
pub(crate) async fn post(
    address: SocketAddr,
    path: &str,
    body: &str,
    patience: Duration,
) -> Outcome {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    send(address, &request, patience).await
}

/// Sends a request as it stands here.
pub(crate) async fn send(address: SocketAddr, request: &str, patience: Duration) -> Outcome {
    let started = Instant::now();
    let result = timeout(patience, exchange(address, request))
        .await
        .unwrap_or(Err(CallError::Pending));
    Outcome {
        result,
        took: started.elapsed(),
    }
}

async fn exchange(address: SocketAddr, request: &str) -> Result<Response, CallError> {
    let broken = |_| CallError::Broken;
    let mut socket = TcpStream::connect(address)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => CallError::Refused,
            _ => CallError::Broken,
        })?;
    socket.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut read = Vec::new();
    let head_length = loop {
        if let Some(at) = find(&read, b"\r\n\r\n") {
            break at + 4;
        }
        more(&mut socket, &mut read).await?;
    };
    let head = String::from_utf8_lossy(&read[..head_length]).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let mut response = Response {
        status: status
            .and_then(|status| status.parse().ok())
            .ok_or(CallError::Broken)?,
        headers: lines.map(str::to_owned).collect(),
        body: read.split_off(head_length),
    };
    let no_body = request.starts_with("HEAD ") || matches!(response.status, 204 | 304);
    if no_body {
        response.body.clear();
    } else if let Some(length) = response.header("Content-Length") {
        let length: usize = length.parse().map_err(|_| CallError::Broken)?;
        while response.body.len() < length {
            more(&mut socket, &mut response.body).await?;
        }
    } else if response.header("Transfer-Encoding") == Some("chunked") {
        let mut chunks = std::mem::take(&mut response.body);
        loop {
            while find(&chunks, b"\r\n").is_none() {
                more(&mut socket, &mut chunks).await?;
            }
            let line = find(&chunks, b"\r\n").unwrap_or_default();
            let size = String::from_utf8_lossy(&chunks[..line]).into_owned();
            let size = usize::from_str_radix(&size, 16).map_err(|_| CallError::Broken)?;
            while chunks.len() < line + 2 + size + 2 {
                more(&mut socket, &mut chunks).await?;
            }
            if size == 0 {
                break;
            }
            response
                .body
                .extend_from_slice(&chunks[line + 2..line + 2 + size]);
            chunks.drain(..line + 2 + size + 2);
        }
    }
    Ok(response)
}

async fn more(socket: &mut TcpStream, read: &mut Vec<u8>) -> Result<(), CallError> {
    match socket.read_buf(read).await {
        Ok(0) | Err(_) => Err(CallError::Broken),
        Ok(_) => Ok(()),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
