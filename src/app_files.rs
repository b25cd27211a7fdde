//! The files of the Function App that a policy must fit.

use std::path::{Path, PathBuf};

use allocation::policy::App;

use crate::text_file;

/// The variable in which the Functions host names the app's folder.
pub const APP_ROOT_VARIABLE: &str = "FUNCTIONS_APP_ROOT_PATH";

/// The app's folder: where the variable says, else the working directory.
pub(crate) fn root(lookup: impl Fn(&str) -> Option<String>) -> PathBuf {
    let root = lookup(APP_ROOT_VARIABLE).filter(|root| !root.is_empty());
    root.map(PathBuf::from).unwrap_or_default()
}

/// The files in this folder, as far as they are there, read as leniently as the host reads them.
pub(crate) fn read(root: &Path) -> App {
    let read = |name: &str| {
        let bytes = std::fs::read(root.join(name)).ok()?;
        let text = text_file::decode(&bytes);
        Some(strict(
            &text.unwrap_or_else(|_| String::from_utf8_lossy(&bytes)),
        ))
    };
    App {
        function_json: read("HttpTrigger1/function.json"),
        host_json: read("host.json"),
        local_settings_json: read("local.settings.json"),
    }
}

/// The JSON of a text with comments and trailing commas, which the host takes. Lines and columns
/// stay.
fn strict(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    // Where a comma stands in `json` that may turn out to be trailing.
    let mut comma = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '"' => string(rest),
            '/' => comment(rest),
            _ => character.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        rest = behind;
        match character {
            '/' if length > 1 => {
                let blank = |one: char| if one == '\n' { '\n' } else { ' ' };
                json.extend(token.chars().map(blank));
                continue;
            }
            ']' | '}' => {
                if let Some(comma) = comma.take() {
                    json.replace_range(comma..=comma, " ");
                }
            }
            ',' => comma = Some(json.len()),
            _ if character.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        json.push_str(token);
    }
    json
}

/// The length of the string at the start of a text.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the comment at the start of a text; 1 where there is only a slash.
fn comment(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else if let Some(inside) = text.strip_prefix("/*") {
        inside.find("*/").map_or(text.len(), |end| end + 4)
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_left_out() {
        for (text, json) in [
            (r#"{"a": [1, 2]}"#, r#"{"a": [1, 2]}"#),
            (r#"{"a": [1, 2, ], }"#, r#"{"a": [1, 2  ]  }"#),
            (
                "{// é\n\"a\": 1 /* b\n */, }",
                "{    \n\"a\": 1     \n     }",
            ),
            (r#"{"a": "// \" /* ,]"}"#, r#"{"a": "// \" /* ,]"}"#),
            ("[1,,2]", "[1,,2]"),
            ("[1, /* 2 */ 3]", "[1,         3]"),
            ("/", "/"),
            ("/* a", "    "),
            ("\"a", "\"a"),
        ] {
            assert_eq!(strict(text), json, "{text}");
        }
    }
}
