//! Writing: [`JToken`] to text.

use super::{JToken, number};

impl JToken {
    /// Compact JSON, `Formatting.None`.
    pub(crate) fn to_json(&self) -> String {
        let mut text = String::new();
        write_token(&mut text, self, None);
        text
    }

    /// JSON on several lines, `Formatting.Indented` on Linux.
    pub(crate) fn to_indented_json(&self) -> String {
        let mut text = String::new();
        write_token(&mut text, self, Some(0));
        text
    }

    /// `Convert.ToString(value, CultureInfo.InvariantCulture)` of a scalar; JSON of an array or
    /// object.
    pub(crate) fn to_invariant_string(&self) -> String {
        match self {
            Self::Null | Self::Undefined => String::new(),
            Self::Boolean(true) => "True".to_owned(),
            Self::Boolean(false) => "False".to_owned(),
            Self::Integer(digits) => digits.clone(),
            Self::Float(value) => number::to_invariant_string(*value),
            Self::Date(date) => date.to_invariant_string(),
            Self::String(text) => text.clone(),
            Self::Array(_) | Self::Object(_) | Self::Constructor(..) => self.to_indented_json(),
        }
    }
}

/// A JSON string, with the escapes that Newtonsoft makes and no others.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    write_string(&mut quoted, text);
    quoted
}

/// `indent` is the depth of the line that the value starts on, or `None` for everything on one
/// line.
fn write_token(out: &mut String, token: &JToken, indent: Option<usize>) {
    match token {
        JToken::Null => out.push_str("null"),
        JToken::Undefined => out.push_str("undefined"),
        JToken::Constructor(name, arguments) => {
            out.push_str("new ");
            out.push_str(name);
            out.push('(');
            for (position, argument) in arguments.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                new_line(out, indent, 1);
                write_token(out, argument, indent.map(|depth| depth + 1));
            }
            if !arguments.is_empty() {
                new_line(out, indent, 0);
            }
            out.push(')');
        }
        JToken::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        JToken::Integer(digits) => out.push_str(digits),
        JToken::Float(value) => out.push_str(&number::to_json(*value)),
        JToken::Date(date) => write_string(out, &date.to_string()),
        JToken::String(text) => write_string(out, text),
        JToken::Array(items) if items.is_empty() => out.push_str("[]"),
        JToken::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                out.push(if position == 0 { '[' } else { ',' });
                new_line(out, indent, 1);
                write_token(out, item, indent.map(|depth| depth + 1));
            }
            new_line(out, indent, 0);
            out.push(']');
        }
        JToken::Object(object) if object.is_empty() => out.push_str("{}"),
        JToken::Object(object) => {
            for (position, (name, value)) in object.iter().enumerate() {
                out.push(if position == 0 { '{' } else { ',' });
                new_line(out, indent, 1);
                write_string(out, name);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write_token(out, value, indent.map(|depth| depth + 1));
            }
            new_line(out, indent, 0);
            out.push('}');
        }
    }
}

fn new_line(out: &mut String, indent: Option<usize>, deeper: usize) {
    if let Some(depth) = indent {
        out.push('\n');
        out.push_str(&"  ".repeat(depth + deeper));
    }
}

fn write_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let is_special = |c: char| {
        matches!(
            c,
            '"' | '\\' | '\0'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        out.push_str(&rest[..at]);
        let mut characters = rest[at..].chars();
        match characters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            other => {
                let escape = format!("\\u{:04x}", other.map_or(0, u32::from));
                out.push_str(&escape);
            }
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_newtonsoft_escapes_is_escaped() {
        for (text, quoted) in [
            ("abc", r#""abc""#),
            ("\"\\", r#""\"\\""#),
            ("\u{8}\t\n\u{c}\r", r#""\b\t\n\f\r""#),
            ("\u{0}\u{1f}", r#""\u0000\u001f""#),
            ("\u{85}\u{2028}\u{2029}", r#""\u0085\u2028\u2029""#),
            ("é ☃ 😀 / < > & ' \u{7f}", "\"é ☃ 😀 / < > & ' \u{7f}\""),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }

    #[test]
    fn an_indented_value_has_two_blanks_a_level_and_keeps_empty_ones_short() {
        let token = JToken::parse(r#"{"a":1,"b":[1,{"c":2}],"d":{},"e":[],"f":1.0}"#, 64).unwrap();
        let lines = [
            "{",
            "  \"a\": 1,",
            "  \"b\": [",
            "    1,",
            "    {",
            "      \"c\": 2",
            "    }",
            "  ],",
            "  \"d\": {},",
            "  \"e\": [],",
            "  \"f\": 1.0",
            "}",
        ];
        assert_eq!(token.to_indented_json(), lines.join("\n"));
    }

    #[test]
    fn scalars_convert_to_strings_as_in_dotnet() {
        for (json, text) in [
            ("5", "5"),
            ("1.0", "1"),
            ("21.5", "21.5"),
            ("true", "True"),
            ("false", "False"),
            (r#""2022-07-05T21:27:16.8123235Z""#, "07/05/2022 21:27:16"),
            (r#""plain""#, "plain"),
            ("null", ""),
        ] {
            assert_eq!(JToken::parse(json, 64).unwrap().to_invariant_string(), text);
        }
    }
}
