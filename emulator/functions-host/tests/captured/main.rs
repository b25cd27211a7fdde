//! The emulated host against the real one: every exchange that was captured from the Functions host
//! 4.1037 is replayed, and what the handler receives, what the caller receives and what is logged
//! must be the same.
//!
//! The files and how to compare are described in `fixtures/functions-host/captured/README.md`. What
//! is compared less strictly is in [`OWN_LENGTH`] and [`LATE_LOG`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod caller;
mod case;
mod compare;
mod handler;

use std::collections::BTreeMap;

use case::{App, Case};
use functions_host::{HostEvent, HostOptions, HostService, LogLevel, LogSource};
use handler::Handler;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

/// The cases whose response has another length here: pages of the host whose text was not kept.
const OWN_LENGTH: [&str; 7] = [
    "GET /",
    "HEAD /",
    "POST /",
    "prefix: v1/Things, /",
    "admin status with the master key",
    "admin functions",
    "admin function",
];
/// An invocation that nobody waited for, and the later case among whose entries its end was
/// captured.
const LATE_LOG: (&str, &str) = ("admin invoke", "runtime path");

/// The cases of one app, sent to one host one after the other.
async fn replay(app: App, cases: Vec<Case>) -> Vec<(String, Vec<String>)> {
    let root = tempfile::tempdir().unwrap();
    app.write(root.path());
    let handler = Handler::start().await;
    let (events, mut happened) = unbounded_channel();
    let mut options = HostOptions::new(root.path())
        .handler(env!("CARGO_BIN_EXE_puppet-relay"))
        .function_key("k3y==")
        .master_key("M4ster")
        .env("PUPPET_RELAY", handler.port.to_string())
        .events(events);
    for (name, value) in &app.environment {
        options = options.env(name, value);
    }
    let host = HostService::start(options).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn({
        let host = host.clone();
        async move { host.serve(listener, std::future::pending()).await }
    });
    let mut results = Vec::new();
    for case in cases {
        while happened.try_recv().is_ok() {}
        handler.tell(&case.handler_answers);
        let mut response = caller::send(port, &case).await;
        let mut case = case;
        if OWN_LENGTH.contains(&case.name.as_str()) {
            let is_kept = |(name, _): &(String, String)| name != "Content-Length";
            response.headers.retain(is_kept);
            case.client_receives.headers.retain(is_kept);
        }
        let mut differences = compare::differences(&case, &response, &handler.requests());
        differences.extend(compare_logs(&case, &mut happened));
        results.push((case.name, differences));
    }
    serving.abort();
    host.stop().await;
    results
}

type Happened = tokio::sync::mpsc::UnboundedReceiver<HostEvent>;

/// The function's own log, the handler's lines, and the first lines of what the host says of
/// failures.
fn compare_logs(case: &Case, happened: &mut Happened) -> Vec<String> {
    let (mut logs, mut lines, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    while let Ok(event) = happened.try_recv() {
        match event {
            HostEvent::Invoked(invocation) => logs.extend(invocation.logs.clone()),
            HostEvent::Line(line) => lines.push((line.level.to_string(), line.text)),
            HostEvent::Logged(record)
                if record.level == LogLevel::Error && record.source == LogSource::Host =>
            {
                errors.push(without_numbers(&record.text));
            }
            _ => {}
        }
    }
    let entries = |wanted: fn(&str) -> bool| -> Vec<(String, String)> {
        case.log
            .iter()
            .filter(|entry| wanted(&entry.category))
            .map(|entry| {
                let text = String::from_utf8_lossy(&entry.message.bytes()).into_owned();
                (entry.level.clone(), text)
            })
            .collect()
    };
    let logs: Vec<_> = logs
        .into_iter()
        .map(|line| ("Information".to_owned(), line))
        .collect();
    let mut differences = Vec::new();
    let wanted: Vec<String> = case
        .log
        .iter()
        .filter(|entry| entry.level == "Error" && entry.category.starts_with("Function."))
        .map(|entry| String::from_utf8_lossy(&entry.message.bytes()).into_owned())
        .map(|text| without_numbers(text.lines().next().unwrap_or_default()))
        .collect();
    // A hang is cut short: there is no time-out then.
    if wanted != errors && !case.name.starts_with("hang: ") && !case.name.contains("205") {
        differences.push(format!("errors {errors:?}, not {wanted:?}"));
    }
    for (what, wanted, seen) in [
        (
            "logs",
            entries(|category| category.ends_with(".User")),
            logs,
        ),
        (
            "lines",
            entries(|category| category == "Host.Function.Console"),
            lines,
        ),
    ] {
        if wanted != seen {
            differences.push(format!("{what} {seen:?}, not {wanted:?}"));
        }
    }
    differences
}

/// A sentence up to the id and the duration in it.
fn without_numbers(text: &str) -> String {
    text.split(", Id=").next().unwrap_or_default().to_owned()
}

/// All cases, each with its own log.
fn cases() -> Vec<Case> {
    let mut cases = case::cases();
    let (early, late) = LATE_LOG;
    let position = |name: &str| cases.iter().position(|case| case.name == name).unwrap();
    let (early, late) = (position(early), position(late));
    cases[early].log = std::mem::take(&mut cases[late].log);
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_real_host_did_the_emulated_one_does() {
    let apps = case::apps();
    let mut by_app: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for case in cases() {
        by_app.entry(case.app.clone()).or_default().push(case);
    }
    let mut replays = tokio::task::JoinSet::new();
    for (app, cases) in by_app {
        let files = apps[&app].clone();
        replays.spawn(replay(files, cases));
    }
    let results: Vec<_> = replays.join_all().await.into_iter().flatten().collect();
    let count = results.len();
    let different: Vec<String> = results
        .into_iter()
        .filter(|(_, differences)| !differences.is_empty())
        .map(|(name, differences)| format!("{name}\n    {}", differences.join("\n    ")))
        .collect();
    assert!(
        different.is_empty(),
        "{} of {count} cases differ:\n{}",
        different.len(),
        different.join("\n")
    );
}
