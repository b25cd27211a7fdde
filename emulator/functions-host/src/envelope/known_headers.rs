//! The request headers that the host's web server knows by name.
//!
//! Kestrel spells these in its own way and lists them first, in this order; all others follow as
//! the sender spelled and ordered them. Source:
//! <https://learn.microsoft.com/dotnet/api/microsoft.net.http.headers.headernames>.

/// In the order in which Kestrel enumerates them.
const KNOWN: [&str; 45] = [
    "Accept",
    "Connection",
    "Host",
    "User-Agent",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Alt-Used",
    "Authorization",
    "baggage",
    "Cache-Control",
    "Content-Type",
    "Cookie",
    "Correlation-Context",
    "Date",
    "Expect",
    "From",
    "Grpc-Accept-Encoding",
    "Grpc-Encoding",
    "Grpc-Timeout",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "Request-Id",
    "TE",
    "traceparent",
    "tracestate",
    "Transfer-Encoding",
    "Translate",
    "Upgrade",
    "Upgrade-Insecure-Requests",
    "Via",
    "Warning",
    "Content-Length",
];

/// Other names that ASP.NET Core has at hand. They come where the sender has put them, but in this
/// spelling.
const SPELLED: [&str; 45] = [
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Age",
    "Allow",
    "Alt-Svc",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Security-Policy-Report-Only",
    "DNT",
    "ETag",
    "Expires",
    "Grpc-Message",
    "Grpc-Status",
    "Last-Modified",
    "Link",
    "Location",
    "Proxy-Authenticate",
    "Proxy-Connection",
    "Retry-After",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Server",
    "Set-Cookie",
    "Strict-Transport-Security",
    "Trailer",
    "Vary",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-Powered-By",
    "X-Requested-With",
    "X-XSS-Protection",
];

/// Headers as the host's code sees them: one entry a name, with all of its values.
pub(crate) fn as_kestrel_lists(headers: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut listed: Vec<(usize, String, Vec<String>)> = Vec::new();
    for (name, value) in headers {
        if let Some((_, _, values)) = listed
            .iter_mut()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(name))
        {
            values.push(value.clone());
        } else {
            let known = KNOWN
                .iter()
                .enumerate()
                .find(|(_, known)| known.eq_ignore_ascii_case(name));
            let spelled = || {
                let spelled = SPELLED
                    .iter()
                    .find(|known| known.eq_ignore_ascii_case(name));
                (KNOWN.len(), spelled.copied().unwrap_or(name))
            };
            let (position, spelled) =
                known.map_or_else(spelled, |(position, known)| (position, *known));
            listed.push((position, spelled.to_owned(), vec![value.clone()]));
        }
    }
    listed.sort_by_key(|(position, _, _)| *position);
    listed
        .into_iter()
        .map(|(_, name, values)| (name, values))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_headers_come_first_in_kestrels_spelling_and_order() {
        let sent = [
            ("X-Forwarded-Proto", "https"),
            ("content-length", "5"),
            ("x-b", "1"),
            ("TRACEPARENT", "00"),
            ("content-type", "text/plain"),
            ("host", "h"),
            ("accept", "*/*"),
            ("X-Forwarded-proto", "http"),
        ];
        let sent: Vec<_> = sent
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let listed = as_kestrel_lists(&sent);
        let names: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Accept",
                "Host",
                "Content-Type",
                "traceparent",
                "Content-Length",
                "X-Forwarded-Proto",
                "x-b"
            ]
        );
        assert_eq!(listed[5].1, ["https", "http"]);
    }
}
