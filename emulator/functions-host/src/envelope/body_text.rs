//! A body as text, as .NET's `StreamReader` decodes it.
//!
//! UTF-8 unless a byte order mark says UTF-16 or UTF-32. In a request the `charset` of the content
//! type is ignored, and what can't be decoded becomes U+FFFD; in an answer the charset counts, and
//! what can't be decoded is an error.

/// Decodes a request's body.
pub(crate) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match marked(bytes) {
            Some(text) => text,
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// Decodes UTF-8 of an answer; `None` when it isn't.
pub(crate) fn decode_strictly(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_owned()).ok(),
        _ => marked(bytes).or_else(|| String::from_utf8(bytes.to_owned()).ok()),
    }
}

/// Decodes UTF-16 of an answer, in the order of a mark, and else the low byte first; `None` when it
/// isn't.
pub(crate) fn decode_utf16(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => decode_strictly(bytes),
        _ => marked(bytes).or_else(|| Some(utf16(bytes, u16::from_le_bytes))),
    }
}

/// Decodes what begins with a mark of UTF-16 or UTF-32.
fn marked(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => Some(utf32(rest, u32::from_le_bytes)),
        [0, 0, 0xfe, 0xff, rest @ ..] => Some(utf32(rest, u32::from_be_bytes)),
        [0xff, 0xfe, rest @ ..] => Some(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Some(utf16(rest, u16::from_be_bytes)),
        _ => None,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| unit(pair));
    let mut text: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> String {
    let (units, odd) = bytes.as_chunks::<4>();
    let character = |&bytes| char::from_u32(unit(bytes)).unwrap_or(char::REPLACEMENT_CHARACTER);
    let mut text: String = units.iter().map(character).collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_choose_the_encoding_and_disappear() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            (b"", ""),
            (b"\xef\xbb\xbf{}", "{}"),
            (b"\xff\xfe{\0}\0", "{}"),
            (b"\xfe\xff\0{\0}", "{}"),
            (b"\xff\xfe{\0}", "{\u{fffd}"),
            (b"\xff\xfe\0\0{\0\0\0", "{"),
            (b"\0\0\xfe\xff\0\0\0}", "}"),
            (b"Zo\xc3\xab", "Zoë"),
            (b"\x00\xff", "\0\u{fffd}"),
        ] {
            assert_eq!(decode(bytes), text);
        }
    }

    #[test]
    fn an_answer_that_is_not_in_its_charset_is_none() {
        assert_eq!(decode_strictly(b"\xef\xbb\xbf{}").as_deref(), Some("{}"));
        assert_eq!(decode_strictly(b"\xff\xfe{\0").as_deref(), Some("{"));
        assert_eq!(decode_strictly(b"\xe9"), None);
        assert_eq!(decode_utf16(b"{\0}\0").as_deref(), Some("{}"));
        assert_eq!(decode_utf16(b"\xfe\xff\0{").as_deref(), Some("{"));
    }
}
