//! The value of an `http` output binding, and the response that it becomes.
//!
//! Source: `HttpScriptInvocationResultExtensions`, `HttpBinding` and `RawScriptResult` of
//! <https://github.com/Azure/azure-functions-host>.

use crate::answer::content_type::{Charset, ContentType};
use crate::answer::violation::Violation;
use crate::invoke::http::HttpResponse;
use crate::newtonsoft::{JObject, JToken, MAX_DEPTH, NetDateTime, Node, ReadError};

/// What the host says of an output that it can't read.
const UNREADABLE: &str = "is not in the expected format";
/// Headers that the web server sets.
const RESERVED: [&str; 5] = [
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Server",
    "Date",
];

/// What a response is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Content {
    status: i32,
    /// The last value of each name in any case stands for the content type, the first one for all
    /// others.
    headers: Vec<(String, JToken)>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    Value(JToken),
    /// A member of an object that .NET keeps as an `ExpandoObject`: it is written on one line.
    Compact(JToken),
    Bytes(Vec<u8>),
}

/// The members of an output.
#[derive(Default)]
struct Members {
    status_code: Option<String>,
    headers: Option<Vec<(String, JToken)>>,
    body: Option<JToken>,
}

impl Content {
    /// The content of a named output, usually `res`: an object, or text that holds one.
    pub(crate) fn of_output(
        output: &JToken,
        violations: &mut Vec<Violation>,
    ) -> Result<Self, Violation> {
        // The host prints the value and reads the text again.
        let text = match output {
            JToken::Object(_) => output.to_indented_json(),
            JToken::String(text) => text.clone(),
            other => return Err(unreadable(other.kind())),
        };
        let is_text = matches!(output, JToken::String(_));
        let bad = |error: &ReadError| Violation::BadHttpOutput {
            detail: match error {
                ReadError::TooDeep(limit) => format!("is nested deeper than {limit} levels"),
                ReadError::NotJson(_) if is_text => format!("is text that {UNREADABLE}: {error}"),
                ReadError::NotJson(_) => format!("{UNREADABLE}: {error}"),
            },
        };
        let node = Node::parse(&text, MAX_DEPTH).map_err(|error| bad(&error))?;
        let members = match node {
            Some(Node::Object(members)) => members,
            Some(other) => return Err(unreadable(other.kind())),
            None => return Err(unreadable("blank")),
        };
        if is_text {
            violations.push(Violation::HttpOutputIsText);
        }
        let members = Members::read(members, violations, &bad)?;
        let status = match &members.status_code {
            None => 200,
            Some(text) => integer(text).unwrap_or_else(|| {
                violations.push(Violation::BadStatusCode {
                    value: text.clone(),
                });
                200
            }),
        };
        Ok(Self {
            status,
            headers: members.headers.unwrap_or_default(),
            body: Body::Value(members.body.unwrap_or(JToken::Null)),
        })
    }

    /// The content of an object that is returned: a response when it has a body, or else the body
    /// itself. Here `status` works.
    pub(crate) fn of_object(object: &JObject) -> Result<Self, Violation> {
        let Some(body) = object.get_ignoring_case("body") else {
            return Ok(Self::of_value(JToken::Object(object.clone())));
        };
        let status = object
            .get_ignoring_case("statusCode")
            .or_else(|| object.get_ignoring_case("status"));
        let status = match status {
            Some(JToken::Integer(digits)) => {
                digits
                    .parse()
                    .map_err(|_| Violation::StatusCodeOutOfRange {
                        value: digits.clone(),
                    })?
            }
            Some(JToken::String(text)) => integer(text).unwrap_or(200),
            _ => 200,
        };
        let headers = match object.get_ignoring_case("headers") {
            Some(JToken::Object(headers)) => headers
                .iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            status,
            headers,
            body: Body::Compact(body.clone()),
        })
    }

    /// Text that is returned: JSON in it counts.
    pub(crate) fn of_text(text: &str) -> Result<Self, Violation> {
        match JToken::parse(text, MAX_DEPTH) {
            Ok(JToken::Object(object)) => Self::of_object(&object),
            Ok(other @ JToken::Array(_)) => Ok(Self::of_value(other)),
            _ => Ok(Self::of_value(JToken::from(text))),
        }
    }

    /// Any value as the body.
    pub(crate) fn of_value(value: JToken) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Body::Value(value),
        }
    }

    /// Bytes as the body; such a response has no content type.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self {
            body: Body::Bytes(bytes),
            ..Self::of_value(JToken::Null)
        }
    }

    /// The response, when it can be written.
    pub(crate) fn respond(
        self,
        accept_charset: Option<&str>,
        violations: &mut Vec<Violation>,
    ) -> Result<HttpResponse, Violation> {
        let (headers, content_type) = headers(&self.headers, violations)?;
        let mut response = HttpResponse::empty(self.status);
        let text = match self.body {
            Body::Bytes(bytes) => {
                response.body = bytes;
                response.headers = headers;
                return Ok(response);
            }
            Body::Value(value) => body_text(&value, violations),
            Body::Compact(value) => match value {
                JToken::Array(_) | JToken::Object(_) => value.to_json(),
                other => body_text(&other, violations),
            },
        };
        note_status(self.status, !text.is_empty(), violations);
        let content_type = ContentType::of(content_type.as_deref(), accept_charset);
        let written = check_value("Content-Type", content_type.text)?;
        response.headers.push(("Content-Type".to_owned(), written));
        response.headers.extend(headers);
        response.body = match content_type.charset {
            Charset::Utf8 => text.into_bytes(),
            Charset::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        };
        Ok(response)
    }
}

