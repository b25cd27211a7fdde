//! A custom handler on strings, which does what `lifecycle-puppet.py` of the corpus does, and
//! starts in no time.
//!
//! `control.json` in the app's root says what its process does, a request's body says more. What
//! happens to it goes to `events.jsonl`. The corpus' `lifecycle.README.md` lists the members of
//! both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a puppet that falls over fails its test"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

static ROOT: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::var_os("FUNCTIONS_APP_ROOT_PATH").unwrap().into());
/// How many processes there were before this one.
static GENERATION: LazyLock<usize> = LazyLock::new(|| {
    let events = std::fs::read_to_string(ROOT.join("events.jsonl")).unwrap_or_default();
    events.matches(r#""what":"start""#).count()
});
static EVENTS: LazyLock<Mutex<File>> = LazyLock::new(|| {
    let mut options = File::options();
    let file = options.append(true).create(true);
    Mutex::new(file.open(ROOT.join("events.jsonl")).unwrap())
});

/// The tenth of a second in which a connection's first bytes are looked at when it is only held.
const GLANCE: Duration = Duration::from_millis(200);

fn main() {
    if let Some(seconds) = std::env::args().nth(1).and_then(|argument| {
        argument
            .strip_prefix("--child=")
            .map(|seconds| seconds.parse::<f64>().unwrap())
    }) {
        record(
            "child",
            json!({"ppid": std::os::unix::process::parent_id()}),
        );
        sleep(seconds);
        record("child ends", json!({}));
        return;
    }
    let control = control();
    record("start", circumstances());
    for signal in items(&control["trap"]) {
        trap(
            i32::try_from(signal.as_i64().unwrap()).unwrap(),
            control["trap_exit"].as_i64(),
        );
    }
    say(&control["say"]);
    if let Some(seconds) = control["fork"].as_f64() {
        let child = Command::new(std::env::current_exe().unwrap())
            .arg(format!("--child={seconds}"))
            .spawn();
        drop(child.unwrap());
    }
    if control["start"].is_object() {
        sleep(control["start"]["delay"].as_f64().unwrap_or_default());
        die(&control["start"]);
    }
    let later = control["exit_later"].clone();
    if let Some(seconds) = later["after"].as_f64() {
        thread::spawn(move || {
            sleep(seconds);
            die(&later);
        });
    }
    sleep(control["listen_delay"].as_f64().unwrap_or_default());
    if control["never_listen"] == true {
        loop {
            thread::park();
        }
    }
    serve(control);
}

/// What `control.json` says for this process.
fn control() -> Value {
    let text = std::fs::read_to_string(ROOT.join("control.json")).unwrap_or_default();
    let mut control: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let generations = control.remove("generations").unwrap_or_default();
    let generations = items(&generations);
    let own = generations.get(*GENERATION).or_else(|| {
        let repeats = control
            .get("last_repeats")
            .is_some_and(|repeats| repeats == true);
        generations.last().filter(|_| repeats)
    });
    if let Some(own) = own {
        control.extend(own.as_object().unwrap().clone());
    }
    Value::Object(control)
}

fn circumstances() -> Value {
    let read = |file: &str| std::fs::read(file).unwrap();
    let command_line = String::from_utf8_lossy(&read("/proc/self/cmdline")).into_owned();
    let argv: Vec<&str> = command_line.trim_end_matches('\0').split('\0').collect();
    let status = String::from_utf8_lossy(&read("/proc/self/status")).into_owned();
    let status: HashMap<&str, &str> = status
        .lines()
        .filter_map(|line| line.split_once(":\t"))
        .collect();
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let descriptors: HashMap<String, String> = descriptors
        .filter_map(|entry| {
            let target = std::fs::read_link(entry.path()).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, target.to_string_lossy().into_owned()))
        })
        .collect();
    let group = rustix::process::getpgid(None).unwrap();
    json!({
        "argv": argv,
        "cwd": std::env::current_dir().unwrap(),
        "env": std::env::vars().collect::<HashMap<_, _>>(),
        "fds": descriptors,
        "ppid": std::os::unix::process::parent_id(),
        "pgid": group.as_raw_nonzero().get(),
        "sig": {"SigBlk": status["SigBlk"], "SigIgn": status["SigIgn"], "SigCgt": status["SigCgt"]},
        "umask": status.get("Umask"),
    })
}

