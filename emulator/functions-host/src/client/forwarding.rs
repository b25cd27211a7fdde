//! A forwarded request: the caller's, but for what .NET makes of it on the way.
//!
//! Headers of the body other than its type and length are lost, values of one name come together, the query is escaped anew, and a
//! body without a length can't be sent.

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
    path: String,
    invocation_id: &str,
) -> Result<Outgoing, ClientError> {
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
        let sent = outgoing(&request, "/x".to_owned(), "id").unwrap();
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
        let error = outgoing(&request.chunked(), "/x".to_owned(), "id").unwrap_err();
        assert!(
            error.detail.contains("can't be forwarded"),
            "{}",
            error.detail
        );
    }
}
