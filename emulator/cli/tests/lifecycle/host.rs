//! The emulated host as a process, as `emulator host` starts it, and its log.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How long a host may take to listen on a busy machine.
const START: Duration = Duration::from_mins(1);

/// A line of `emulator host --log-format json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Line {
    Listening {
        address: SocketAddr,
    },
    Record(Record),
    Violation {
        sentence: String,
    },
    #[serde(other)]
    Other,
}

/// A record of the host's log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) level: String,
    pub(crate) category: String,
    pub(crate) event: Option<u32>,
    pub(crate) text: String,
    pub(crate) exception: Option<String>,
    /// When the test has read it, in seconds since 1970.
    #[serde(skip)]
    pub(crate) seen: f64,
}

/// A host that runs, or did.
pub(crate) struct Host {
    child: Child,
    pub(crate) pid: u32,
    pub(crate) environment: BTreeMap<String, String>,
    lines: Arc<Mutex<Vec<Line>>>,
    other: Arc<Mutex<Vec<String>>>,
    changed: watch::Receiver<()>,
    pub(crate) ended: Option<(i32, Instant)>,
}

impl Host {
    pub(crate) fn start(
        app: &Path,
        variables: &BTreeMap<String, Option<String>>,
        idle_limit: u32,
    ) -> Self {
        let mut environment: BTreeMap<String, String> = std::env::vars().collect();
        for (name, value) in variables {
            match value {
                Some(value) => environment.insert(name.clone(), value.clone()),
                None => environment.remove(name),
            };
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .args(["host", "--port", "0", "--log-format", "json"])
            .args(["--idle-limit", &idle_limit.to_string()])
            .args(["--host-version", "4.1037", "--app"])
            .arg(app)
            .env_clear()
            .envs(&environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (lines, other) = (Arc::default(), Arc::default());
        let (sender, changed) = watch::channel(());
        tokio::spawn(read(
            child.stdout.take(),
            Arc::clone(&lines),
            Arc::clone(&other),
            sender.clone(),
        ));
        tokio::spawn(read(
            child.stderr.take(),
            Arc::clone(&lines),
            Arc::clone(&other),
            sender,
        ));
        Self {
            pid: child.id().unwrap(),
            child,
            environment,
            lines,
            other,
            changed,
            ended: None,
        }
    }

    /// Waits until the host listens; `None` when it ends before.
    pub(crate) async fn listens(&mut self) -> Option<SocketAddr> {
        let deadline = Instant::now() + START;
        let mut changed = self.changed.clone();
        while Instant::now() < deadline {
            let address = self.lines().into_iter().find_map(|line| match line {
                Line::Listening { address } => Some(address),
                _ => None,
            });
            if address.is_some() {
                return address;
            }
            if self.has_ended() {
                return None;
            }
            let _ = tokio::time::timeout(Duration::from_millis(100), changed.changed()).await;
        }
        None
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.ended.is_none()
            && let Some(status) = self.child.try_wait().unwrap()
        {
            self.ended = Some((status.code().unwrap_or(-1), Instant::now()));
        }
        self.ended.is_some()
    }

    pub(crate) fn signal(&self, signal: i32) {
        send_signal(self.pid, signal);
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        let records = self.lines().into_iter();
        records
            .filter_map(|line| match line {
                Line::Record(record) => Some(record),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        let lines = self.lines().into_iter();
        lines
            .filter_map(|line| match line {
                Line::Violation { sentence } => Some(sentence),
                _ => None,
            })
            .collect()
    }

    /// What it printed that is no line of the log.
    pub(crate) fn other(&self) -> Vec<String> {
        self.other.lock().unwrap().clone()
    }
}

/// Sends a signal to a process that may be gone.
pub(crate) fn send_signal(pid: u32, signal: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    let _ = kill_process(pid, Signal::from_named_raw(signal).unwrap());
}

async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    lines: Arc<Mutex<Vec<Line>>>,
    other: Arc<Mutex<Vec<String>>>,
    changed: watch::Sender<()>,
) {
    let mut pipe = BufReader::new(pipe.unwrap());
    let mut text = Vec::new();
    while pipe
        .read_until(b'\n', &mut text)
        .await
        .is_ok_and(|read| read > 0)
    {
        match serde_json::from_slice(&text) {
            Ok(Line::Record(mut record)) => {
                record.seen = now();
                lines.lock().unwrap().push(Line::Record(record));
            }
            Ok(line) => lines.lock().unwrap().push(line),
            Err(_) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                other.lock().unwrap().push(text);
            }
        }
        text.clear();
        changed.send_replace(());
    }
}

/// In seconds since 1970.
pub(crate) fn now() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs_f64()
}
