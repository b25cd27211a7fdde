//! The client in front of an instance that can't be trusted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use digital_twins::adt::{AdtError, Client, Deadline, InstanceUrl, Settings, SignIn, TwinId};
use serde_json::json;
use tokio::net::TcpListener;

/// Serves a router on a port of its own; returns its address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

fn client(url: &str) -> Client {
    let settings = Settings {
        url: InstanceUrl::parse(url).unwrap(),
        api_version: "2023-10-31".to_owned(),
        sign_in: SignIn::None,
    };
    Client::new(settings).unwrap()
}

/// Another host, which counts who comes.
async fn elsewhere() -> (String, Arc<AtomicUsize>) {
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    let count = move || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        json!({"value": []}).to_string()
    };
    (serve(Router::new().fallback(count)).await, visits)
}

fn id() -> TwinId {
    TwinId::parse("t").unwrap()
}

fn deadline() -> Deadline {
    Deadline::within(Duration::from_mins(1))
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let (elsewhere, visits) = elsewhere().await;
    let page = json!({"value": [], "nextLink": format!("{elsewhere}/digitaltwins/t/relationships?token=1")}).to_string();
    let url =
        serve(Router::new().route("/digitaltwins/{id}/relationships", get(async || page))).await;
    let error = client(&url)
        .relationships(&id(), deadline())
        .await
        .unwrap_err();
    assert!(matches!(error, AdtError::ForeignLink), "{error}");
    assert_eq!(visits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, visits) = elsewhere().await;
    let away =
        async move || (StatusCode::TEMPORARY_REDIRECT, [("location", elsewhere)]).into_response();
    let url = serve(Router::new().route("/digitaltwins/{id}", get(away))).await;
    let error = client(&url).get(&id(), deadline()).await.unwrap_err();
    assert_eq!(error.to_string(), "Digital Twins answered 307");
    assert_eq!(visits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_told() {
    let url = serve(Router::new().route("/digitaltwins/{id}", get(async || "{}"))).await;
    let error = client(&url).get(&id(), deadline()).await.unwrap_err();
    assert!(
        matches!(error, AdtError::Malformed(_)) && !error.is_transient(),
        "{error}"
    );
}

/// The error of a client that is answered this.
async fn refused(status: StatusCode, body: String) -> AdtError {
    let answer = async move || (status, body).into_response();
    let url = serve(Router::new().route("/digitaltwins/{id}", get(answer))).await;
    client(&url).get(&id(), deadline()).await.unwrap_err()
}

#[tokio::test]
async fn what_the_instance_says_is_one_short_line() {
    let body = json!({"error": {"code": "A\nERROR forged", "message": "no \"x\"\r\n\u{1b}[2J"}});
    let error = refused(StatusCode::BAD_REQUEST, body.to_string()).await;
    assert_eq!(
        error.to_string(),
        "Digital Twins answered 400 A\\nERROR forged: no \"x\"\\r\\n\\u{1b}[2J"
    );
    let long = "é".repeat(1 << 20);
    let body = json!({"error": {"code": long, "message": long}}).to_string();
    let error = refused(StatusCode::BAD_REQUEST, body).await;
    assert!(
        error.to_string().chars().count() < 2_100,
        "{} bytes",
        error.to_string().len()
    );
    let error = refused(StatusCode::OK, json!({"$dtId": [], "x": long}).to_string()).await;
    assert!(matches!(error, AdtError::Malformed(_)), "{error}");
    let body = json!({"$dtId": "t", "$etag": "e", "$metadata": long}).to_string();
    let error = refused(StatusCode::OK, body).await;
    assert!(
        error.to_string().len() < 2_500,
        "{} bytes",
        error.to_string().len()
    );
}

#[tokio::test]
async fn an_answer_that_is_larger_than_any_documented_one_is_not_read_whole() {
    let large = || " ".repeat((8 << 20) + 1);
    let error = refused(StatusCode::OK, large()).await;
    assert_eq!(
        error.to_string(),
        "Digital Twins answered more than 8388608 bytes"
    );
    assert!(!error.is_transient());
    let error = refused(StatusCode::FORBIDDEN, large()).await;
    assert_eq!(error.to_string(), "Digital Twins answered 403");
    let url =
        serve(Router::new().route("/digitaltwins/{id}", get(async || " ".repeat(8 << 20)))).await;
    let error = client(&url).get(&id(), deadline()).await.unwrap_err();
    assert!(matches!(error, AdtError::Malformed(_)), "{error}");
}
