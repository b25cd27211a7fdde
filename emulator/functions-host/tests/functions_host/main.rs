//! The emulated Functions host in front of a real process, a puppet that answers as it is told.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod invocation;
mod process;

use std::time::Duration;

use functions_host::{
    Channel, EventHubBatch, EventHubEvent, FunctionsHost, HostOptions, HostVersion, HttpRequest,
    Invocation, LogLevel, Shutdown, StartError, Stream, Transfer, Violation,
};
use serde_json::{Value, json};

use common::{App, puppet};

/// A test that waits longer than this for something will wait for ever.
const PATIENCE: Duration = Duration::from_mins(1);

fn options(app: &App) -> HostOptions {
    HostOptions::new(app.path()).handler(puppet())
}

async fn start(app: &App, change: impl FnOnce(HostOptions) -> HostOptions) -> FunctionsHost {
    FunctionsHost::start(change(options(app))).await.unwrap()
}

async fn perform(host: &FunctionsHost, script: &Value) -> Invocation {
    let request = HttpRequest::post("/api/Puppet")
        .header("Content-Type", "application/json")
        .body(script.to_string());
    tokio::time::timeout(PATIENCE, host.invoke(request))
        .await
        .unwrap()
}

/// Waits for what the host shall have seen, though not for ever.
async fn until(host: &FunctionsHost, condition: impl Fn(&FunctionsHost) -> bool) {
    let seen = tokio::time::timeout(PATIENCE, host.wait_until(condition)).await;
    let (violations, output) = (host.violations(), host.output());
    assert!(seen.is_ok(), "never seen in {violations:?}, {output:?}");
}

/// Waits for a violation that says `sentence`.
async fn until_violation(host: &FunctionsHost, sentence: &str) {
    until(host, |host| {
        host.violations()
            .iter()
            .any(|violation| violation.to_string().contains(sentence))
    })
    .await;
}

fn sentences(invocation: &Invocation) -> Vec<String> {
    invocation
        .violations
        .iter()
        .map(ToString::to_string)
        .collect()
}
