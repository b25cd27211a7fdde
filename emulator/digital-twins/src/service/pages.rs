//! Lists and query results, page by page.

use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{header_text, json_body};
use crate::error::InstanceError;

/// The query parameters of every call.
#[derive(Deserialize)]
pub(super) struct Parameters {
    #[serde(rename = "api-version")]
    pub(super) api_version: Option<String>,
    #[serde(rename = "continuationToken")]
    continuation_token: Option<usize>,
}

/// The page that starts at `start`, and where the next one does.
fn page(items: &[Value], start: usize, size: usize) -> (&[Value], Option<usize>) {
    let start = start.min(items.len());
    let end = start.saturating_add(size).min(items.len());
    (&items[start..end], (end < items.len()).then_some(end))
}

/// One page of `items`, with the link to the next.
pub(super) fn list(
    headers: &HeaderMap,
    uri: &Uri,
    parameters: &Parameters,
    items: &[Value],
    size: usize,
) -> Response {
    let start = parameters.continuation_token.unwrap_or(0);
    let (page, next) = page(items, start, size);
    let mut body = json!({"value": page});
    if let Some(next) = next {
        let host = header_text(headers, &header::HOST).unwrap_or("localhost");
        let version = parameters.api_version.as_deref().unwrap_or_default();
        let path = uri.path();
        body["nextLink"] = json!(format!(
            "http://{host}{path}?continuationToken={next}&api-version={version}"
        ));
    }
    json_body(&body)
}

/// A query and where its page starts: what a continuation token holds.
#[derive(Deserialize)]
pub(super) struct Continuation {
    pub(super) query: String,
    from: usize,
}

impl Continuation {
    /// Reads the body of a query.
    pub(super) fn parse(body: &Value) -> Result<Self, InstanceError> {
        match (body["query"].as_str(), body["continuationToken"].as_str()) {
            (Some(query), None) => Ok(Self {
                query: query.to_owned(),
                from: 0,
            }),
            (None, Some(token)) => serde_json::from_str(token).map_err(|_| {
                InstanceError::invalid("The continuation token is not one of this instance's.")
            }),
            _ => Err(InstanceError::invalid(
                "A query has either a query or a continuationToken.",
            )),
        }
    }

    /// The page of `hits` that is asked for.
    pub(super) fn page(&self, hits: &[Value], size: usize) -> Response {
        let (page, next) = page(hits, self.from, size);
        let mut body = json!({"value": page});
        if let Some(next) = next {
            let token = json!({"query": self.query, "from": next});
            body["continuationToken"] = json!(token.to_string());
        }
        let charge = (HeaderName::from_static("query-charge"), "1.0");
        ([charge], json_body(&body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let items: Vec<Value> = (0..5).map(Value::from).collect();
        for (start, shown, next) in [
            (0, 0..2, Some(2)),
            (2, 2..4, Some(4)),
            (4, 4..5, None),
            (5, 5..5, None),
            (usize::MAX, 5..5, None),
        ] {
            assert_eq!(page(&items, start, 2), (&items[shown], next), "{start}");
        }
    }
}
