//! A connection of the host: its requests, and what the puppet answers.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::actions::{bytes, die, items, say, sleep};
use crate::events::{GENERATION, record};

/// How long a connection that is only held is looked at for its first bytes.
const GLANCE: Duration = Duration::from_millis(200);

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) control: Value,
    pub(crate) pings: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) connections: AtomicU64,
}

pub(crate) fn hold(mut socket: TcpStream, seconds: f64) {
    socket.set_read_timeout(Some(GLANCE)).unwrap();
    let mut first = [0; 200];
    let length = socket.read(&mut first).unwrap_or_default();
    record(
        "held",
        json!({"first": String::from_utf8_lossy(&first[..length])}),
    );
    sleep(seconds);
}

/// Closes a connection with RST.
pub(crate) fn reset(socket: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    drop(socket);
}

pub(crate) struct Connection<'a> {
    pub(crate) socket: TcpStream,
    pub(crate) reader: BufReader<TcpStream>,
    pub(crate) number: u64,
    pub(crate) shared: &'a Shared,
    pub(crate) served: u64,
}

struct Request {
    line: String,
    headers: Vec<(String, String)>,
    head: Vec<u8>,
    body: Vec<u8>,
    chunks: u64,
}

/// What becomes of a connection after an exchange.
#[derive(PartialEq)]
enum Next {
    GoesOn,
    Ends,
    IsReset,
}

