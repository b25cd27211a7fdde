//! Text of the service's, for the log and for sentences.

/// How much is shown, in characters. The service's sentences have some hundred.
const MAX_CHARS: usize = 1_000;

/// The start of a text, on one line and without characters that a terminal would obey. Quotes stay
/// as they are.
pub(crate) fn printable(text: &str) -> String {
    let mut characters = text.chars();
    let mut shown = String::new();
    for character in characters.by_ref().take(MAX_CHARS) {
        match character {
            '"' | '\'' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_on_one_line() {
        let long = "é".repeat(MAX_CHARS);
        for (text, expected) in [
            ("", ""),
            (r#"It's "a"."#, r#"It's "a"."#),
            ("a\r\nb\u{1b}[2J", "a\\r\\nb\\u{1b}[2J"),
            ("\u{202e}\u{2028}\0", "\\u{202e}\\u{2028}\\0"),
            (&*long, &*long),
            (&format!("{long}a"), &format!("{long}…")),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }
}
