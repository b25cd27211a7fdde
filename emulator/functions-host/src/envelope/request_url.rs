//! The URL of a request as the host rebuilds it, and its query.
//!
//! Behind App Service, scheme and host come from `X-Forwarded-Proto` and `DISGUISED-HOST`; without these headers the request is
//! taken for plain HTTP, as it is under Core Tools.

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::invoke::http::HttpRequest;

/// What ASP.NET Core escapes in a path.
const PATH: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Scheme, host, path and query: the path decoded and escaped anew, the query as it was sent.
pub(crate) fn display(request: &HttpRequest) -> String {
    let scheme = request.header_value("X-Forwarded-Proto").unwrap_or("http");
    let host = request
        .header_value("DISGUISED-HOST")
        .or_else(|| request.header_value("Host"))
        .unwrap_or_default();
    let path = utf8_percent_encode(&decode_path(request.path()), &PATH)
        .to_string()
        .replace("%252F", "%2F");
    let query = request
        .query()
        .filter(|query| !query.is_empty())
        .map(|query| format!("?{query}"));
    format!("{scheme}://{host}{path}{}", query.unwrap_or_default())
}

/// Decodes a path once; an escaped slash stays escaped, as in Kestrel.
pub(crate) fn decode_path(path: &str) -> String {
    let guarded = path.replace("%2F", "%252F").replace("%2f", "%252F");
    percent_decode_str(&guarded)
        .decode_utf8_lossy()
        .into_owned()
}

/// The query's parameters in order, each with all of its values. Names are the same in any case.
pub(crate) fn query_values(request: &HttpRequest) -> impl Iterator<Item = (String, Vec<String>)> {
    let mut values: IndexMap<String, (String, Vec<String>)> = IndexMap::new();
    for (name, value) in form_urlencoded::parse(request.query().unwrap_or_default().as_bytes()) {
        let (_, values) = values
            .entry(name.to_lowercase())
            .or_insert_with(|| (name.into_owned(), Vec::new()));
        values.push(value.into_owned());
    }
    values.into_values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_escaped_anew_and_the_query_is_left_alone() {
        for (target, url) in [
            (
                "/api/items/42?q=a%20b",
                "http://localhost:7071/api/items/42?q=a%20b",
            ),
            ("/api/%48ttp", "http://localhost:7071/api/Http"),
            (
                "/api/a%20b/%C3%AB",
                "http://localhost:7071/api/a%20b/%C3%AB",
            ),
            ("/api/a%2fb", "http://localhost:7071/api/a%2Fb"),
            ("/api/x?", "http://localhost:7071/api/x"),
        ] {
            let request = HttpRequest::get(target).header("Host", "localhost:7071");
            assert_eq!(display(&request), url);
        }
    }

    #[test]
    fn app_service_headers_name_scheme_and_host() {
        let request = HttpRequest::get("/api/x")
            .header("Host", "10.0.0.7")
            .header("disguised-host", "contoso.azurewebsites.net")
            .header("X-Forwarded-Proto", "https");
        assert_eq!(display(&request), "https://contoso.azurewebsites.net/api/x");
    }

    #[test]
    fn repeated_parameters_are_collected_under_their_first_spelling() {
        let request = HttpRequest::get("/api/x?a=1&A=2&b=x+y&c");
        let values: Vec<_> = query_values(&request).collect();
        assert_eq!(
            values,
            [
                ("a".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
                ("b".to_owned(), vec!["x y".to_owned()]),
                ("c".to_owned(), vec![String::new()]),
            ]
        );
    }
}
