//! A request's line and headers, read as Kestrel reads them. Pure: bytes in, a request or a refusal
//! out.

use super::target;
use crate::invoke::http::HttpRequest;

/// The longest request line, its end included.
const MAX_REQUEST_LINE: usize = 8 * 1024;
/// How long all headers may be together, the blank line included.
const MAX_HEADERS_LENGTH: usize = 32 * 1024 + 2;
const MAX_HEADERS: usize = 100;
/// The first line of HTTP/2.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// A request up to its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Without a body.
    pub(super) request: HttpRequest,
    pub(super) is_http10: bool,
    pub(super) keeps_alive: bool,
    pub(super) framing: Framing,
}

/// How long the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    Status(u16),
    /// Not found here: the other method must be used.
    OnlyWith(&'static str),
    /// The caller speaks HTTP/2.
    Http2,
}

const BAD_REQUEST: HeadError = HeadError::Status(400);

/// Reads a head from the start of `bytes`; `None` when there must come more. With the head comes
/// its length.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, HeadError> {
    if bytes.starts_with(&[0x16, 0x03]) {
        // TLS, which has no lines to wait for.
        return Err(BAD_REQUEST);
    }
    let within = &bytes[..bytes.len().min(MAX_REQUEST_LINE)];
    let Some(end) = within.iter().position(|&byte| byte == b'\n') else {
        return if bytes.len() >= MAX_REQUEST_LINE {
            Err(HeadError::Status(414))
        } else {
            Ok(None)
        };
    };
    if bytes.starts_with(HTTP2_PREFACE) {
        return Err(HeadError::Http2);
    }
    let line = RequestLine::parse(&bytes[..end])?;
    let start = end + 1;
    let Some((headers, length)) = parse_headers(&bytes[start..])? else {
        return if bytes.len() - start > MAX_HEADERS_LENGTH {
            Err(HeadError::Status(431))
        } else {
            Ok(None)
        };
    };
    Ok(Some((Head::new(line, headers)?, start + length)))
}

/// The line's parts.
struct RequestLine {
    method: String,
    target: String,
    is_http10: bool,
}

impl RequestLine {
    /// Reads a line without its LF.
    fn parse(line: &[u8]) -> Result<Self, HeadError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (method, rest) = split_at_blank(line).ok_or(BAD_REQUEST)?;
        if method.is_empty() || !method.iter().copied().all(is_token) {
            return Err(BAD_REQUEST);
        }
        let (target, version) = split_at_blank(rest).ok_or(BAD_REQUEST)?;
        if target.is_empty()
            || matches!(target[0], b'?' | b'%')
            || target.iter().any(|byte| *byte == 0 || !byte.is_ascii())
            || version.is_empty()
        {
            return Err(BAD_REQUEST);
        }
        let is_http10 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(HeadError::Status(505)),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            method: text(method),
            target: text(target),
            is_http10,
        })
    }
}

type Headers = Vec<(String, String)>;

/// Reads headers up to the blank line; `None` when it isn't there yet.
fn parse_headers(bytes: &[u8]) -> Result<Option<(Headers, usize)>, HeadError> {
    let mut headers = Headers::new();
    let mut at = 0;
    let within = &bytes[..bytes.len().min(MAX_HEADERS_LENGTH)];
    while let Some(length) = within[at..].iter().position(|&byte| byte == b'\n') {
        let line = &within[at..at + length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += length + 1;
        if line.is_empty() {
            return Ok(Some((headers, at)));
        }
        if headers.len() == MAX_HEADERS {
            return Err(HeadError::Status(431));
        }
        headers.push(parse_header(line).ok_or(BAD_REQUEST)?);
    }
    Ok(None)
}

fn parse_header(line: &[u8]) -> Option<(String, String)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_name = |byte: &u8| byte.is_ascii() && !matches!(byte, 0 | b' ' | b'\t' | b'\r');
    let is_broken = |byte: &u8| matches!(byte, 0 | b'\r');
    if name.is_empty() || !name.iter().all(is_name) || value.iter().any(is_broken) {
        return None;
    }
    let value = std::str::from_utf8(value).ok()?;
    let value = value.trim_matches([' ', '\t']).to_owned();
    Some((String::from_utf8_lossy(name).into_owned(), value))
}

