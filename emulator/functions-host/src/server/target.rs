//! A request's path as Kestrel decodes it, and what a host may look like.

/// The decoded path of a target: escapes of UTF-8 undone but for those of slashes, dot segments
/// removed. `None` when it holds an escaped NUL, which Kestrel refuses.
pub(crate) fn path_of(target: &str) -> Option<String> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let decoded = decode(path.as_bytes())?;
    Some(without_dot_segments(&decoded))
}

/// Undoes escapes. What is no escape, or not of UTF-8, stays as it is.
fn decode(path: &[u8]) -> Option<String> {
    let mut decoded = String::with_capacity(path.len());
    let mut at = 0;
    while at < path.len() {
        let Some(first) = escaped_byte(&path[at..]) else {
            decoded.push(char::from(path[at]));
            at += 1;
            continue;
        };
        if first == 0 {
            return None;
        }
        let length = match first {
            b'/' => 0,
            0..=0x7f => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 0,
        };
        let bytes: Option<Vec<u8>> = (0..length)
            .map(|index| escaped_byte(path.get(at + 3 * index..)?))
            .collect();
        let character = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(text) = character.filter(|text| !text.is_empty()) {
            decoded.push_str(&text);
            at += 3 * length;
        } else {
            decoded.push('%');
            at += 1;
        }
    }
    Some(decoded)
}

/// The byte that an escape at the start of `text` stands for.
fn escaped_byte(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Removes `.` and `..` as RFC 3986 says.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (position, segment) in segments.iter().enumerate() {
        let is_last = position + 1 == segments.len();
        match *segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Whether a `Host` is one: a name or an address, and perhaps a port. It may be empty.
pub(super) fn is_host(text: &str) -> bool {
    let (name, rest) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, rest)) = rest.split_once(']') else {
                return false;
            };
            let is_address = address.len() >= 2
                && address
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
            if !is_address {
                return false;
            }
            ("", rest)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!$&'()-._~".contains(&byte);
    let is_port = rest.strip_prefix(':').map_or(rest.is_empty(), |port| {
        port.bytes().all(|byte| byte.is_ascii_digit())
    });
    name.bytes().all(is_name) && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_once_and_keep_escaped_slashes() {
        for (target, path) in [
            ("/api/%41ny?x=%41", Some("/api/Any")),
            ("/a%2Fb/%2fc", Some("/a%2Fb/%2fc")),
            ("/%C3%AB%e2%98%83", Some("/ë☃")),
            ("/%ff%zz%", Some("/%ff%zz%")),
            ("/%c3x", Some("/%c3x")),
            ("/%2541", Some("/%41")),
            ("/a/./b/../c", Some("/a/c")),
            ("/a/b/..", Some("/a/")),
            ("/../x/%2e%2e/y", Some("/y")),
            ("/a//b/", Some("/a//b/")),
            ("/%00", None),
        ] {
            assert_eq!(path_of(target).as_deref(), path, "{target}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_with_digits_for_a_port() {
        for (host, is) in [
            ("", true),
            ("localhost:7071", true),
            ("[::1]:7071", true),
            ("[::1", false),
            ("a b", false),
            ("x:y", false),
            ("x/y", false),
        ] {
            assert_eq!(is_host(host), is, "{host}");
        }
    }
}
