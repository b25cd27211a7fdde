//! The host as a service that goes on: whatever happens to its app, callers get what the real host
//! gives them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use functions_host::{HostEvent, HostOptions, HostService, HostState};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use common::{App, puppet};

/// A test that waits longer than this for something will wait for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service that serves, what happens to it, and where it is.
struct Serving {
    service: HostService,
    happened: UnboundedReceiver<HostEvent>,
    address: std::net::SocketAddr,
}

impl Serving {
    async fn start(app: &App) -> Self {
        let (events, happened) = unbounded_channel();
        let options = HostOptions::new(app.path())
            .handler(puppet())
            .events(events);
        Self::with(options, happened).await
    }

    async fn with(options: HostOptions, happened: UnboundedReceiver<HostEvent>) -> Self {
        let service = HostService::start(options).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = service.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        Self {
            service,
            happened,
            address,
        }
    }

    async fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        let read = socket.read_to_string(&mut response);
        tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
        response
    }

    /// Waits for a violation or a record of the log with this text.
    async fn until(&mut self, text: &str) {
        let seen = async {
            while let Some(event) = self.happened.recv().await {
                let told = match event {
                    HostEvent::Logged(record) => record.text,
                    HostEvent::Violation(violation) => violation.to_string(),
                    _ => continue,
                };
                if told.contains(text) {
                    return;
                }
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        assert!(seen.is_ok(), "never seen: {text}");
    }
}

#[tokio::test]
async fn an_app_that_cannot_be_used_is_503_until_it_is_mended() {
    let app = App::plain();
    app.write("host.json", "{ broken");
    let mut serving = Serving::start(&app).await;
    assert!(matches!(serving.service.state(), HostState::Error(_)));
    let response = serving.get("/api/Puppet").await;
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    assert!(
        response.contains("Function host is not running."),
        "{response}"
    );
    let status = serving.get("/admin/host/status").await;
    assert!(status.contains(r#""state":"Error""#), "{status}");
    assert!(
        status.contains("Unable to parse host configuration file"),
        "{status}"
    );
    serving
        .until("A host error has occurred during startup operation '")
        .await;

    let description = json!({"defaultExecutablePath": "handler"});
    let mended = json!({"version": "2.0", "customHandler": {"description": description}});
    app.write("host.json", &mended.to_string());
    serving
        .until("Worker process started and initialized.")
        .await;
    let response = serving.get("/api/Puppet").await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(
        serving
            .get("/admin/host/status")
            .await
            .contains(r#""state":"Running""#)
    );
}

#[tokio::test]
async fn a_change_of_the_apps_files_starts_it_anew() {
    let app = App::plain();
    let mut serving = Serving::start(&app).await;
    serving
        .until("Worker process started and initialized.")
        .await;
    app.add("Other", "{", "{");
    serving
        .until("File change of type 'Created' detected for '")
        .await;
    serving
        .until("Host configuration has changed. Signaling restart")
        .await;
    serving
        .until("Worker process started and initialized.")
        .await;
    let response = serving.get("/api/Other").await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test]
async fn a_handler_that_cannot_be_started_or_never_answers_is_told_of() {
    let app = App::plain();
    let (events, happened) = unbounded_channel();
    let options = HostOptions::new(app.path()).events(events);
    let mut serving = Serving::with(options, happened).await;
    serving
        .until("Failed to start Worker Channel. Process fileName: handler")
        .await;
    serving
        .until("the handler handler cannot be started (No such file or directory)")
        .await;

    let (events, happened) = unbounded_channel();
    let options = HostOptions::new(app.path())
        .handler(puppet())
        .events(events);
    let options = options.env("PUPPET_MODE", "silent").with_hangs();
    let mut serving = Serving::with(options, happened).await;
    serving
        .until("the handler has accepted GET / and not answered it for 1s")
        .await;
    assert!(matches!(serving.service.state(), HostState::Running(_)));
}

/// A host with both keys, and an app with an HTTP and an Event Hub function.
async fn with_keys() -> (App, Serving) {
    let app = App::plain();
    app.write(
        "Hub/function.json",
        r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events"}]}"#,
    );
    app.write(
        "Tick/function.json",
        r#"{"bindings":[{"type":"timerTrigger","direction":"in","name":"timer"}]}"#,
    );
    // What the puppet answers to every invocation.
    app.write("answer.json", "nonsense");
    let (events, happened) = unbounded_channel();
    let options = HostOptions::new(app.path())
        .handler(puppet())
        .function_key("k3y==")
        .master_key("m4ster")
        .env("PUPPET_MODE", "content")
        .events(events);
    let serving = Serving::with(options, happened).await;
    (app, serving)
}

#[tokio::test]
async fn what_is_the_hosts_own_needs_the_master_key() {
    let (_app, serving) = with_keys().await;
    for (path, start) in [
        ("/", "HTTP/1.1 200 OK"),
        ("/admin/host/ping", "HTTP/1.1 200 OK"),
        ("/admin/host/status", "HTTP/1.1 401 Unauthorized"),
        (
            "/admin/host/status?code=k3y%3D%3D",
            "HTTP/1.1 403 Forbidden",
        ),
        ("/admin/host/status?code=m4ster", "HTTP/1.1 200 OK"),
        ("/admin/functions", "HTTP/1.1 401 Unauthorized"),
        (
            "/admin/functions/None?code=m4ster",
            "HTTP/1.1 404 Not Found",
        ),
        (
            "/Admin/Functions/Puppet/Status?code=m4ster",
            "HTTP/1.1 200 OK",
        ),
        ("/runtime/webhooks/x", "HTTP/1.1 401 Unauthorized"),
        ("/runtime/webhooks/x?code=m4ster", "HTTP/1.1 404 Not Found"),
    ] {
        let response = serving.get(path).await;
        assert!(response.starts_with(start), "{path}: {response}");
        let is_challenged = response.contains("WWW-Authenticate: Bearer\r\n");
        assert_eq!(is_challenged, start.contains("401"), "{path}: {response}");
    }
    let home = serving.get("/").await;
    assert!(home.contains("<h1>The emulated Functions host is up and running</h1>"));
    let keys = serving.get("/admin/host/keys?code=m4ster").await;
    let shown = r#"{"keys":[{"name":"default","value":"k3y=="}],"links":[{"href":"http://localhost/admin/host/keys","rel":"self"}]}"#;
    assert!(keys.contains(shown), "{keys}");
    let functions = serving.get("/admin/functions?code=m4ster").await;
    let (_, body) = functions.split_once("\r\n\r\n").unwrap();
    let functions: serde_json::Value = serde_json::from_str(body).unwrap();
    let names = functions.as_array().unwrap().iter();
    let names: Vec<_> = names.map(|function| function["name"].clone()).collect();
    assert_eq!(json!(names), json!(["Hub", "Puppet", "Tick"]));
    let puppet = &functions[1];
    assert_eq!(puppet["invoke_url_template"], "http://localhost/api/Puppet");
    assert_eq!(puppet["config"]["bindings"][0]["type"], "httpTrigger");
}

#[tokio::test]
async fn functions_are_run_by_hand_as_far_as_they_can() {
    let (_app, mut serving) = with_keys().await;
    for (name, told) in [
        ("Hub", "Executed 'Functions.Hub' (Failed"),
        ("Puppet", "Executed 'Functions.Puppet' (Failed"),
        ("Tick", "Executed 'Functions.Tick' (Failed"),
    ] {
        let mut socket = TcpStream::connect(serving.address).await.unwrap();
        let body = json!({"input": "an event"}).to_string();
        let request = format!(
            "POST /admin/functions/{name} HTTP/1.1\r\nHost: localhost\r\nx-functions-key: m4ster\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        socket.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 202 Accepted"), "{response}");
        serving.until(told).await;
    }
}

#[tokio::test]
async fn the_home_page_can_be_left_out() {
    let app = App::plain();
    let (events, happened) = unbounded_channel();
    let options = HostOptions::new(app.path())
        .handler(puppet())
        .env("AzureWebJobsDisableHomepage", "true")
        .events(events);
    let serving = Serving::with(options, happened).await;
    assert!(
        serving
            .get("/")
            .await
            .starts_with("HTTP/1.1 204 No Content")
    );
}
