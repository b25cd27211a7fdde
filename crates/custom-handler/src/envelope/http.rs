//! The HTTP trigger's request, as it stands in `Data` under the binding's name, and the response of
//! the HTTP output binding.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::base64;
use crate::json::{self, Lazy};

/// The request that triggered the function. Members that the function doesn't ask for stay text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HttpRequest<'a> {
    /// The whole URL. Its query holds the function key: never log it.
    #[serde(borrow)]
    pub url: Option<Lazy<'a, String>>,
    /// The method, as sent.
    #[serde(borrow)]
    pub method: Option<Lazy<'a, String>>,
    /// Query parameters; a repeated one is joined with commas. Holds the function key as `code`:
    /// never log it.
    #[serde(borrow)]
    pub query: Option<Lazy<'a, BTreeMap<String, String>>>,
    /// The request's headers. May hold the function key as `x-functions-key`: never log them.
    #[serde(borrow)]
    pub headers: Headers<'a>,
    /// Route parameters; an optional one that the path lacks is `None`.
    #[serde(borrow)]
    pub params: Option<Lazy<'a, BTreeMap<String, Option<String>>>>,
    /// Who calls, one entry for each way in which the host has authenticated the caller.
    #[serde(borrow)]
    pub identities: Option<Lazy<'a, Vec<Identity>>>,
    /// The body as the host writes it: text, or base64 of bytes; absent unless the request had a
    /// `Content-Length`.
    #[serde(borrow)]
    body: Option<Body<'a>>,
}

impl HttpRequest<'_> {
    /// The body's text, without a byte order mark; `None` when it has none.
    ///
    /// The host sends `application/octet-stream` and `multipart/…` bodies as base64, and drops the
    /// body of a request without a `Content-Length`.
    ///
    /// # Errors
    /// When a base64 body is not base64, or its bytes are not UTF-8.
    pub fn body(&self) -> Result<Option<Cow<'_, str>>, BodyError> {
        let Some(Body(body)) = &self.body else {
            return Ok(None);
        };
        // An object's brace is not base64, so that the headers need not be searched for most bodies.
        let is_text = body.starts_with('{') || !self.has_binary_body();
        if is_text {
            return Ok(without_mark(body).map(Cow::Borrowed));
        }
        let bytes = base64::decode(body).ok_or(BodyError::NotBase64)?;
        Ok(body_text(&bytes)?.map(|text| Cow::Owned(text.to_owned())))
    }

    fn has_binary_body(&self) -> bool {
        let content_type = self.headers.get("Content-Type").unwrap_or_default();
        let starts_with = |prefix: &str| {
            content_type
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        starts_with("application/octet-stream") || starts_with("multipart/")
    }
}

/// The text of a body's bytes, without a byte order mark; `None` when it has none.
///
/// # Errors
/// When the bytes are not UTF-8.
pub fn body_text(bytes: &[u8]) -> Result<Option<&str>, BodyError> {
    let text = std::str::from_utf8(bytes).map_err(|error| BodyError::NotUtf8 {
        valid_up_to: error.valid_up_to(),
    })?;
    Ok(without_mark(text))
}

fn without_mark(text: &str) -> Option<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (!text.is_empty()).then_some(text)
}

#[derive(Clone, Deserialize)]
struct Body<'a>(#[serde(borrow)] Cow<'a, str>);

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Why a body has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// The host said that it is binary, and it is not base64.
    NotBase64,
    /// The bytes are not UTF-8 behind `valid_up_to`.
    NotUtf8 {
        /// How many bytes are.
        valid_up_to: usize,
    },
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBase64 => f.write_str("it has a binary Content-Type, and is not base64"),
            Self::NotUtf8 { valid_up_to } => write!(f, "it is not UTF-8 at byte {valid_up_to}"),
        }
    }
}

impl std::error::Error for BodyError {}

/// The request's headers: names as the sender or the host spells them, each with its values.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Headers<'a>(#[serde(borrow)] Option<Lazy<'a, BTreeMap<String, Vec<String>>>>);

