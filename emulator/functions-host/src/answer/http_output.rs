//! The value of an `http` output binding, and the response that it becomes.
//!
//! Source: `HttpBinding` and `RawScriptResult` of <https://github.com/Azure/azure-functions-host>.

use crate::answer::violation::Violation;
use crate::invoke::http::HttpResponse;
use crate::newtonsoft::{JObject, JToken, MAX_DEPTH, NetDateTime};

/// What the host says of an output that it can't read.
const UNREADABLE: &str = "is not in the expected format";
const DEFAULT_CONTENT_TYPE: &str = "text/plain";
/// Headers that the web server sets.
const RESERVED: [&str; 3] = ["Content-Length", "Transfer-Encoding", "Connection"];

/// The response for a named output, usually `res`.
pub(crate) fn respond(
    output: &JToken,
    violations: &mut Vec<Violation>,
) -> Result<HttpResponse, Violation> {
    let parsed;
    let object = match output {
        JToken::Object(object) => object,
        JToken::String(text) => {
            parsed = JToken::parse(text, MAX_DEPTH).map_err(|error| Violation::BadHttpOutput {
                detail: format!("is text that {UNREADABLE}: {error}"),
            })?;
            let JToken::Object(object) = &parsed else {
                return Err(unreadable(&parsed));
            };
            violations.push(Violation::HttpOutputIsText);
            object
        }
        other => return Err(unreadable(other)),
    };
    if depth(output) > MAX_DEPTH {
        return Err(Violation::BadHttpOutput {
            detail: format!("is nested deeper than {MAX_DEPTH} levels"),
        });
    }
    let status = object.get_ignoring_case("statusCode");
    build(object, status, violations)
}

/// The response for the output `$return`: an object with a status, a body or headers, or anything else as the body. Here `status` works.
pub(crate) fn respond_with_return_value(
    value: &JToken,
    violations: &mut Vec<Violation>,
) -> Result<HttpResponse, Violation> {
    let known = ["statusCode", "status", "body", "headers"];
    match value {
        JToken::Null => Ok(HttpResponse::empty(204)),
        JToken::Object(object)
            if known
                .iter()
                .any(|name| object.get_ignoring_case(name).is_some()) =>
        {
            let status = object
                .get_ignoring_case("statusCode")
                .or_else(|| object.get_ignoring_case("status"));
            build(object, status, violations)
        }
        body => build(
            &JObject::default().with("body", body.clone()),
            None,
            violations,
        ),
    }
}

fn unreadable(output: &JToken) -> Violation {
    Violation::BadHttpOutput {
        detail: format!("is {}, which {UNREADABLE}", output.kind()),
    }
}

fn build(
    object: &JObject,
    status: Option<&JToken>,
    violations: &mut Vec<Violation>,
) -> Result<HttpResponse, Violation> {
    let takes_status = status.is_some() && object.get_ignoring_case("statusCode").is_none();
    for (name, _) in object.iter() {
        match name.to_lowercase().as_str() {
            "statuscode" | "headers" | "body" => {}
            "status" if takes_status => {}
            "status" => violations.push(Violation::StatusUsed),
            _ => violations.push(Violation::UnknownHttpMember {
                name: name.to_owned(),
            }),
        }
    }
    let status = status_code(status, violations);
    let (headers, content_type) = headers(object.get_ignoring_case("headers"), violations)?;
    let body = body(object.get_ignoring_case("body"), violations);
    let Some(status_sent) = u16::try_from(status)
        .ok()
        .filter(|status| (200..=999).contains(status))
    else {
        return Err(Violation::StatusCodeOutOfRange { value: status });
    };
    if matches!(status, 204 | 304) && !body.is_empty() {
        return Err(Violation::BodyNotAllowed { status });
    }
    let content_type = with_charset(content_type.as_deref().unwrap_or(DEFAULT_CONTENT_TYPE))?;
    let mut all = vec![("Content-Type".to_owned(), content_type)];
    all.extend(headers);
    Ok(HttpResponse {
        status: status_sent,
        headers: all,
        body: body.into_bytes(),
    })
}

