//! A forwarded request: the caller's, but for what .NET makes of it on the way.
//!
//! `enableForwardingHttpRequest` builds it anew: headers of the body other than its type and length
//! are lost, values of one name come together, the query is escaped anew, and a body without a
//! length can't be sent. `enableProxyingHttpRequest` passes it on as a reverse proxy does; this
//! follows the documentation and was not seen on a real host. Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#http-only-function>.

use axum::body::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Body, ClientError, Outgoing, invocation_headers, user_agent};
use crate::envelope::{known_headers, request_url};
use crate::invoke::http::HttpRequest;

/// Headers of a body, which a request without one can't carry.
const OF_THE_BODY: [&str; 11] = [
    "Allow",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Type",
    "Expires",
    "Last-Modified",
];

/// Headers of a connection, which a proxy keeps to itself.
const OF_THE_CONNECTION: [&str; 7] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];
/// Where a proxied request has its invocation id.
const INVOCATION_ID: &str = "x-ms-invocation-id";

/// How a request is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarding {
    /// `enableForwardingHttpRequest`
    Rebuilt,
    /// `enableProxyingHttpRequest`
    Streamed,
}

/// What .NET's `UrlEncoder` leaves alone in a query.
const QUERY: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'@');

/// The request that goes to the handler, at `path` with the caller's query.
pub(super) fn outgoing(
    request: &HttpRequest,
    forwarding: Forwarding,
    path: String,
    invocation_id: &str,
) -> Result<Outgoing, ClientError> {
    if forwarding == Forwarding::Streamed {
        return Ok(streamed(request, path, invocation_id));
    }
    if request.header_value("Transfer-Encoding").is_some() {
        return Err(ClientError::new(
            "a body that travels in chunks can't be forwarded, as its length isn't known",
        ));
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut has_user_agent = false;
    for (name, values) in known_headers::as_kestrel_lists(&request.headers) {
        if OF_THE_BODY
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&name))
        {
            continue;
        }
        let mut value = match name.as_str() {
            "User-Agent" => values.join(" "),
            "Cookie" => values.join("; "),
            _ => values.join(", "),
        };
        if name == "User-Agent" {
            has_user_agent = true;
            value = format!("{value} {}", user_agent());
        }
        headers.push((name, value));
    }
    headers.extend(invocation_headers(invocation_id));
    if !has_user_agent {
        headers.push(("User-Agent".to_owned(), user_agent()));
    }
    let length = request.header_value("Content-Length").map(str::trim);
    let has_body = length.is_some_and(|length| length != "0");
    let body = if has_body {
        headers.push(("Content-Length".to_owned(), request.body.len().to_string()));
        if let Some(kind) = request.header_value("Content-Type") {
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        Body::Sized(Bytes::from(request.body.clone()))
    } else {
        if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
            headers.push(("Content-Length".to_owned(), "0".to_owned()));
        }
        Body::None
    };
    Ok(Outgoing {
        method: request.method.clone(),
        target: with_query(path, request),
        headers,
        body,
    })
}

fn streamed(request: &HttpRequest, path: String, invocation_id: &str) -> Outgoing {
    let is_of_the_connection = |name: &str| {
        let mut known = OF_THE_CONNECTION.iter();
        known.any(|known| known.eq_ignore_ascii_case(name))
    };
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .filter(|(name, _)| !is_of_the_connection(name))
        .cloned()
        .collect();
    if request.header_value(INVOCATION_ID).is_none() {
        headers.push((INVOCATION_ID.to_owned(), invocation_id.to_owned()));
    }
    let body = Bytes::from(request.body.clone());
    let body = if request.header_value("Transfer-Encoding").is_some() {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
        headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
        Body::Chunked(body)
    } else if body.is_empty() {
        Body::None
    } else {
        Body::Sized(body)
    };
    let query = request.query().map(|query| format!("?{query}"));
    Outgoing {
        method: request.method.clone(),
        target: path + &query.unwrap_or_default(),
        headers,
        body,
    }
}

fn with_query(mut target: String, request: &HttpRequest) -> String {
    let mut separator = '?';
    for (name, values) in request_url::query_values(request) {
        target.push(separator);
        target.extend(utf8_percent_encode(&name, &QUERY));
        target.push('=');
        target.extend(utf8_percent_encode(&values.join(","), &QUERY));
        separator = '&';
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_escaped_anew() {
        let request = HttpRequest::get("/api/x?a=b+c%2Fd&e=1&e=2&f=%C3%AB'");
        let target = with_query("/x".to_owned(), &request);
        assert_eq!(target, "/x?a=b%20c%2Fd&e=1,2&f=%C3%AB%27");
    }

    #[test]
    fn headers_of_the_body_go_with_a_body_only() {
        let request = HttpRequest::post("/api/x")
            .header("Host", "h")
            .header("Content-Type", "text/plain")
            .header("Expires", "0")
            .header("X-A", "1")
            .header("X-A", "2");
        let sent = outgoing(&request, Forwarding::Rebuilt, "/x".to_owned(), "id").unwrap();
        let names: Vec<&str> = sent.headers.iter().map(|(name, _)| name.as_str()).collect();
        let ids = [
            "X-Azure-Functions-HostVersion",
            "X-Azure-Functions-InvocationId",
        ];
        assert_eq!(
            names,
            [
                "Host",
                "X-A",
                ids[0],
                ids[1],
                "User-Agent",
                "Content-Length"
            ]
        );
        assert_eq!(sent.headers[1].1, "1, 2");
        let error = outgoing(
            &request.chunked(),
            Forwarding::Rebuilt,
            "/x".to_owned(),
            "id",
        )
        .unwrap_err();
        assert!(
            error.detail.contains("can't be forwarded"),
            "{}",
            error.detail
        );
    }

    #[test]
    fn a_proxied_request_stays_as_it_is_but_for_its_connection() {
        let request = HttpRequest::post("/api/x?a=b+c&a=1&d")
            .header("Host", "h")
            .header("connection", "close")
            .header("Expires", "0")
            .header("X-A", "1")
            .header("X-A", "2")
            .chunked()
            .body("b");
        let sent = streamed(&request, "/api/x".to_owned(), "id");
        assert_eq!(sent.target, "/api/x?a=b+c&a=1&d");
        let headers: Vec<_> = sent
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(
            headers,
            [
                "Host: h",
                "Expires: 0",
                "X-A: 1",
                "X-A: 2",
                "x-ms-invocation-id: id",
                "Transfer-Encoding: chunked"
            ]
        );
        assert!(matches!(sent.body, Body::Chunked(body) if body == "b"));
        let request = HttpRequest::get("/api/x").header("X-MS-Invocation-Id", "own");
        let sent = streamed(&request, "/api/x".to_owned(), "id");
        assert_eq!(sent.headers.len(), 1);
        assert!(matches!(sent.body, Body::None));
    }
}
