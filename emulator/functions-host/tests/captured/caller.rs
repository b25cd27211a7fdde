//! The caller's side: writes a request as it stands, and reads what comes back as strictly as the
//! capturing client did.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::case::Case;
use super::handler::{read_exactly, read_more, read_until};

/// After so long nothing more comes, where a case says so.
const SILENCE: Duration = Duration::from_millis(400);
/// Whatever takes longer is a failure.
const PATIENCE: Duration = Duration::from_secs(100);

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Response {
    pub(crate) interim: Vec<u64>,
    pub(crate) status: u64,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Instead of a response, or in the middle of it.
    pub(crate) broken: Option<String>,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Sends the case's request and reads the response.
pub(crate) async fn send(port: u16, case: &Case) -> Response {
    let connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = case.request.bytes();
    let silent = case
        .client_receives
        .broken
        .as_deref()
        .is_some_and(|broken| broken.starts_with("nothing more"));
    let is_head = request.starts_with(b"HEAD ");
    let (mut reading, mut writing) = connection.into_split();
    // Written beside reading: some requests are answered before they are whole.
    let writer = tokio::spawn(async move {
        let _ = writing.write_all(&request).await;
        writing
    });
    let mut buffer = Vec::new();
    let mut response = Response::default();
    // Silence is what comes after the first bytes, however long those take.
    let patience = Instant::now() + PATIENCE;
    let first_byte = timeout_at(patience, reading.readable()).await;
    first_byte.expect("nothing came at all").unwrap();
    let deadline = if silent {
        Instant::now() + SILENCE
    } else {
        patience
    };
    let read = read_response(&mut reading, &mut buffer, is_head, &mut response);
    match timeout_at(deadline, read).await {
        Ok(Some(())) => {}
        Ok(None) if response.broken.is_some() => {}
        Ok(None) => response.broken = Some("the connection ended".to_owned()),
        Err(_) => response.broken = Some("nothing more".to_owned()),
    }
    writer.abort();
    response
}

type Reading = tokio::net::tcp::OwnedReadHalf;

async fn read_response(
    reading: &mut Reading,
    buffer: &mut Vec<u8>,
    is_head: bool,
    response: &mut Response,
) -> Option<()> {
    loop {
        // What isn't HTTP shows itself in its first line, or in what there is of it.
        let line = match read_until(reading, b"\n", buffer).await {
            Some(line) => line,
            None if buffer.is_empty() => return None,
            None => std::mem::take(buffer),
        };
        let text = String::from_utf8_lossy(&line).into_owned();
        let Some((status, reason)) = status_line(&text) else {
            response.broken = Some(format!("not HTTP: {text:?}"));
            return None;
        };
        let mut headers = Vec::new();
        loop {
            let line = read_until(reading, b"\r\n", buffer).await?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let line = line.trim_end_matches("\r\n");
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if (100..200).contains(&status) {
            response.interim.push(status);
            continue;
        }
        response.status = status;
        response.reason = reason;
        response.headers = headers;
        break;
    }
    if is_head || matches!(response.status, 204 | 304) {
        return Some(());
    }
    if response
        .header("Transfer-Encoding")
        .is_some_and(|coding| coding.contains("chunked"))
    {
        loop {
            let size = read_until(reading, b"\r\n", buffer).await?;
            let size = usize::from_str_radix(String::from_utf8_lossy(&size).trim(), 16).ok()?;
            let chunk = read_exactly(reading, size + 2, buffer).await?;
            response.body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return Some(());
            }
        }
    }
    if let Some(length) = response.header("Content-Length") {
        response.body = read_exactly(reading, length.parse().ok()?, buffer).await?;
        return Some(());
    }
    while read_more(reading, buffer).await.is_some() {}
    response.body = std::mem::take(buffer);
    Some(())
}

/// Status and reason of a line that is one.
fn status_line(line: &str) -> Option<(u64, String)> {
    let rest = line.strip_prefix("HTTP/1.")?.get(2..)?;
    let (status, reason) = rest.split_once(' ')?;
    let digits = status.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !status.is_empty())
        .then(|| Some((status.parse().ok()?, reason.trim_end().to_owned())))?
}