fn status_code(status: Option<&JToken>, violations: &mut Vec<Violation>) -> i64 {
    let text = match status {
        None | Some(JToken::Null) => return 200,
        Some(JToken::Float(_)) => status.map(JToken::to_json).unwrap_or_default(),
        Some(other) => other.to_invariant_string(),
    };
    if let Ok(status) = text.trim().parse::<i32>() {
        i64::from(status)
    } else {
        violations.push(Violation::BadStatusCode { value: text });
        200
    }
}

type Headers = Vec<(String, String)>;

/// The headers but for the content type, and the content type.
fn headers(
    headers: Option<&JToken>,
    violations: &mut Vec<Violation>,
) -> Result<(Headers, Option<String>), Violation> {
    let object = match headers {
        None | Some(JToken::Null) => return Ok((Vec::new(), None)),
        Some(JToken::Object(object)) => object,
        Some(other) => return Err(Violation::BadHeaders { kind: other.kind() }),
    };
    let (mut kept, mut content_type): (Headers, _) = (Vec::new(), None);
    for (name, value) in object.iter() {
        let value = header_value(name, value, violations)?;
        if RESERVED
            .iter()
            .any(|reserved| reserved.eq_ignore_ascii_case(name))
        {
            violations.push(Violation::ReservedHeader {
                name: name.to_owned(),
            });
        } else if name.eq_ignore_ascii_case("Content-Type") {
            match content_type {
                None => content_type = Some(value),
                Some(_) => violations.push(Violation::RepeatedHeader {
                    name: name.to_owned(),
                }),
            }
        } else if kept
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            violations.push(Violation::RepeatedHeader {
                name: name.to_owned(),
            });
        } else {
            kept.push((name.to_owned(), value));
        }
    }
    Ok((kept, content_type))
}

fn header_value(
    name: &str,
    value: &JToken,
    violations: &mut Vec<Violation>,
) -> Result<String, Violation> {
    let bad = |detail: &str| Violation::BadHeader {
        name: name.to_owned(),
        detail: detail.to_owned(),
    };
    match value {
        JToken::Null => return Err(bad("is null")),
        JToken::Array(_) => return Err(bad("is an array")),
        JToken::Object(_) => return Err(bad("is an object")),
        JToken::String(_) => {}
        other => violations.push(Violation::HeaderNotText {
            name: name.to_owned(),
            kind: other.kind(),
        }),
    }
    let text = value.to_invariant_string();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(bad("has a name that HTTP doesn't allow"));
    }
    if !text
        .chars()
        .all(|character| character == '\t' || (' '..='\u{7e}').contains(&character))
    {
        return Err(bad("has a value with characters that a header can't have"));
    }
    Ok(text)
}

fn body(body: Option<&JToken>, violations: &mut Vec<Violation>) -> String {
    match body {
        None | Some(JToken::Null) => String::new(),
        Some(JToken::String(text)) => text.clone(),
        Some(JToken::Date(date)) => {
            let written = NetDateTime::to_invariant_string(*date);
            violations.push(Violation::BodyIsDate {
                written: written.clone(),
            });
            written
        }
        Some(other) => {
            violations.push(Violation::BodyNotText { kind: other.kind() });
            other.to_invariant_string()
        }
    }
}

/// The host always says which charset it has written, and that is UTF-8.
fn with_charset(content_type: &str) -> Result<String, Violation> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type
        .split_once('/')
        .is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty())
    {
        let detail = format!("is not a media type: {content_type}");
        return Err(Violation::BadHeader {
            name: "Content-Type".to_owned(),
            detail,
        });
    }
    let is_charset = |part: &&str| {
        part.get(..8)
            .is_some_and(|name| name.eq_ignore_ascii_case("charset="))
    };
    let mut rewritten = media_type.to_owned();
    let (mut has_charset, utf8) = (false, "charset=utf-8");
    for part in parts.filter(|part| !part.is_empty()) {
        rewritten.push_str("; ");
        rewritten.push_str(if is_charset(&part) { utf8 } else { part });
        has_charset |= is_charset(&part);
    }
    Ok(if has_charset {
        rewritten
    } else {
        format!("{rewritten}; {utf8}")
    })
}

fn depth(token: &JToken) -> usize {
    match token {
        JToken::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        JToken::Object(object) => {
            1 + object
                .iter()
                .map(|(_, value)| depth(value))
                .max()
                .unwrap_or_default()
        }
        _ => 0,
    }
}
