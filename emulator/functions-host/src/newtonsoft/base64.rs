//! `Convert.FromBase64String`: blanks are skipped, and bits that don't count may be set.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes that a text stands for; `None` when it isn't base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let is_blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let text: String = text.chars().filter(|&c| !is_blank(c)).collect();
    ENGINE.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dotnet_decodes_is_decoded() {
        for (text, bytes) in [
            ("dGVzdA==", Some(&b"test"[..])),
            (" dGV\r\nzdA== ", Some(b"test")),
            ("text", Some(&[0xb5, 0xec, 0x6d])),
            ("dGVzdB==", Some(b"test")),
            ("", Some(b"")),
            ("dGVzdA=", None),
            ("hello", None),
            ("a-b_", None),
        ] {
            assert_eq!(decode(text).as_deref(), bytes, "{text}");
        }
    }
}
