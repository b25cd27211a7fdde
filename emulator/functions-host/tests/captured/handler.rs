//! The handler's side: records each request byte for byte, and answers what a case says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::case::Answer;

/// One request that arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The host's question whether the handler is there.
    fn is_readiness(&self) -> bool {
        self.start.starts_with("GET / ") && self.header("X-Azure-Functions-InvocationId").is_none()
    }
}

/// What to answer, and what came.
#[derive(Debug, Default)]
struct Script {
    /// The last one serves all further requests.
    answers: VecDeque<Answer>,
    requests: Vec<Request>,
}

/// The handler of one host.
#[derive(Clone, Debug)]
pub(crate) struct Handler {
    script: Arc<Mutex<Script>>,
    control: Arc<tokio::sync::Mutex<Option<TcpStream>>>,
    pub(crate) port: u16,
}

impl Handler {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let handler = Self {
            script: Arc::default(),
            control: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        let accepting = handler.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().attend(connection));
            }
        });
        handler
    }

    pub(crate) fn tell(&self, answers: &[Answer]) {
        let mut script = self.script.lock().unwrap();
        script.answers = answers.iter().cloned().collect();
        script.requests.clear();
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script.lock().unwrap().requests.clone()
    }

    async fn attend(self, mut connection: TcpStream) {
        let mut buffer = Vec::new();
        let Some(kind) = read_until(&mut connection, b"\n", &mut buffer).await else {
            return;
        };
        if kind == b"control\n" {
            *self.control.lock().await = Some(connection);
            return;
        }
        while let Some(request) = read_request(&mut connection, &mut buffer).await {
            if request.is_readiness() {
                let ready = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                if connection.write_all(ready).await.is_err() {
                    return;
                }
                continue;
            }
            let answer = self.next_answer(request);
            if answer.never_answers {
                // Until the host gives up.
                let _ = connection.read(&mut [0; 1]).await;
                return;
            }
            if answer.hangs_up {
                return;
            }
            for (stream, text) in [(1, &answer.prints_on_stdout), (2, &answer.prints_on_stderr)] {
                if let Some(text) = text {
                    self.print(stream, &text.bytes()).await;
                }
            }
            if let Some(seconds) = answer.after_seconds {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            }
            if connection.write_all(&answer.bytes()).await.is_err() || answer.closes {
                return;
            }
        }
    }

    fn next_answer(&self, request: Request) -> Answer {
        let mut script = self.script.lock().unwrap();
        script.requests.push(request);
        if script.answers.len() > 1 {
            script.answers.pop_front().unwrap_or_default()
        } else {
            script.answers.front().cloned().unwrap_or_default()
        }
    }

    async fn print(&self, stream: u8, text: &[u8]) {
        if let Some(control) = self.control.lock().await.as_mut() {
            let head = format!("{stream} {}\n", text.len());
            control.write_all(head.as_bytes()).await.unwrap();
            control.write_all(text).await.unwrap();
        }
    }
}

async fn read_request(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let head = read_until(connection, b"\r\n\r\n", buffer).await?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let mut request = Request {
        start: lines.next()?.to_owned(),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect(),
        body: Vec::new(),
    };
    if request.header("Transfer-Encoding").is_some() {
        loop {
            let size = read_until(connection, b"\r\n", buffer).await?;
            let size = String::from_utf8_lossy(&size).trim().to_owned();
            let size = usize::from_str_radix(&size, 16).ok()?;
            let chunk = read_exactly(connection, size + 2, buffer).await?;
            request.body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = request.header("Content-Length") {
        let length = length.parse().ok()?;
        request.body = read_exactly(connection, length, buffer).await?;
    }
    Some(request)
}

/// Reads up to the mark and over it; what comes behind stays in the buffer.
pub(crate) async fn read_until(
    connection: &mut (impl AsyncRead + Unpin),
    mark: &[u8],
    buffer: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    let mut searched = 0;
    loop {
        let from = searched.min(buffer.len());
        let found = buffer[from..]
            .windows(mark.len())
            .position(|window| window == mark);
        if let Some(at) = found {
            let rest = buffer.split_off(from + at + mark.len());
            return Some(std::mem::replace(buffer, rest));
        }
        searched = buffer.len().saturating_sub(mark.len() - 1);
        read_more(connection, buffer).await?;
    }
}

pub(crate) async fn read_exactly(
    connection: &mut (impl AsyncRead + Unpin),
    length: usize,
    buffer: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    while buffer.len() < length {
        read_more(connection, buffer).await?;
    }
    let rest = buffer.split_off(length);
    Some(std::mem::replace(buffer, rest))
}

pub(crate) async fn read_more(
    connection: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Option<()> {
    buffer.reserve(64 * 1024);
    let read = connection.read_buf(buffer).await.ok()?;
    (read > 0).then_some(())
}
