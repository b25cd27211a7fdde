//! What a process of the puppet does as it is told: it prints, sleeps, traps signals and ends.

use std::io::Write as _;
use std::process::exit;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::events::record;

pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn sleep(seconds: f64) {
    thread::sleep(Duration::from_secs_f64(seconds));
}

/// Prints what it is told, byte for byte.
pub(crate) fn say(lines: &Value) {
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
pub(crate) fn bytes(of: &Value) -> Vec<u8> {
    match of["b64"].as_str() {
        Some(base64) => STANDARD.decode(base64).unwrap(),
        None => of["text"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

/// Ends as it is told.
pub(crate) fn die(how: &Value) {
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
pub(crate) fn trap(signal: i32, exit_code: Option<i64>) {
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
