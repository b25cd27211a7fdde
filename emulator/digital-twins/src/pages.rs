//! Lists and what queries find, in pages.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::Failure;
use super::service::{Service, header_text, json_body, parsed};

/// The query parameters of every call.
#[derive(Deserialize)]
pub(super) struct Parameters {
    #[serde(rename = "api-version")]
    pub(super) api_version: Option<String>,
    #[serde(rename = "continuationToken")]
    pub(super) continuation_token: Option<usize>,
}

/// One page of `items`, with the link to the next.
pub(super) fn list(
    service: &Service,
    headers: &HeaderMap,
    path: &str,
    parameters: &Parameters,
    items: &[Value],
) -> Response {
    let start = parameters.continuation_token.unwrap_or(0).min(items.len());
    let (_, rest) = items.split_at(start);
    let (page, left) = rest.split_at(service.page_size().min(rest.len()));
    let mut body = json!({"value": page});
    if !left.is_empty() {
        let host = header_text(headers, &header::HOST).unwrap_or("localhost");
        let version = parameters.api_version.as_deref().unwrap_or_default();
        let next = start + page.len();
        body["nextLink"] = json!(format!(
            "http://{host}{path}?continuationToken={next}&api-version={version}"
        ));
    }
    json_body(&body)
}

/// What a query's continuation token holds.
#[derive(Deserialize)]
struct Continuation {
    query: String,
    from: usize,
}

/// What a query finds, page by page.
pub(super) fn query(service: &Service, body: &Bytes) -> Result<Response, Failure> {
    let body = parsed(body)?;
    let Continuation { query, from } =
        match (body["query"].as_str(), body["continuationToken"].as_str()) {
            (Some(query), None) => Continuation {
                query: query.to_owned(),
                from: 0,
            },
            (None, Some(token)) => serde_json::from_str(token).map_err(|_| {
                Failure::invalid("The continuation token is not one of this instance's.")
            })?,
            _ => {
                return Err(Failure::invalid(
                    "A query has either a query or a continuationToken.",
                ));
            }
        };
    let hits = service.instance().query(&query)?;
    let (_, rest) = hits.split_at(from.min(hits.len()));
    let (page, left) = rest.split_at(service.page_size().min(rest.len()));
    let mut answer = json!({"value": page});
    if !left.is_empty() {
        answer["continuationToken"] =
            json!(json!({"query": query, "from": from + page.len()}).to_string());
    }
    let charge = (HeaderName::from_static("query-charge"), "1.0");
    Ok(([charge], json_body(&answer)).into_response())
}