/// A value that is the response itself.
pub(crate) fn json(value: &JToken) -> HttpResponse {
    let body = value.to_json().into_bytes();
    HttpResponse {
        headers: vec![
            (
                "Content-Type".to_owned(),
                "application/json; charset=utf-8".to_owned(),
            ),
            ("Content-Length".to_owned(), body.len().to_string()),
        ],
        body,
        ..HttpResponse::empty(200)
    }
}

fn unreadable(kind: &str) -> Violation {
    Violation::BadHttpOutput {
        detail: format!("is {kind}, which {UNREADABLE}"),
    }
}

impl Members {
    /// Reads members by their names in any case; the last of a name counts, and headers are put
    /// together.
    fn read(
        members: Vec<(String, Node)>,
        violations: &mut Vec<Violation>,
        bad: &impl Fn(&ReadError) -> Violation,
    ) -> Result<Self, Violation> {
        let mut read = Self::default();
        for (name, value) in members {
            match name.to_ascii_lowercase().as_str() {
                "statuscode" => read.status_code = text_member("statusCode", value)?,
                "status" => {
                    text_member("status", value)?;
                    violations.push(Violation::StatusUsed);
                }
                "body" => read.body = Some(value.into_member().map_err(|error| bad(&error))?),
                "headers" if value.is_nothing() => read.headers = None,
                "headers" => {
                    let Node::Object(values) = value else {
                        return Err(Violation::BadHeaders { kind: value.kind() });
                    };
                    let headers = read.headers.get_or_insert_default();
                    for (name, value) in values {
                        let value = value.into_member().map_err(|error| bad(&error))?;
                        match headers.iter_mut().find(|(known, _)| *known == name) {
                            Some((_, known)) => *known = value,
                            None => headers.push((name, value)),
                        }
                    }
                }
                _ => violations.push(Violation::UnknownHttpMember { name }),
            }
        }
        Ok(read)
    }
}

/// A member of type string: scalars become text as they are spelt.
fn text_member(name: &str, value: Node) -> Result<Option<String>, Violation> {
    Ok(match value {
        Node::Null => None,
        Node::String(text) | Node::Number(text) => Some(text),
        Node::Boolean(value) => Some(value.to_string()),
        other => {
            return Err(Violation::BadHttpOutput {
                detail: format!("has {} for its {name}, which {UNREADABLE}", other.kind()),
            });
        }
    })
}

/// `int.TryParse` with `NumberStyles.Integer`.
fn integer(text: &str) -> Option<i32> {
    let is_blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    let text = text.trim_matches(is_blank).trim_end_matches('\0');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let are_digits = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| text.parse().ok())?
}

fn note_status(status: i32, has_body: bool, violations: &mut Vec<Violation>) {
    if !(200..=599).contains(&status) {
        violations.push(Violation::StatusCodeOutOfRange {
            value: status.to_string(),
        });
    }
    if matches!(status, 204 | 205 | 304) && has_body {
        violations.push(Violation::BodyNotAllowed {
            status: i64::from(status),
        });
    }
}

type Headers = Vec<(String, String)>;

/// The headers but for the content type, and the content type.
fn headers(
    given: &[(String, JToken)],
    violations: &mut Vec<Violation>,
) -> Result<(Headers, Option<String>), Violation> {
    let (mut kept, mut content_type): (Headers, _) = (Vec::new(), None);
    for (name, value) in given {
        let text = header_text(name, value, violations)?;
        if name.eq_ignore_ascii_case("Content-Type") {
            if content_type.replace(text).is_some() {
                violations.push(Violation::RepeatedHeader { name: name.clone() });
            }
            continue;
        }
        let text = check_value(name, text)?;
        if RESERVED
            .iter()
            .any(|reserved| reserved.eq_ignore_ascii_case(name))
        {
            violations.push(Violation::ReservedHeader { name: name.clone() });
        }
        if name.eq_ignore_ascii_case("Content-Length") && !is_length(&text) {
            return Err(bad_header(name, "is no length"));
        }
        if kept
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            violations.push(Violation::RepeatedHeader { name: name.clone() });
        } else {
            kept.push((name.clone(), text));
        }
    }
    Ok((kept, content_type))
}

fn is_length(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|length| length >= 0)
}

fn bad_header(name: &str, detail: &str) -> Violation {
    Violation::BadHeader {
        name: name.to_owned(),
        detail: detail.to_owned(),
    }
}

fn header_text(
    name: &str,
    value: &JToken,
    violations: &mut Vec<Violation>,
) -> Result<String, Violation> {
    match value {
        JToken::Null | JToken::Undefined => return Err(bad_header(name, "is null")),
        JToken::String(_) => {}
        other => violations.push(Violation::HeaderNotText {
            name: name.to_owned(),
            kind: other.kind(),
        }),
    }
    Ok(value.to_invariant_string())
}

/// A header that the web server takes.
fn check_value(name: &str, value: String) -> Result<String, Violation> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(bad_header(name, "has a name that HTTP doesn't allow"));
    }
    let is_value = |c: char| c == '\t' || (' '..='\u{7e}').contains(&c);
    if value.chars().all(is_value) {
        Ok(value)
    } else {
        Err(bad_header(
            name,
            "has a value with characters that a header can't have",
        ))
    }
}

fn body_text(body: &JToken, violations: &mut Vec<Violation>) -> String {
    match body {
        JToken::Null | JToken::Undefined => String::new(),
        JToken::String(text) => text.clone(),
        JToken::Date(date) => {
            let written = NetDateTime::to_invariant_string(*date);
            violations.push(Violation::BodyIsDate {
                written: written.clone(),
            });
            written
        }
        JToken::Object(object) if object.is_empty() => "{}".to_owned(),
        other => {
            violations.push(Violation::BodyNotText { kind: other.kind() });
            other.to_invariant_string()
        }
    }
}