impl Headers<'_> {
    /// The first value of the header `name`, in whatever case it is spelled.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let [values] =
            json::members_where(self.0?.json(), &[name], str::eq_ignore_ascii_case).ok()?;
        let values: Vec<String> = serde_json::from_str(values?.get()).ok()?;
        values.into_iter().next()
    }
}

/// One way in which the host has authenticated the caller (a .NET `ClaimsIdentity`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Identity {
    /// How: `WebJobsAuthLevel` for a function key, `None` for an anonymous caller.
    pub authentication_type: Option<String>,
    /// Whether the caller is authenticated.
    pub is_authenticated: bool,
    /// What is known of the caller.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// One statement about the caller.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Claim {
    /// What it is about, a URI.
    pub r#type: String,
    /// What it says.
    pub value: String,
}

/// The response that the host gives to the caller, for an output binding of type `http`.
///
/// The body is text even where it holds JSON: inside a JSON body the host would re-indent, and
/// rewrite dates and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpResponse<'a> {
    /// The status code. (A member `status` would be ignored by the host.)
    status_code: u16,
    /// The response's headers.
    headers: ResponseHeaders<'a>,
    /// The body.
    body: Cow<'a, str>,
}

impl<'a> HttpResponse<'a> {
    /// A response with this status, media type and body.
    ///
    /// The host writes any status as it is, also those that break the connection; one outside 200
    /// to 599, a mistake of ours, becomes 500. A body that is a date as a whole, which the host
    /// would rewrite, gets a blank behind it.
    #[must_use]
    pub fn new(
        status: u16,
        content_type: impl Into<Cow<'a, str>>,
        body: impl Into<Cow<'a, str>>,
    ) -> Self {
        let is_allowed = (200..600).contains(&status);
        let mut body = body.into();
        if is_date(&body) {
            body.to_mut().push(' ');
        }
        Self {
            status_code: if is_allowed { status } else { 500 },
            headers: ResponseHeaders {
                content_type: content_type.into(),
            },
            body,
        }
    }

    /// A response in plain text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Cow<'a, str>>) -> Self {
        Self::new(status, "text/plain", body)
    }

    /// A response in JSON. `body` is its text.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Cow<'a, str>>) -> Self {
        Self::new(status, "application/json", body)
    }
}

/// Whether the host could take a text for a date: ISO 8601 with a time, or `/Date(…)/`. Some that
/// it wouldn't are among them.
fn is_date(text: &str) -> bool {
    match text.as_bytes() {
        [b'/', b'D', b'a', b't', b'e', b'(', .., b')', b'/'] => true,
        bytes @ [b'0'..=b'9', ..] => bytes.len() <= 40 && bytes.get(10) == Some(&b'T'),
        _ => false,
    }
}

