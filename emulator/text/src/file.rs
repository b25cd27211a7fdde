//! Files that a person hands in: UTF-8, or the UTF-16 that Windows PowerShell writes.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Reads a file of text in UTF-8 or UTF-16, without its byte order mark.
///
/// # Errors
/// The file can't be read, or is in another encoding.
pub fn read_text(file: &Path) -> Result<String> {
    decode(std::fs::read(file)?).ok_or_else(|| {
        let sentence = "the file is neither UTF-8 nor UTF-16; save it as UTF-8";
        Error::new(ErrorKind::InvalidData, sentence)
    })
}

/// The text of a file's bytes; `None` when they are neither UTF-8 nor UTF-16.
///
/// UTF-16 without a byte order mark is known by the zero in one of its first two bytes, as text for
/// programs begins with an ASCII character, and a zero has no place in it.
#[must_use]
pub fn decode(bytes: Vec<u8>) -> Option<String> {
    match *bytes.as_slice() {
        [0xef, 0xbb, 0xbf, ref rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, ref rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, ref rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0, 1..=255, ..] => utf16(&bytes, u16::from_be_bytes),
        [1..=255, 0, ..] => utf16(&bytes, u16::from_le_bytes),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    char::decode_utf16(units.iter().map(|&bytes| unit(bytes)))
        .collect::<std::result::Result<_, _>>()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_and_utf_16_are_read_with_and_without_a_mark() {
        for (bytes, text) in [
            (&b""[..], Some("")),
            (b"{}", Some("{}")),
            (b"Zo\xc3\xab", Some("Zo\u{eb}")),
            (b"\xef\xbb\xbf{}", Some("{}")),
            (b"\xff\xfe{\0}\0", Some("{}")),
            (b"\xfe\xff\0{\0}", Some("{}")),
            (b"{\0}\0", Some("{}")),
            (b"\0{\0}", Some("{}")),
            (b"\xff\xfe\x3d\xd8\x00\xde", Some("\u{1f600}")),
            // Latin-1, half a character, and half a pair.
            (b"Zo\xeb", None),
            (b"\xff\xfe{\0}", None),
            (b"\xff\xfe\x3d\xd8", None),
        ] {
            assert_eq!(decode(bytes.to_vec()).as_deref(), text, "{bytes:?}");
        }
    }

    #[test]
    fn a_file_in_another_encoding_is_told_what_to_do() {
        let file = std::env::temp_dir().join(format!("emulator-text-{}", std::process::id()));
        std::fs::write(&file, b"Zo\xeb").unwrap();
        let error = read_text(&file).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(
            error.to_string(),
            "the file is neither UTF-8 nor UTF-16; save it as UTF-8"
        );
    }
}
