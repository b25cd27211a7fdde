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

mod actions;
mod connection;
mod events;

use std::io::BufReader;
use std::net::TcpListener;
use std::process::{Command, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use serde_json::{Map, Value, json};

use crate::actions::{die, items, say, sleep, trap};
use crate::connection::{Connection, Shared, hold, reset};
use crate::events::{GENERATION, ROOT, circumstances, record};

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
