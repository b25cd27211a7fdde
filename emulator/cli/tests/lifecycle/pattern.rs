//! The placeholders of the corpus: `{app}`, `{port}`, `{guid}`, `{pid}`, `{n}`.

use std::path::Path;

/// What the placeholders stand for in one run of one case.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) app: String,
    /// The ports that the handler was given.
    pub(crate) ports: Vec<String>,
}

impl Places {
    pub(crate) fn new(app: &Path, ports: Vec<String>) -> Self {
        Self {
            app: app.to_string_lossy().into_owned(),
            ports,
        }
    }

    pub(crate) fn is(&self, pattern: &str, text: &str) -> bool {
        self.rest_behind(pattern, text) == Some("")
    }

    pub(crate) fn starts(&self, pattern: &str, text: &str) -> bool {
        self.rest_behind(pattern, text).is_some()
    }

    /// The pattern somewhere in the text.
    pub(crate) fn within(&self, pattern: &str, text: &str) -> bool {
        text.char_indices()
            .any(|(at, _)| self.starts(pattern, &text[at..]))
    }

    /// What of the text is left behind the pattern, when it starts with it.
    fn rest_behind<'a>(&self, pattern: &str, text: &'a str) -> Option<&'a str> {
        let pattern = pattern
            .replace("{app}", &self.app)
            .replace("<HOME>", &std::env::var("HOME").unwrap_or_default());
        let (mut pattern, mut text) = (pattern.as_str(), text);
        while !pattern.is_empty() {
            if let Some(rest) = pattern.strip_prefix("{guid}") {
                let (guid, behind) = text.split_at_checked(36)?;
                let is_guid = guid.char_indices().all(|(at, character)| match at {
                    8 | 13 | 18 | 23 => character == '-',
                    _ => character.is_ascii_hexdigit(),
                });
                (pattern, text) = (rest, is_guid.then_some(behind)?);
            } else if let Some(rest) = pattern.strip_prefix("{port}") {
                let port = self
                    .ports
                    .iter()
                    .find(|port| text.starts_with(port.as_str()))?;
                (pattern, text) = (rest, &text[port.len()..]);
            } else if let Some(rest) = pattern
                .strip_prefix("{pid}")
                .or_else(|| pattern.strip_prefix("{n}"))
            {
                let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
                (pattern, text) = (rest, (behind.len() < text.len()).then_some(behind)?);
            } else {
                let first = pattern.chars().next()?;
                text = text.strip_prefix(first)?;
                pattern = &pattern[first.len_utf8()..];
            }
        }
        Some(text)
    }
}