impl Head {
    fn new(line: RequestLine, mut headers: Headers) -> Result<Self, HeadError> {
        let target = check_target(&line, &headers)?;
        let value = |name: &str| {
            let mut values = headers
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name));
            (
                values.next().map(|(_, value)| value.clone()),
                values.next().is_some(),
            )
        };
        let connection = options(&headers);
        let mut keeps_alive = if line.is_http10 {
            connection.keep_alive && !connection.close
        } else {
            !connection.close
        };
        let (length, is_repeated) = value("Content-Length");
        let length = match length {
            _ if is_repeated => return Err(BAD_REQUEST),
            None => None,
            Some(text) => Some(content_length(&text).ok_or(BAD_REQUEST)?),
        };
        let codings: Vec<String> = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Transfer-Encoding"))
            .flat_map(|(_, value)| value.split(','))
            .map(|coding| coding.trim().to_lowercase())
            .collect();
        let framing = match codings.last() {
            Some(coding) if coding == "chunked" => {
                if length.is_some() {
                    // Whoever sends both may be smuggling: the length is set aside and the
                    // connection not used again.
                    keeps_alive = false;
                    for (name, _) in &mut headers {
                        if name.eq_ignore_ascii_case("Content-Length") {
                            "X-Content-Length".clone_into(name);
                        }
                    }
                }
                Framing::Chunked
            }
            Some(_) => return Err(BAD_REQUEST),
            None if length.is_none()
                && line.is_http10
                && matches!(line.method.as_str(), "POST" | "PUT") =>
            {
                return Err(BAD_REQUEST);
            }
            None => Framing::Length(length.unwrap_or_default()),
        };
        Ok(Self {
            request: HttpRequest {
                method: line.method,
                target,
                headers,
                body: Vec::new(),
            },
            is_http10: line.is_http10,
            keeps_alive,
            framing,
        })
    }
}

#[derive(Default)]
struct ConnectionOptions {
    close: bool,
    keep_alive: bool,
}

fn options(headers: &Headers) -> ConnectionOptions {
    let mut options = ConnectionOptions::default();
    for option in headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Connection"))
        .flat_map(|(_, value)| value.split(','))
    {
        let option = option.trim();
        options.close |= option.eq_ignore_ascii_case("close");
        options.keep_alive |= option.eq_ignore_ascii_case("keep-alive");
    }
    options
}

fn content_length(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())?
        .filter(|length| i64::try_from(*length).is_ok())
}

/// The target in its usual form, when it and the host belong together.
fn check_target(line: &RequestLine, headers: &Headers) -> Result<String, HeadError> {
    let mut hosts = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Host"))
        .map(|(_, value)| value.as_str());
    let (host, is_repeated) = (hosts.next(), hosts.next().is_some());
    if is_repeated || (host.is_none() && !line.is_http10) {
        return Err(BAD_REQUEST);
    }
    let host = host.unwrap_or_default();
    let target = &line.target;
    let lower_case = target.to_ascii_lowercase();
    let target = if target.starts_with('/') {
        target.clone()
    } else if target == "*" {
        if line.method != "OPTIONS" {
            return Err(HeadError::OnlyWith("OPTIONS"));
        }
        target.clone()
    } else if let Some(scheme) = ["http://", "https://"]
        .iter()
        .find(|scheme| lower_case.starts_with(*scheme))
    {
        let rest = &target[scheme.len()..];
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let default = if *scheme == "http://" { ":80" } else { ":443" };
        let bare = |text: &str| text.strip_suffix(default).unwrap_or(text).to_lowercase();
        if bare(authority) != bare(host) {
            return Err(BAD_REQUEST);
        }
        if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        }
    } else if line.method != "CONNECT" {
        return Err(HeadError::OnlyWith("CONNECT"));
    } else if host != target {
        return Err(BAD_REQUEST);
    } else {
        target.clone()
    };
    if !target::is_host(host) || (target.starts_with('/') && target::path_of(&target).is_none()) {
        return Err(BAD_REQUEST);
    }
    Ok(target)
}

