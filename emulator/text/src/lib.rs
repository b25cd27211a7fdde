//! Texts that somebody else wrote: files to read, and what is shown in the log and in sentences.

mod file;

use std::error::Error;
use std::iter;

pub use file::{decode, read_text};

/// How much is shown, in characters. The service's own sentences are shorter.
const MAX_CHARS: usize = 256;

/// A text on one line and without characters that a terminal would obey.
///
/// Quotes and backslashes stay: a sentence may hold quoted text that is escaped already.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' | '\t' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// The start of a text, [`escaped`].
#[must_use]
pub fn printable(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => escaped(&text[..end]) + "…",
        None => escaped(text),
    }
}

/// An error and what caused it, in one sentence.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let causes = iter::successors(Some(error), |&error| error.source());
    let sentences: Vec<String> = causes.map(ToString::to_string).collect();
    sentences.join(": ")
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io;

    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes() {
        #[derive(Debug)]
        struct Unreachable(io::Error);

        impl fmt::Display for Unreachable {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("cannot reach the service")
            }
        }

        impl Error for Unreachable {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }

        let cause = || io::Error::other("connection refused");
        assert_eq!(with_causes(&cause()), "connection refused");
        assert_eq!(
            with_causes(&Unreachable(cause())),
            "cannot reach the service: connection refused"
        );
    }

    #[test]
    fn what_is_shown_is_short_and_on_one_line() {
        let long = "é".repeat(MAX_CHARS);
        for (text, expected) in [
            ("", ""),
            (r#"It's "a\nb"."#, r#"It's "a\nb"."#),
            ("\ta", "\ta"),
            ("a\r\nb\u{1b}[2J\0", r"a\r\nb\u{1b}[2J\0"),
            (
                "\u{80}\u{9f}\u{2028}\u{2029}",
                r"\u{80}\u{9f}\u{2028}\u{2029}",
            ),
            ("\u{202e}", r"\u{202e}"),
            (&*long, &*long),
            (&format!("{long}a"), &format!("{long}…")),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
        assert_eq!(escaped(&format!("{long}\na")), format!("{long}\\na"));
    }
}
