//! What a response looks like on the wire. Pure: a response in, bytes out.
//!
//! The framing is Kestrel's: an empty body has a length of 0, any other travels in chunks, unless
//! the response's own headers say otherwise. These are trusted, so a wrong one breaks the response
//! here as it does there.

use time::OffsetDateTime;
use time::macros::format_description;

use super::reasons::reason;
use crate::invoke::http::HttpResponse;

/// Who gets the response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) is_head: bool,
    pub(super) is_http10: bool,
    pub(super) keeps_alive: bool,
}

/// A response as bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// The connection ends behind it.
    pub(super) closes: bool,
}

/// Writes a response; one that Kestrel refuses to write becomes a 500.
pub(super) fn encode(response: &HttpResponse, caller: Caller, now: OffsetDateTime) -> Encoded {
    if let Some(framing) = Framing::of(response, caller) {
        return write(response, caller, framing, now);
    }
    let failed = HttpResponse::empty(500);
    write(&failed, caller, Framing::Auto(Auto::LengthZero), now)
}

/// How a body's end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// By the response's own headers; the connection may have to end with it.
    Own {
        drops_length: bool,
        closes: bool,
    },
    Auto(Auto),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Auto {
    LengthZero,
    Chunks,
    /// There is no body, and no length for it either.
    Nothing,
    UntilTheEnd,
}

impl Framing {
    /// `None` when Kestrel throws.
    fn of(response: &HttpResponse, caller: Caller) -> Option<Self> {
        let status = response.status;
        let has_body = !response.body.is_empty();
        let may_have_body = !matches!(status, 204 | 205 | 304) && !caller.is_head;
        if let Some(codings) = response.header("Transfer-Encoding") {
            let is_chunked = codings
                .rsplit(',')
                .next()
                .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"));
            let own = Self::Own {
                drops_length: false,
                closes: !is_chunked,
            };
            return (may_have_body || caller.is_head).then_some(own);
        }
        if let Some(length) = response.header("Content-Length") {
            let length: u64 = length.trim().parse().ok()?;
            if status < 200 || status == 204 {
                return (length == 0).then_some(Self::Own {
                    drops_length: true,
                    closes: false,
                });
            }
            let written = response.body.len() as u64;
            if (status == 205 && length != 0) || (may_have_body && written > length) {
                return None;
            }
            return Some(Self::Own {
                drops_length: false,
                closes: may_have_body && written < length,
            });
        }
        Some(Self::Auto(if !has_body || !may_have_body {
            let has_length = status >= 200 && !matches!(status, 204 | 304) && !caller.is_head;
            if has_length {
                Auto::LengthZero
            } else {
                Auto::Nothing
            }
        } else if caller.is_http10 {
            Auto::UntilTheEnd
        } else {
            Auto::Chunks
        }))
    }
}

fn write(
    response: &HttpResponse,
    caller: Caller,
    framing: Framing,
    now: OffsetDateTime,
) -> Encoded {
    let may_have_body = !matches!(response.status, 204 | 205 | 304) && !caller.is_head;
    let (drops_length, mut closes) = match framing {
        Framing::Own {
            drops_length,
            closes,
        } => (drops_length, closes),
        Framing::Auto(auto) => (false, auto == Auto::UntilTheEnd),
    };
    closes |= !caller.keeps_alive || response.status == 101;
    let own_connection = response.header("Connection");
    closes |= own_connection.is_some_and(|options| {
        options
            .split(',')
            .any(|option| option.trim().eq_ignore_ascii_case("close"))
    });
    let status = response.status;
    let reason = response.reason.as_deref().unwrap_or_else(|| reason(status));
    let mut head = format!("HTTP/1.1 {status} {reason}\r\n");
    let mut add = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    };
    for (name, value) in &response.headers {
        if !(drops_length && name.eq_ignore_ascii_case("Content-Length")) {
            add(name, value);
        }
    }
    match framing {
        Framing::Auto(Auto::LengthZero) => add("Content-Length", "0"),
        Framing::Auto(Auto::Chunks) => add("Transfer-Encoding", "chunked"),
        Framing::Auto(Auto::Nothing | Auto::UntilTheEnd) | Framing::Own { .. } => {}
    }
    if own_connection.is_none() {
        if closes {
            add("Connection", "close");
        } else if caller.is_http10 {
            add("Connection", "keep-alive");
        }
    }
    if response.header("Date").is_none() {
        add("Date", &http_date(now));
    }
    if response.header("Server").is_none() {
        add("Server", "Kestrel");
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    let body = &response.body;
    if framing == Framing::Auto(Auto::Chunks) {
        bytes.reserve(body.len() + 32);
        bytes.extend(format!("{:x}\r\n", body.len()).into_bytes());
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    } else if may_have_body {
        bytes.extend_from_slice(body);
    }
    Encoded { bytes, closes }
}

