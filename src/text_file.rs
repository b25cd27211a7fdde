//! Files that a person hands in: UTF-8, or the UTF-16 that Windows PowerShell writes.
//!
//! The policy itself is UTF-8 alone, as every tool that deploys it takes it for that.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result};

/// A file's text without its byte order mark.
pub(crate) fn read(path: &Path) -> Result<String> {
    let context = || format!("cannot read {}", path.display());
    let bytes = std::fs::read(path).with_context(context)?;
    let text = decode(&bytes).with_context(context)?;
    Ok(text.into_owned())
}

/// A file that is neither UTF-8 nor UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EncodingError;

impl std::fmt::Display for EncodingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is neither UTF-8 nor UTF-16: save it as UTF-8")
    }
}

impl std::error::Error for EncodingError {}

/// Whether bytes with this start are UTF-16.
///
/// Without a mark, UTF-16 is known by a zero in one of its first two bytes: JSON begins with an
/// ASCII character.
pub(crate) fn is_utf16(start: &[u8]) -> bool {
    matches!(
        start,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 1..=255, ..] | [1..=255, 0, ..]
    )
}

/// The text of a file's bytes, without its byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, EncodingError> {
    if !is_utf16(bytes) {
        let text = std::str::from_utf8(bytes).map_err(|_| EncodingError)?;
        return Ok(text.strip_prefix('\u{feff}').unwrap_or(text).into());
    }
    let unit = match bytes {
        [0xFE | 0, ..] => u16::from_be_bytes,
        _ => u16::from_le_bytes,
    };
    let (units, []) = bytes.as_chunks::<2>() else {
        return Err(EncodingError);
    };
    let units = units.iter().map(|bytes| unit(*bytes));
    let text: String = char::decode_utf16(units)
        .collect::<Result<_, _>>()
        .map_err(|_| EncodingError)?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_and_utf_16_are_read_with_and_without_a_mark() {
        for (bytes, text) in [
            (&b""[..], Some("")),
            (b"{}", Some("{}")),
            (b"k\xc3\xbcche", Some("küche")),
            (b"\xef\xbb\xbf[]", Some("[]")),
            (b"\xff\xfe[\0]\0", Some("[]")),
            (b"\xfe\xff\0[\0]", Some("[]")),
            (b"[\0]\0", Some("[]")),
            (b"\0[\0]", Some("[]")),
            (b"\xff\xfe\x3d\xd8\x00\xde", Some("\u{1f600}")),
            // Latin-1, half a unit, and half a pair.
            (b"k\xfcche", None),
            (b"\xff\xfe[\0]", None),
            (b"\xff\xfe\x3d\xd8", None),
        ] {
            assert_eq!(decode(bytes).as_deref().ok(), text, "{bytes:?}");
        }
    }
}
