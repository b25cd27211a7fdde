//! The content type that the host's text formatter writes: it always says which charset it has
//! written.
//!
//! Source: `TextOutputFormatter` of <https://github.com/dotnet/aspnetcore>.

const DEFAULT: &str = "text/plain";

/// A content type as it is written, and the charset that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContentType {
    pub(super) text: String,
    pub(super) charset: Charset,
}

/// What the formatter can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// The low byte first.
    Utf16,
}

impl Charset {
    fn named(name: &str) -> Option<Self> {
        match name.trim().trim_matches('"').to_ascii_lowercase().as_str() {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
        }
    }
}

impl ContentType {
    /// The type that an answer gives, for a caller that accepts these charsets. The type's own
    /// charset comes first.
    pub(super) fn of(given: Option<&str>, accept_charset: Option<&str>) -> Self {
        let given = given.map(str::trim_start).filter(|given| !given.is_empty());
        let text = given.unwrap_or(DEFAULT);
        let Some((before, value, behind)) = split_at_charset(text) else {
            let charset = accepted(accept_charset).unwrap_or(Charset::Utf8);
            return Self {
                text: format!("{text}; charset={}", charset.name()),
                charset,
            };
        };
        if let Some(charset) = Charset::named(value) {
            return Self {
                text: text.to_owned(),
                charset,
            };
        }
        let charset = accepted(accept_charset).unwrap_or(Charset::Utf8);
        Self {
            text: format!("{before}{}{behind}", charset.name()),
            charset,
        }
    }
}

/// Splits a type around the value of its charset.
fn split_at_charset(text: &str) -> Option<(&str, &str, &str)> {
    let mut at = text.find(';')?;
    loop {
        let parameter = &text[at + 1..];
        let end = parameter.find(';').unwrap_or(parameter.len());
        if let Some((name, _)) = parameter[..end].split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
        {
            let value = at + 1 + name.len() + 1;
            let end = at + 1 + end;
            return Some((&text[..value], &text[value..end], &text[end..]));
        }
        if end == parameter.len() {
            return None;
        }
        at += 1 + end;
    }
}

/// The charset that the caller likes best among those that can be written.
fn accepted(accept_charset: Option<&str>) -> Option<Charset> {
    let mut wishes: Vec<(&str, f64)> = accept_charset?
        .split(',')
        .map(|wish| {
            let mut parts = wish.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .and_then(|quality| quality.parse().ok());
            (name, quality.unwrap_or(1.0))
        })
        .filter(|(_, quality)| *quality > 0.0)
        .collect();
    wishes.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    wishes.into_iter().find_map(|(name, _)| match name {
        "*" => Some(Charset::Utf8),
        name => Charset::named(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_said_and_a_known_one_kept() {
        for (given, accepts, text, charset) in [
            (None, None, "text/plain; charset=utf-8", Charset::Utf8),
            (Some(""), None, "text/plain; charset=utf-8", Charset::Utf8),
            (Some(" a/b "), None, "a/b ; charset=utf-8", Charset::Utf8),
            (
                Some("a/b;charset=UTF-8"),
                None,
                "a/b;charset=UTF-8",
                Charset::Utf8,
            ),
            (
                Some("a/b; charset=\"utf-8\""),
                None,
                "a/b; charset=\"utf-8\"",
                Charset::Utf8,
            ),
            (
                Some("a/b; charset=latin1; c=d"),
                None,
                "a/b; charset=utf-8; c=d",
                Charset::Utf8,
            ),
            (
                Some("a/b; charset=utf-16"),
                None,
                "a/b; charset=utf-16",
                Charset::Utf16,
            ),
            (
                Some("a/b"),
                Some("x, utf-16;q=0.5"),
                "a/b; charset=utf-16",
                Charset::Utf16,
            ),
            (
                Some("a/b"),
                Some("*;q=0.1"),
                "a/b; charset=utf-8",
                Charset::Utf8,
            ),
            (Some("5"), None, "5; charset=utf-8", Charset::Utf8),
        ] {
            let expected = ContentType {
                text: text.to_owned(),
                charset,
            };
            assert_eq!(ContentType::of(given, accepts), expected);
        }
    }
}