fn http_date(now: OffsetDateTime) -> String {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    // The format has nothing that a date could lack.
    now.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const CALLER: Caller = Caller {
        is_head: false,
        is_http10: false,
        keeps_alive: true,
    };

    fn response(status: i32, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        HttpResponse {
            headers: headers.iter().map(owned).collect(),
            body: body.into(),
            ..HttpResponse::empty(status)
        }
    }

    #[track_caller]
    fn check(response: &HttpResponse, caller: Caller, closes: bool, expected: &str) {
        let encoded = encode(response, caller, datetime!(2026-09-01 10:15:30 UTC));
        let text = String::from_utf8(encoded.bytes).unwrap();
        let always = "Date: Tue, 01 Sep 2026 10:15:30 GMT\r\nServer: Kestrel\r\n";
        assert_eq!(text.replace(always, ""), expected);
        assert_eq!(encoded.closes, closes);
    }

    #[test]
    fn a_body_travels_in_chunks_and_none_has_a_length() {
        let ok = "HTTP/1.1 200 OK\r\n";
        check(
            &response(200, &[("X-a", "1")], "ab"),
            CALLER,
            false,
            &format!("{ok}X-a: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
        );
        check(
            &response(200, &[], ""),
            CALLER,
            false,
            &format!("{ok}Content-Length: 0\r\n\r\n"),
        );
        let head = Caller {
            is_head: true,
            ..CALLER
        };
        check(&response(200, &[], "ab"), head, false, &format!("{ok}\r\n"));
        let old = Caller {
            is_http10: true,
            keeps_alive: false,
            ..CALLER
        };
        check(
            &response(200, &[], "ab"),
            old,
            true,
            &format!("{ok}Connection: close\r\n\r\nab"),
        );
    }

    #[test]
    fn statuses_without_a_body_lose_it() {
        check(
            &response(204, &[], "x"),
            CALLER,
            false,
            "HTTP/1.1 204 No Content\r\n\r\n",
        );
        check(
            &response(304, &[], "x"),
            CALLER,
            false,
            "HTTP/1.1 304 Not Modified\r\n\r\n",
        );
        let reset = "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n";
        check(&response(205, &[], "x"), CALLER, false, reset);
    }

    #[test]
    fn odd_statuses_are_written_as_they_are() {
        for status in [-1, 0, 99, 600, 65_536] {
            let expected = format!(
                "HTTP/1.1 {status} \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            );
            check(&response(status, &[], "x"), CALLER, false, &expected);
        }
        check(
            &response(100, &[], ""),
            CALLER,
            false,
            "HTTP/1.1 100 Continue\r\n\r\n",
        );
    }

    #[test]
    fn the_responses_own_framing_is_trusted() {
        let failed = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
        let length = |length| [("Content-Length", length)];
        let ok = "HTTP/1.1 200 OK\r\n";
        check(
            &response(200, &length("2"), "ab"),
            CALLER,
            false,
            &format!("{ok}Content-Length: 2\r\n\r\nab"),
        );
        check(&response(200, &length("1"), "ab"), CALLER, false, failed);
        check(
            &response(200, &length("3"), "ab"),
            CALLER,
            true,
            &format!("{ok}Content-Length: 3\r\nConnection: close\r\n\r\nab"),
        );
        let chunked = [("Transfer-Encoding", "chunked")];
        check(
            &response(200, &chunked, "ab"),
            CALLER,
            false,
            &format!("{ok}Transfer-Encoding: chunked\r\n\r\nab"),
        );
        check(&response(204, &chunked, ""), CALLER, false, failed);
    }
}