/// The headers of an [`HttpResponse`]: no others, as the host passes on what would break the
/// response (`Content-Length`, `Transfer-Encoding`) and replaces its own by `Server` and `Date`. It
/// adds `; charset=utf-8` to the content type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ResponseHeaders<'a> {
    #[serde(rename = "Content-Type")]
    content_type: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> HttpRequest<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[track_caller]
    fn check(json: &str, expected: Result<Option<&str>, BodyError>, why: &str) {
        let request = request(json);
        let body = request.body();
        assert_eq!(
            body.as_ref().map(Option::as_deref),
            expected.as_ref().copied(),
            "{why}"
        );
    }

    #[test]
    fn the_body_is_absent_text_or_base64() {
        let octets = r#""Headers":{"Content-Type":["application/octet-stream"]}"#;
        check("{}", Ok(None), "absent");
        check(r#"{"Body":null}"#, Ok(None), "null");
        check(r#"{"Body":""}"#, Ok(None), "empty");
        check(r#"{"Body":"{\"a\":1}"}"#, Ok(Some(r#"{"a":1}"#)), "text");
        check(
            "{\"Body\":\"\u{feff}{}\"}",
            Ok(Some("{}")),
            "a byte order mark",
        );
        check(
            r#"{"Body":"e30="}"#,
            Ok(Some("e30=")),
            "text that looks like base64",
        );
        check(
            &format!(r#"{{{octets},"Body":"e30="}}"#),
            Ok(Some("{}")),
            "base64",
        );
        check(
            &format!(r#"{{"Body":"e30=",{octets}}}"#),
            Ok(Some("{}")),
            "base64 before the headers",
        );
        check(
            &format!(r#"{{{octets},"Body":"77u/e30="}}"#),
            Ok(Some("{}")),
            "base64 with a mark",
        );
        check(
            &format!(r#"{{{octets},"Body":"{{}}"}}"#),
            Ok(Some("{}")),
            "what can't be base64",
        );
        check(
            &format!(r#"{{{octets},"Body":"[]=="}}"#),
            Err(BodyError::NotBase64),
            "not base64",
        );
        check(
            &format!(r#"{{{octets},"Body":"e/8="}}"#),
            Err(BodyError::NotUtf8 { valid_up_to: 1 }),
            "bytes that are no text",
        );
        for (name, value) in [
            ("content-type", "multipart/form-data; boundary=x"),
            ("CONTENT-TYPE", "Application/Octet-Stream; x=y"),
        ] {
            let json = format!(r#"{{"Headers":{{"{name}":["{value}"]}},"Body":"e30="}}"#);
            check(&json, Ok(Some("{}")), value);
        }
        for value in ["application/json", "text/plain", "multipart", ""] {
            let json = format!(r#"{{"Headers":{{"Content-Type":["{value}"]}},"Body":"e30="}}"#);
            check(&json, Ok(Some("e30=")), value);
        }
    }

    #[test]
    fn a_header_is_found_in_any_case() {
        let request = request(r#"{"Headers":{"Host":["h"],"X-Two":["1","2"],"X-None":[]}}"#);
        assert_eq!(request.headers.get("host").as_deref(), Some("h"));
        assert_eq!(request.headers.get("x-TWO").as_deref(), Some("1"));
        assert_eq!(request.headers.get("x-none"), None);
        assert_eq!(request.headers.get("accept"), None);
        assert_eq!(Headers::default().get("host"), None);
    }

    #[test]
    fn debug_shows_neither_url_nor_query_nor_headers_nor_body() {
        let request = request(
            r#"{"Url":"https://a/?code=s3cr3t","Query":{"code":"s3cr3t"},"Headers":{"x-functions-key":["s3cr3t"]},"Body":"s3cr3t"}"#,
        );
        let debug = format!("{request:?}");
        assert!(
            !debug.contains("s3cr3t") && debug.contains("Body(6 bytes)"),
            "{debug}"
        );
    }

    #[track_caller]
    fn check_response(response: &HttpResponse<'_>, expected: &str) {
        assert_eq!(serde_json::to_string(&response).unwrap(), expected);
    }

    #[test]
    fn a_response_has_a_status_its_type_and_a_body_that_is_text() {
        check_response(
            &HttpResponse::json(200, r#"{"a":1.0}"#),
            r#"{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"a\":1.0}"}"#,
        );
        check_response(
            &HttpResponse::text(599, "No."),
            r#"{"statusCode":599,"headers":{"Content-Type":"text/plain"},"body":"No."}"#,
        );
    }

    #[test]
    fn a_status_that_would_break_the_response_is_our_failure() {
        for status in [0, 100, 101, 199, 600, 999, u16::MAX] {
            let response = HttpResponse::text(status, "");
            assert_eq!(response.status_code, 500, "{status}");
        }
    }

    #[test]
    fn no_body_is_one_that_the_host_takes_for_a_date() {
        for date in [
            "2026-09-01T10:15:30Z",
            "2026-09-01T10:15:30.1234567+02:00",
            "2026-09-01T10:15:30",
            "/Date(1662027330000)/",
        ] {
            assert_eq!(HttpResponse::text(400, date).body, format!("{date} "));
        }
        for other in [
            "",
            "2026-09-01",
            "5",
            "No hub on 2026-09-01T10:15:30Z.",
            "{}",
        ] {
            assert_eq!(HttpResponse::text(400, other).body, other);
        }
    }
}
