//! One connection to the handler, and the exchanges on it.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer_head::{self, AnswerHead};
use super::{Body, ClientError, Outgoing};
use crate::invoke::http::RawAnswer;

/// The size of .NET's chunks.
const CHUNK: usize = 1024;
/// How much is written at once.
const WRITE: usize = 64 * 1024;

/// A connection between exchanges.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What came beyond the last answer.
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Without it small writes wait for each other.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Whether the other side has neither closed it nor sent what nobody asked for.
    pub(super) fn is_alive(&self) -> bool {
        let read = self.stream.try_read(&mut [0; 1]);
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Sends a request and reads the answer, and says whether the connection can be used again.
    pub(super) async fn exchange(
        &mut self,
        request: &Outgoing,
    ) -> Result<(RawAnswer, bool), ClientError> {
        self.write(request)
            .await
            .map_err(|error| ClientError::silent(format!("the request can't be sent: {error}")))?;
        let head = self.head().await?;
        let (body, ends_with_it) = self.body(&request.method, &head).await?;
        let says_close = values(&head, "Connection")
            .flat_map(|value| value.split(','))
            .any(|option| option.trim().eq_ignore_ascii_case("close"));
        let can_be_reused =
            !ends_with_it && !says_close && !head.is_http10 && self.buffer.is_empty();
        let answer = RawAnswer {
            status: head.status,
            reason: head.reason,
            headers: head.headers,
            body,
        };
        Ok((answer, can_be_reused))
    }

    async fn write(&mut self, request: &Outgoing) -> io::Result<()> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
        for (name, value) in &request.headers {
            for part in [name, ": ", value, "\r\n"] {
                bytes.extend_from_slice(part.as_bytes());
            }
        }
        bytes.extend_from_slice(b"\r\n");
        match &request.body {
            Body::None => {}
            Body::Sized(body) => {
                self.stream.write_all(&bytes).await?;
                return self.stream.write_all(body).await;
            }
            Body::Chunked(body) => {
                for chunk in body.chunks(CHUNK) {
                    bytes.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                    if bytes.len() >= WRITE {
                        self.stream.write_all(&bytes).await?;
                        bytes.clear();
                    }
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
        }
        self.stream.write_all(&bytes).await
    }

    /// The final head; interim ones are read over.
    async fn head(&mut self) -> Result<AnswerHead, ClientError> {
        loop {
            if let Some((head, length)) = answer_head::parse(&self.buffer)? {
                self.buffer.drain(..length);
                if (100..200).contains(&head.status) && head.status != 101 {
                    continue;
                }
                return Ok(head);
            }
            if self.buffer.len() > answer_head::MAX_LENGTH {
                return Err(ClientError::new("the answer's headers exceed 64 KiB"));
            }
            let nothing_came = self.buffer.is_empty();
            let lost = |detail: String| {
                if nothing_came {
                    ClientError::silent(detail)
                } else {
                    ClientError::new(detail)
                }
            };
            match self.more().await {
                Ok(true) => {}
                Ok(false) => return Err(lost("the answer ended prematurely".to_owned())),
                Err(error) => return Err(lost(format!("the answer can't be read: {error}"))),
            }
        }
    }

    /// The body, and whether it ends with the connection.
    async fn body(
        &mut self,
        method: &str,
        head: &AnswerHead,
    ) -> Result<(Vec<u8>, bool), ClientError> {
        if method == "HEAD" || matches!(head.status, 204 | 304) {
            return Ok((Vec::new(), false));
        }
        let is_chunked = values(head, "Transfer-Encoding")
            .flat_map(|value| value.split(','))
            .next_back()
            .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"));
        if is_chunked {
            return Ok((self.chunks().await?, false));
        }
        if let Some(length) = values(head, "Content-Length").next() {
            let length = length.parse().map_err(|_| {
                ClientError::new(format!("the answer's Content-Length is {length}"))
            })?;
            return Ok((self.take(length).await?, false));
        }
        while self.more().await.map_err(|error| broken(&error))? {}
        Ok((std::mem::take(&mut self.buffer), true))
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| {
                ClientError::new(format!("the answer has an invalid chunk: {line}"))
            })?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size).await?);
            if !self.line().await?.is_empty() {
                return Err(ClientError::new("a chunk of the answer has no end"));
            }
        }
    }

    async fn line(&mut self) -> Result<String, ClientError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&self.buffer[..end])
                    .trim_end()
                    .to_owned();
                self.buffer.drain(..=end);
                return Ok(line);
            }
            self.must_have_more().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>, ClientError> {
        while self.buffer.len() < length {
            self.must_have_more().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    async fn must_have_more(&mut self) -> Result<(), ClientError> {
        match self.more().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ClientError::new("the answer ended prematurely")),
            Err(error) => Err(broken(&error)),
        }
    }

    async fn more(&mut self) -> io::Result<bool> {
        self.buffer.reserve(WRITE);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

fn broken(error: &io::Error) -> ClientError {
    ClientError::new(format!("the answer can't be read: {error}"))
}

fn values<'a>(head: &'a AnswerHead, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
    head.headers
        .iter()
        .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