impl Connection<'_> {
    pub(crate) fn run(mut self) {
        let idle = self.shared.control["idle_close"]
            .as_f64()
            .map(Duration::from_secs_f64);
        let next = loop {
            self.socket.set_read_timeout(idle).unwrap();
            let since = Instant::now();
            let request = self.read();
            let (number, requests) = (self.number, self.served);
            let told = || json!({"conn": number, "requests": requests, "idle": since.elapsed().as_secs_f64()});
            let request = match request {
                Ok(Some(request)) => request,
                Ok(None) => {
                    record("closed by host", told());
                    break Next::Ends;
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    record("idle close", told());
                    break Next::Ends;
                }
                Err(error) => {
                    let mut told = told();
                    told["error"] = json!(error.to_string());
                    record("conn error", told);
                    break Next::Ends;
                }
            };
            self.served += 1;
            let is_ping = request.line.starts_with("GET / ");
            let next = if is_ping && self.shared.control["root_is_function"] != true {
                self.ping(&request)
            } else {
                self.invocation(&request)
            };
            if next != Next::GoesOn {
                break next;
            }
        };
        if next == Next::IsReset {
            drop(self.reader);
            reset(self.socket);
        }
    }

    /// The next request; `None` when there is none.
    fn read(&mut self) -> std::io::Result<Option<Request>> {
        let mut head = Vec::new();
        let mut lines = Vec::new();
        loop {
            let start = head.len();
            if self.reader.read_until(b'\n', &mut head)? == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&head[start..])
                .trim_end()
                .to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        self.socket.set_read_timeout(None)?;
        let headers: Vec<(String, String)> = lines[1..]
            .iter()
            .map(|line| {
                line.split_once(": ")
                    .unwrap_or((line.trim_end_matches(':'), ""))
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut request = Request {
            line: lines[0].clone(),
            headers,
            head,
            body: Vec::new(),
            chunks: 0,
        };
        if let Some(length) = request.header("content-length") {
            request.body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut request.body)?;
        } else if request.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                self.reader.read_line(&mut size)?;
                let size = size.split(';').next().unwrap_or_default().trim();
                let size = usize::from_str_radix(size, 16).unwrap_or_default();
                let mut chunk = vec![0; size + 2];
                self.reader.read_exact(&mut chunk)?;
                if size == 0 {
                    break;
                }
                request.chunks += 1;
                request.body.extend_from_slice(&chunk[..size]);
            }
        }
        Ok(Some(request))
    }

    /// `GET /`.
    fn ping(&mut self, request: &Request) -> Next {
        let number = self.shared.pings.fetch_add(1, SeqCst) + 1;
        record(
            "ping",
            json!({"conn": self.number, "headers": request.headers, "n": number}),
        );
        let ping = match &self.shared.control["ping"] {
            Value::Array(pings) => {
                let at = usize::try_from(number - 1).unwrap();
                pings[at.min(pings.len() - 1)].clone()
            }
            ping => ping.clone(),
        };
        sleep(ping["delay"].as_f64().unwrap_or_default());
        match ping["mode"].as_str() {
            Some("hang") => {
                sleep(ping["hang"].as_f64().unwrap_or(3600.0));
                return Next::Ends;
            }
            Some("reset") => return Next::IsReset,
            Some("close") => return Next::Ends,
            Some("garbage") => {
                let mut garbage = bytes(&ping);
                if garbage.is_empty() {
                    garbage = b"this is not HTTP\r\n\r\n".to_vec();
                }
                let _ = self.socket.write_all(&garbage);
                return Next::Ends;
            }
            Some("die") => die(&ping),
            _ => {}
        }
        let status = ping["status"].as_u64().unwrap_or(200);
        let has_body = !matches!(status, 204 | 304);
        let body = ping["body"].as_str().unwrap_or("here");
        let mut answer = format!("HTTP/1.1 {status} X\r\n");
        for (name, value) in ping["headers"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            answer.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        if has_body {
            let length = body.len().to_string();
            answer.extend(["Content-Length: ", &length, "\r\n"]);
        }
        answer += "\r\n";
        if has_body {
            answer += body;
        }
        self.write(answer.as_bytes(), "ping answer failed", number)
    }

    fn invocation(&mut self, request: &Request) -> Next {
        let number = self.shared.requests.fetch_add(1, SeqCst) + 1;
        let mut todo = self.todo(request, number);
        let mut event = json!({
            "conn": self.number, "nth_on_conn": self.served, "n": number, "line": request.line,
            "id": request.header("x-azure-functions-invocationid"), "length": request.body.len(),
            "chunks": request.chunks, "do": todo["tag"],
        });
        if self.shared.control["record_raw"] == true || todo["record_raw"] == true {
            let shown = &request.body[..request.body.len().min(4096)];
            event["raw"] = json!(String::from_utf8_lossy(&request.head));
            event["body"] = json!(STANDARD.encode(shown));
        }
        record("request", event);
        say(&todo["say"]);
        sleep(todo["sleep"].as_f64().unwrap_or_default());
        die(&todo);
        match todo["mode"].as_str() {
            Some("hang") => {
                sleep(todo["hang"].as_f64().unwrap_or(3600.0));
                return Next::Ends;
            }
            Some("reset") => return Next::IsReset,
            Some("close") => return Next::Ends,
            Some("raw") => {
                let next = self.write(&bytes(&todo), "answer failed", number);
                return if todo["then_close"] == true {
                    Next::Ends
                } else {
                    next
                };
            }
            _ => {}
        }
        if todo["res"].is_null() {
            let (generation, pid) = (*GENERATION, std::process::id());
            todo["res"] = json!({
                "statusCode": 200, "headers": {"content-type": "text/plain"},
                "body": format!("gen {generation} pid {pid} conn {}", self.number),
            });
        }
        // In this order.
        let body = format!(
            r#"{{"Outputs": {{"res": {}}}, "Logs": {}, "ReturnValue": null}}"#,
            todo["res"],
            json!(items(&todo["logs"])),
        );
        let status = todo["status"].as_u64().unwrap_or(200);
        let answer = format!(
            "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{body}",
            todo["more"].as_str().unwrap_or_default(),
            body.len(),
        );
        let next = self.write(answer.as_bytes(), "answer failed", number);
        if todo["answered"] == true {
            record("answered", json!({"n": number}));
        }
        if let Some(code) = todo["then_exit"].as_i64() {
            die(&json!({"exit": code}));
        }
        if todo["then_close"] == true {
            return Next::Ends;
        }
        next
    }

    /// What control and body say of an invocation.
    fn todo(&self, request: &Request, number: u64) -> Value {
        let control = &self.shared.control;
        let exit_after = &control["exit_after"];
        let is_the_last =
            exit_after.is_object() && number >= exit_after["requests"].as_u64().unwrap_or(1);
        let of_control = if is_the_last {
            exit_after
        } else {
            &control["invoke"]
        };
        let mut todo = of_control.as_object().cloned().unwrap_or_default();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let of_caller = match &body["Data"]["req"] {
            Value::Object(request) => {
                let text = request.get("Body").and_then(Value::as_str).unwrap_or("{}");
                serde_json::from_str(text).unwrap_or_default()
            }
            _ => body,
        };
        if let Value::Object(of_caller) = of_caller {
            todo.extend(of_caller);
        }
        Value::Object(todo)
    }

    fn write(&mut self, bytes: &[u8], complaint: &str, number: u64) -> Next {
        match self.socket.write_all(bytes) {
            Ok(()) => Next::GoesOn,
            Err(error) => {
                record(complaint, json!({"error": error.to_string(), "n": number}));
                Next::Ends
            }
        }
    }
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}
