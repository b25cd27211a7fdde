//! An answer's status line and headers, read as leniently as .NET reads them. Pure.

use super::ClientError;

/// Status line and headers of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AnswerHead {
    pub(super) is_http10: bool,
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<(String, String)>,
}

/// How long head lines may be together.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

/// Reads a head from the start of `bytes`; `None` when there must come more. With the head comes
/// its length.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(AnswerHead, usize)>, ClientError> {
    let Some((line, mut at)) = line_at(bytes, 0) else {
        return Ok(None);
    };
    let mut head = status_line(&line)?;
    while let Some((text, next)) = line_at(bytes, at) {
        at = next;
        if text.is_empty() {
            return Ok(Some((head, at)));
        }
        if text.starts_with([' ', '\t']) {
            // A line that goes on with the header before.
            if let Some((_, value)) = head.headers.last_mut() {
                value.push(' ');
                value.push_str(text.trim());
                continue;
            }
        }
        let header = text.split_once(':').filter(|(name, _)| {
            let name = name.trim_end();
            !name.is_empty() && name.bytes().all(is_token)
        });
        let Some((name, value)) = header else {
            return Err(ClientError::new(format!(
                "the answer has an invalid header line: '{text}'"
            )));
        };
        head.headers
            .push((name.trim_end().to_owned(), value.trim().to_owned()));
    }
    Ok(None)
}

fn status_line(line: &str) -> Result<AnswerHead, ClientError> {
    let wrong = || ClientError::new(format!("the answer has an invalid status line: '{line}'"));
    let rest = line.strip_prefix("HTTP/1.").ok_or_else(wrong)?;
    let bytes = rest.as_bytes();
    let (version, status) = match bytes {
        [version, b' ', a, b, c, rest @ ..]
            if version.is_ascii_digit()
                && [a, b, c].iter().all(|digit| digit.is_ascii_digit())
                && matches!(rest, [] | [b' ', ..]) =>
        {
            (*version, &line[9..12])
        }
        _ => return Err(wrong()),
    };
    Ok(AnswerHead {
        is_http10: version == b'0',
        status: status.parse().map_err(|_| wrong())?,
        reason: line.get(13..).unwrap_or_default().to_owned(),
        headers: Vec::new(),
    })
}

/// The line that starts at `at` without its end, and where the next one starts. Bytes are
/// characters here, as in Latin-1.
fn line_at(bytes: &[u8], at: usize) -> Option<(String, usize)> {
    let length = bytes[at..].iter().position(|&byte| byte == b'\n')?;
    let line = &bytes[at..at + length];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some((
        line.iter().copied().map(char::from).collect(),
        at + length + 1,
    ))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_leniently() {
        for (text, status, reason, headers) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, "OK", 1),
            ("HTTP/1.0 204\n\n", 204, "", 0),
            ("HTTP/1.1 299 \r\nA:b\r\n c\r\n\r\n", 299, "", 1),
            ("HTTP/1.1 600 X Y\r\n\r\n", 600, "X Y", 0),
        ] {
            let (head, length) = parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!(
                (head.status, head.reason.as_str()),
                (status, reason),
                "{text}"
            );
            assert_eq!(
                (head.headers.len(), length),
                (headers, text.len()),
                "{text}"
            );
        }
        assert!(parse(b"HTTP/1.1 200 OK\r\nA: b\r\n").unwrap().is_none());
    }

    #[test]
    fn what_is_not_http_is_told() {
        for text in [
            "hello\r\n",
            "HTTP/2 200 OK\r\n",
            "HTTP/1.1 20 OK\r\n",
            "HTTP/1.1 2000\r\n",
        ] {
            let error = parse(text.as_bytes()).unwrap_err().detail;
            let line = text.trim_end();
            assert_eq!(
                error,
                format!("the answer has an invalid status line: '{line}'")
            );
        }
        let error = parse(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n")
            .unwrap_err()
            .detail;
        assert_eq!(error, "the answer has an invalid header line: 'no header'");
    }
}
