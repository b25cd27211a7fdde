//! The pattern of `regex(…)`: found anywhere in a value, in any case.
//!
//! .NET's regular expressions are a language of their own. What differs from that of the engine
//! here and is likely in a route is translated: `$` also stands before a line feed at the end, and
//! brackets within a class mean something else.

use fancy_regex::{Regex, RegexBuilder};

#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern; `None` when it isn't one.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut builder = RegexBuilder::new(&translated(pattern));
        builder.case_insensitive(true).build().ok().map(Self)
    }

    /// The real host gives up after ten seconds; this one after a number of steps.
    pub(super) fn is_found_in(&self, value: &str) -> bool {
        self.0.is_match(value).unwrap_or(false)
    }
}

/// The pattern in the words of the engine.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut depth = 0_usize;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                out.push(character);
                out.extend(characters.next());
            }
            '[' if depth == 0 => {
                depth = 1;
                out.push('[');
                out.extend(characters.next_if_eq(&'^'));
                // A bracket that closes nothing is a character.
                if characters.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            // `[a-z-[aeiou]]` takes the vowels out.
            '-' if depth > 0 && characters.peek() == Some(&'[') => {
                characters.next();
                depth += 1;
                out.push_str("--[");
                out.extend(characters.next_if_eq(&'^'));
            }
            '[' | '&' | '~' if depth > 0 => {
                out.push('\\');
                out.push(character);
            }
            ']' if depth > 0 => {
                depth -= 1;
                out.push(']');
            }
            '$' if depth == 0 => out.push_str("(?=\\n?\\z)"),
            other => out.push(other),
        }
    }
    out
}
