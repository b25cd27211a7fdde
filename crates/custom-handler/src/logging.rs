//! The process's own log, and what of a text from outside may stand in a line of it.

use std::borrow::Cow;
use std::io::Write;

use env_logger::{Env, Target};
use log::LevelFilter;

/// What is logged where neither `RUST_LOG` nor the app says otherwise.
pub const DEFAULT_FILTER: &str = "info";

/// Logs to stdout, as the host takes every line on stderr for an error. It adds the time itself.
/// `default_filter` is used where `RUST_LOG` is not set. A panic becomes a line of the log.
pub fn start(default_filter: &str) {
    env_logger::Builder::new()
        // What they tell is nothing to act on: how many workers there are, and who has sent bytes
        // that are no HTTP.
        .filter_module("actix_server", LevelFilter::Warn)
        .filter_module("actix_http", LevelFilter::Off)
        .parse_env(Env::new().default_filter_or(default_filter))
        .target(Target::Stdout)
        .format(|line, record| writeln!(line, "{} {}", record.level(), record.args()))
        .init();
    std::panic::set_hook(Box::new(|panic| log::error!("a bug: {panic}")));
}

/// The start of a text from outside, without characters that would break a line of the log.
#[must_use]
pub fn loggable(text: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 128;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if text.len() <= MAX_CHARS && text.bytes().all(is_plain) {
        // Nearly every registration id and host name.
        return Cow::Borrowed(text);
    }
    let start = text.chars().take(MAX_CHARS);
    Cow::Owned(start.flat_map(char::escape_debug).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_short_and_on_one_line() {
        let long = "a".repeat(128);
        for (text, expected) in [
            ("az-AZ.09_:", "az-AZ.09_:"),
            (&*long, &*long),
            (&format!("{long}b"), &*long),
            (&format!("{long}\n"), &*long),
            ("a b", "a b"),
            ("a\n\u{1b}[2J", "a\\n\\u{1b}[2J"),
            ("é\u{202e}", "é\\u{202e}"),
        ] {
            assert_eq!(loggable(text), expected, "{text:?}");
        }
    }
}
