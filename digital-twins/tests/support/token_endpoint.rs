//! The endpoint at which Azure Functions gives tokens of the app's managed identity.
//!
//! Source:
//! <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

pub(crate) const HEADER: &str = "the-identity-header-s3cr3t";
pub(crate) const TOKEN: &str = "the-token-s3cr3t";

/// The queries of all calls so far.
pub(crate) type Queries = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

/// Starts an endpoint; returns its address and what it is asked.
pub(crate) async fn start() -> (String, Queries) {
    let queries = Queries::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/msi/token", get(token))
        .with_state(queries.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (format!("http://{address}/msi/token"), queries)
}

async fn token(
    State(queries): State<Queries>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    queries.lock().unwrap().push(query);
    if headers
        .get("X-IDENTITY-HEADER")
        .is_none_or(|header| header != HEADER)
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    let expires = tomorrow
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .to_string();
    let body = json!({
        "access_token": TOKEN, "expires_on": expires, "resource": "https://digitaltwins.azure.net", "token_type": "Bearer",
    });
    ([("content-type", "application/json")], body.to_string()).into_response()
}
