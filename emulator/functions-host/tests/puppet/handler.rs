//! A custom handler on strings, for the tests of the emulated host: each request's body says what
//! it is to do.
//!
//! The body is a [`Script`]. What concerns the process as a whole comes in the environment:
//! `PUPPET_MODE` is one of the modes of `main`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a puppet that falls over fails its test"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what it is told to do"
)]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// What to do with one invocation.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Script {
    /// Lines for stdout.
    print: Vec<String>,
    /// Lines for stderr.
    complain: Vec<String>,
    /// Ends the process before it answers.
    exit: Option<i32>,
    /// Never answers.
    hang: bool,
    /// The HTTP answer's status.
    status: Option<u16>,
    /// Its headers, instead of `Content-Type: application/json`.
    headers: Option<Vec<(String, String)>>,
    /// Its body, instead of an envelope with the request's framing and headers as `Logs`.
    body: Option<String>,
}

#[tokio::main]
async fn main() {
    let mode = std::env::var("PUPPET_MODE").unwrap_or_default();
    let port: u16 = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT")
        .unwrap()
        .parse()
        .unwrap();
    println!(
        "args={:?} cwd={}",
        std::env::args().skip(1).collect::<Vec<_>>(),
        std::env::current_dir().unwrap().display()
    );
    let address = if mode == "everywhere" {
        "0.0.0.0"
    } else {
        "127.0.0.1"
    };
    match mode.as_str() {
        "exit-0" => std::process::exit(0),
        "exit-3" => std::process::exit(3),
        "exit-200" => std::process::exit(200),
        "deaf" => std::future::pending().await,
        // Ready at its first start, and deaf from then on.
        "deaf-later" if std::path::Path::new("started").exists() => std::future::pending().await,
        "deaf-later" => std::fs::write("started", "").unwrap(),
        _ => {}
    }
    let listener = TcpListener::bind((address, port)).await.unwrap();
    match mode.as_str() {
        "garbage" => loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(b"this is not HTTP\r\n\r\n").await.unwrap();
        },
        "silent" => loop {
            let socket = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _held = socket;
                std::future::pending::<()>().await;
            });
        },
        "stubborn" => tokio::spawn(async {
            loop {
                terminated().await;
            }
        }),
        _ => tokio::spawn(async {
            terminated().await;
            println!("stopping");
            std::process::exit(0);
        }),
    };
    axum::serve(listener, Router::new().fallback(answer))
        .await
        .unwrap();
}

async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate()).unwrap(),
        signal(SignalKind::interrupt()).unwrap(),
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn answer(request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    match (&head.method, head.uri.path()) {
        (_, "/") => Response::new(Body::from("here")),
        // Where redirects lead.
        (_, "/elsewhere") => envelope(&head.method, head.uri.path(), &head.headers),
        // Forwarding mode.
        (_, path) if path.starts_with("/api/") => {
            forwarded(&head.method, path, &head.headers, &body)
        }
        _ => perform(&head.method, head.uri.path(), &head.headers, &body).await,
    }
}

async fn perform(method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> Response<Body> {
    let envelope_sent: Value = serde_json::from_slice(body).unwrap();
    let text = envelope_sent["Data"]["req"]["Body"]
        .as_str()
        .unwrap_or("{}");
    match std::env::var("PUPPET_MODE").as_deref() {
        Ok("allocate") => return allocate(text),
        Ok("content") => return content(),
        // Falls over in the middle of its first invocation, and allocates from then on.
        Ok("allocate-later") if std::path::Path::new("fallen").exists() => return allocate(text),
        Ok("allocate-later") => {
            std::fs::write("fallen", "").unwrap();
            std::process::exit(3);
        }
        _ => {}
    }
    let script: Script = serde_json::from_str(text).unwrap();
    for line in &script.print {
        println!("{line}");
    }
    for line in &script.complain {
        eprintln!("{line}");
    }
    if script.hang {
        tokio::time::sleep(Duration::MAX).await;
    }
    if let Some(code) = script.exit {
        std::process::exit(code);
    }
    let mut response = envelope(method, path, headers);
    if let Some(status) = script.status {
        *response.status_mut() = status.try_into().unwrap();
    }
    if let Some(headers) = script.headers {
        response.headers_mut().clear();
        for (name, value) in headers {
            response.headers_mut().insert(
                axum::http::HeaderName::try_from(name).unwrap(),
                value.try_into().unwrap(),
            );
        }
    }
    if let Some(body) = script.body {
        *response.body_mut() = Body::from(body);
    }
    response
}

/// A proper answer, whose logs tell how the request arrived.
fn envelope(method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
    let mut logs = vec![format!("{method} {path}")];
    logs.extend(
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())),
    );
    let answer = json!({
        "Outputs": {"res": {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{\"done\":true}"}},
        "Logs": logs,
        "ReturnValue": null,
    });
    Response::builder()
        .header("Content-Type", "application/json")
        .body(Body::from(answer.to_string()))
        .unwrap()
}

/// The same answer to everything, for tests that look at the envelope alone: the one in the app's
/// `answer.json`, if there is one.
fn content() -> Response<Body> {
    let answer = std::fs::read_to_string("answer.json");
    let usual = json!({"Outputs": {"res": {"statusCode": 200, "body": "ok"}}, "Logs": [], "ReturnValue": null});
    let answer = answer.unwrap_or_else(|_| usual.to_string());
    Response::builder()
        .header("Content-Type", "application/json")
        .body(Body::from(answer))
        .unwrap()
}

/// The first linked hub for every device, and 400 where there is none.
fn allocate(request: &str) -> Response<Body> {
    let request: Value = serde_json::from_str(request).unwrap();
    let res = match request["linkedHubs"][0].as_str() {
        Some(hub) => json!({"statusCode": 200, "body": json!({"iotHubHostName": hub}).to_string()}),
        None => json!({"statusCode": 400, "body": "No hub."}),
    };
    let answer = json!({"Outputs": {"res": res}, "Logs": ["decided"]});
    Response::builder()
        .header("Content-Type", "application/json")
        .body(Body::from(answer.to_string()))
        .unwrap()
}

fn forwarded(method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> Response<Body> {
    let id = headers.get("x-azure-functions-invocationid").is_some();
    let text = format!("{method} {path} {} id={id}", String::from_utf8_lossy(body));
    Response::builder()
        .status(302)
        .header("Location", "/elsewhere")
        .header("X-Mine", "kept")
        .body(Body::from(text))
        .unwrap()
}