fn split_at_blank(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == b' ')?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<HeadError> {
        parse(text.as_bytes()).err()
    }

    #[test]
    fn what_kestrel_refuses_is_refused_with_its_status() {
        let long_line = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(9000));
        let headers = |count: usize| {
            let more = "X-A: y\r\n".repeat(count - 1);
            format!("GET / HTTP/1.1\r\nHost: x\r\n{more}\r\n")
        };
        let long_header = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
            "y".repeat(40_000)
        );
        for (text, refusal) in [
            ("GET\r\n\r\n", BAD_REQUEST),
            ("GET /\r\n\r\n", BAD_REQUEST),
            ("G(T / HTTP/1.1\r\n\r\n", BAD_REQUEST),
            ("GET ?x HTTP/1.1\r\n\r\n", BAD_REQUEST),
            ("GET /\u{e9} HTTP/1.1\r\n\r\n", BAD_REQUEST),
            ("GET / HTTP/1.2\r\n\r\n", HeadError::Status(505)),
            ("GET / HTTP/1.1\r\n\r\n", BAD_REQUEST),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", BAD_REQUEST),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", BAD_REQUEST),
            ("GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", BAD_REQUEST),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nX: 1\r\n 2\r\n\r\n",
                BAD_REQUEST,
            ),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                BAD_REQUEST,
            ),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
                BAD_REQUEST,
            ),
            ("GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", BAD_REQUEST),
            (
                "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                HeadError::OnlyWith("OPTIONS"),
            ),
            (
                "GET x HTTP/1.1\r\nHost: x\r\n\r\n",
                HeadError::OnlyWith("CONNECT"),
            ),
            ("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", BAD_REQUEST),
            ("POST / HTTP/1.0\r\n\r\n", BAD_REQUEST),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadError::Http2),
            (&long_line, HeadError::Status(414)),
            (&headers(101), HeadError::Status(431)),
            (&long_header, HeadError::Status(431)),
        ] {
            let shown = &text[..text.len().min(60)];
            assert_eq!(refused(text), Some(refusal), "{shown:?}");
        }
        assert_eq!(parse(&[0x16, 0x03, 0x01, 0]), Err(BAD_REQUEST));
        assert_eq!(refused(&headers(100)), None);
    }

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let text =
            "Post /a?b HTTP/1.1\r\nHost: x\r\nX-Mixed:  y \t\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 0..text.len() - 3 {
            assert_eq!(parse(&text.as_bytes()[..cut]), Ok(None), "{cut}");
        }
        let (head, length) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(&text[length..], "abc");
        assert_eq!(head.request.method, "Post");
        assert_eq!(head.request.target, "/a?b");
        assert_eq!(
            head.request.headers[1],
            ("X-Mixed".to_owned(), "y".to_owned())
        );
        assert_eq!(head.framing, Framing::Length(3));
        assert!(head.keeps_alive && !head.is_http10);
    }

    #[test]
    fn a_length_beside_chunks_is_set_aside() {
        let text =
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (head, _) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Chunked);
        assert_eq!(head.request.headers[1].0, "X-Content-Length");
        assert!(!head.keeps_alive);
    }

    #[test]
    fn an_absolute_target_of_this_host_loses_its_authority() {
        let text = "GET http://x:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n";
        let (head, _) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(head.request.target, "/a?b");
    }
}