/// Writes down what happened.
fn record(what: &str, more: Value) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut event = json!({
        "t": now.unwrap().as_secs_f64(), "pid": std::process::id(), "gen": *GENERATION, "what": what,
    });
    let Value::Object(more) = more else { return };
    event.as_object_mut().unwrap().extend(more);
    EVENTS
        .lock()
        .unwrap()
        .write_all(format!("{event}\n").as_bytes())
        .unwrap();
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn sleep(seconds: f64) {
    thread::sleep(Duration::from_secs_f64(seconds));
}

/// Prints what it is told, byte for byte.
fn say(lines: &Value) {
    for line in items(lines) {
        let once = bytes(line);
        let times = usize::try_from(line["times"].as_u64().unwrap_or(1)).unwrap();
        let text = once.repeat(times);
        if line["to"] == "stderr" {
            std::io::stderr().write_all(&text).unwrap();
        } else {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&text).unwrap();
            stdout.flush().unwrap();
        }
        sleep(line["pause"].as_f64().unwrap_or_default());
    }
}

/// `b64`, or else `text`.
fn bytes(of: &Value) -> Vec<u8> {
    match of["b64"].as_str() {
        Some(base64) => STANDARD.decode(base64).unwrap(),
        None => of["text"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

/// Ends as it is told.
fn die(how: &Value) {
    if let Some(code) = how["exit"].as_i64() {
        record("exit", json!({"code": code}));
        exit(i32::try_from(code).unwrap());
    }
    if let Some(signal) = how["signal"].as_i64() {
        record("dying", json!({"signal": signal}));
        let signal = i32::try_from(signal).unwrap();
        let signal = rustix::process::Signal::from_named_raw(signal).unwrap();
        // Rust's own handler of SIGSEGV and SIGBUS lets the first one pass.
        for _ in 0..50 {
            rustix::process::kill_process(rustix::process::getpid(), signal).unwrap();
            sleep(0.1);
        }
    }
}

/// Writes down a signal, and ignores it unless it is told to end.
fn trap(signal: i32, exit_code: Option<i64>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let kind = tokio::signal::unix::SignalKind::from_raw(signal);
    let mut signals = runtime.block_on(async { tokio::signal::unix::signal(kind).unwrap() });
    thread::spawn(move || {
        while runtime.block_on(signals.recv()).is_some() {
            record("signal", json!({"signal": signal}));
            if let Some(code) = exit_code {
                exit(i32::try_from(code).unwrap());
            }
        }
    });
}

/// What all connections share.
struct Shared {
    control: Value,
    pings: AtomicU64,
    requests: AtomicU64,
    connections: AtomicU64,
}

fn serve(control: Value) {
    let given = || {
        std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT")
            .ok()?
            .parse()
            .ok()
    };
    let port = control["port"].as_u64().or_else(given).unwrap_or_default();
    let port = u16::try_from(port).unwrap();
    let address = control["address"]
        .as_str()
        .unwrap_or("127.0.0.1")
        .to_owned();
    let listener = TcpListener::bind((address.as_str(), port)).unwrap_or_else(|error| {
        record("bind failed", json!({"error": error.to_string()}));
        exit(98);
    });
    record("listening", json!({"port": port}));
    let shared = Arc::new(Shared {
        control,
        pings: AtomicU64::new(0),
        requests: AtomicU64::new(0),
        connections: AtomicU64::new(0),
    });
    let (mut opened, mut most) = (0, 0);
    loop {
        let (socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        opened += 1;
        match shared.control["accept"].as_str() {
            Some("hold") => {
                let seconds = shared.control["hold"].as_f64().unwrap_or(3600.0);
                thread::spawn(move || hold(socket, seconds));
                continue;
            }
            Some("reset") => {
                record("accept reset", json!({}));
                reset(socket);
                continue;
            }
            Some("close") => {
                record("accept close", json!({}));
                continue;
            }
            _ => {}
        }
        let now = shared.connections.fetch_add(1, SeqCst) + 1;
        most = now.max(most);
        record("conn", json!({"conn": opened, "now": now, "max": most}));
        let (shared, number) = (Arc::clone(&shared), opened);
        thread::spawn(move || {
            Connection {
                reader: BufReader::new(socket.try_clone().unwrap()),
                socket,
                number,
                shared: &shared,
                served: 0,
            }
            .run();
            shared.connections.fetch_sub(1, SeqCst);
        });
    }
}

fn hold(mut socket: TcpStream, seconds: f64) {
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
fn reset(socket: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    drop(socket);
}

struct Connection<'a> {
    socket: TcpStream,
    reader: BufReader<TcpStream>,
    number: u64,
    shared: &'a Shared,
    served: u64,
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
    fn run(mut self) {
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
