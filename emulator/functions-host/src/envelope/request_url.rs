//! The URL of a request as the host rebuilds it, and its query.
//!
//! Behind App Service, scheme and host come from `X-Forwarded-Proto` and `DISGUISED-HOST`;
//! elsewhere these headers mean nothing, and the request is taken for plain HTTP.

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::invoke::http::HttpRequest;
use crate::server::target;

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
/// Behind App Service two headers name scheme and host.
pub(crate) fn display(request: &HttpRequest, is_behind_app_service: bool) -> String {
    let header = |name| {
        is_behind_app_service
            .then(|| request.header_value(name))
            .flatten()
    };
    let scheme = header("X-Forwarded-Proto").unwrap_or("http");
    let host = header("DISGUISED-HOST")
        .or_else(|| request.header_value("Host"))
        .unwrap_or_default();
    let path = escape(&decode_path(&request.target));
    let query = request.query().map(|query| format!("?{query}"));
    format!("{scheme}://{host}{path}{}", query.unwrap_or_default())
}

/// Escapes a path; what is an escape already stays one.
pub(crate) fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        escaped.extend(utf8_percent_encode(&rest[..at], &PATH));
        let is_escape = rest
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        escaped.push_str(if is_escape { "%" } else { "%25" });
        rest = &rest[at + 1..];
    }
    escaped.extend(utf8_percent_encode(rest, &PATH));
    escaped
}

/// Decodes the path of a target once; an escaped slash stays escaped.
pub(crate) fn decode_path(target: &str) -> String {
    target::path_of(target).unwrap_or_default()
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
            ("/api/a%2fb", "http://localhost:7071/api/a%2fb"),
            ("/api/a%zz", "http://localhost:7071/api/a%25zz"),
            ("/api/./y/../x?", "http://localhost:7071/api/x?"),
        ] {
            let request = HttpRequest::get(target).header("Host", "localhost:7071");
            assert_eq!(display(&request, false), url);
        }
    }

    #[test]
    fn app_service_headers_name_scheme_and_host() {
        let request = HttpRequest::get("/api/x")
            .header("Host", "10.0.0.7")
            .header("disguised-host", "contoso.azurewebsites.net")
            .header("X-Forwarded-Proto", "https");
        let elsewhere = "https://contoso.azurewebsites.net/api/x";
        assert_eq!(display(&request, true), elsewhere);
        assert_eq!(display(&request, false), "http://10.0.0.7/api/x");
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
