//! Reading: text to [`Node`] and [`JToken`], with all that Newtonsoft's `JsonTextReader` puts up
//! with.
//!
//! Beyond JSON these are comments, trailing commas, single quotes, names without quotes, `NaN`,
//! `Infinity`, `undefined`, constructors, octal and hexadecimal numbers, raw control characters in
//! strings, and any Unicode blank between values.

use std::fmt;

use super::node::{self, Node};
use super::{JToken, ReadError};

impl JToken {
    /// Reads a text that is one JSON value, as `JToken.Parse` does.
    pub(crate) fn parse(text: &str, max_depth: usize) -> Result<Self, ReadError> {
        Node::parse(text, max_depth)?
            .ok_or_else(|| ReadError::NotJson("it is blank".to_owned()))?
            .into_token()
    }
}

impl Node {
    /// Reads a text that is one JSON value and nothing else; `None` when it is blank.
    pub(crate) fn parse(text: &str, max_depth: usize) -> Result<Option<Self>, ReadError> {
        let mut reader = Reader::new(text, max_depth);
        let node = reader.first()?;
        reader.skip_blanks()?;
        match reader.peek() {
            None => Ok(node),
            Some(character) => Err(reader.unexpected(character)),
        }
    }

    /// Reads the first JSON value of a text, and says whether more follows it.
    pub(crate) fn parse_first(
        text: &str,
        max_depth: usize,
    ) -> Result<(Option<Self>, bool), ReadError> {
        let mut reader = Reader::new(text, max_depth);
        let node = reader.first()?;
        let more = reader.skip_blanks().is_err() || reader.peek().is_some();
        Ok((node, more))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    levels_left: usize,
    max_depth: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, max_depth: usize) -> Self {
        Self {
            text,
            at: 0,
            levels_left: max_depth,
            max_depth,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn wrong(&self, detail: impl fmt::Display) -> ReadError {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        ReadError::NotJson(format!("{detail} at line {line} column {column}"))
    }

    fn unexpected(&self, character: char) -> ReadError {
        self.wrong(format!("unexpected {character:?}"))
    }

    fn ended(&self) -> ReadError {
        self.wrong("unexpected end")
    }

    /// Skips blanks and comments. A NUL counts as blank.
    fn skip_blanks(&mut self) -> Result<(), ReadError> {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\0');
            self.at += rest.len() - blank.len();
            if !blank.starts_with('/') {
                return Ok(());
            }
            let length = if let Some(comment) = blank.strip_prefix("/*") {
                comment.find("*/").ok_or_else(|| self.ended())? + 4
            } else if blank.starts_with("//") {
                blank.find(['\n', '\r']).unwrap_or(blank.len())
            } else {
                return Err(self.unexpected('/'));
            };
            self.at += length;
        }
    }

    fn first(&mut self) -> Result<Option<Node>, ReadError> {
        self.skip_blanks()?;
        if self.peek().is_none() {
            return Ok(None);
        }
        self.value().map(Some)
    }

    /// Reads a value at whose first character the reader stands.
    fn value(&mut self) -> Result<Node, ReadError> {
        let Some(first) = self.peek() else {
            return Err(self.ended());
        };
        match first {
            '"' | '\'' => self.string().map(Node::String),
            '{' => self.deeper(Self::object),
            '[' => self.deeper(|reader| reader.items(']')).map(Node::Array),
            't' => self.word("true", Node::Boolean(true)),
            'f' => self.word("false", Node::Boolean(false)),
            'n' if self.rest().starts_with("ne") => self.constructor(),
            'n' => self.word("null", Node::Null),
            'u' => self.word("undefined", Node::Undefined),
            'N' => self.word("NaN", Node::Number("NaN".to_owned())),
            'I' => self.word("Infinity", Node::Number("Infinity".to_owned())),
            '-' if self.rest().starts_with("-I") => {
                self.word("-Infinity", Node::Number("-Infinity".to_owned()))
            }
            '0'..='9' | '-' | '.' => self.number(),
            other => Err(self.unexpected(other)),
        }
    }

    /// Enters an array, object or constructor, whose first character it takes.
    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.at += 1;
        self.levels_left = self
            .levels_left
            .checked_sub(1)
            .ok_or(ReadError::TooDeep(self.max_depth))?;
        let value = read(self)?;
        self.levels_left += 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Node, ReadError> {
        let mut members = Vec::new();
        loop {
            self.skip_blanks()?;
            if self.take('}') {
                return Ok(Node::Object(members));
            }
            let name = self.name()?;
            self.skip_white();
            if !self.take(':') {
                return Err(self
                    .peek()
                    .map_or_else(|| self.ended(), |c| self.unexpected(c)));
            }
            self.skip_blanks()?;
            let value = if self.peek() == Some(',') {
                Node::Undefined
            } else {
                self.value()?
            };
            members.push((name, value));
            self.skip_blanks()?;
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => {}
                Some(other) => return Err(self.unexpected(other)),
                None => return Err(self.ended()),
            }
        }
    }

    /// Blanks alone: between a name and its colon there can't be a comment.
    fn skip_white(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn name(&mut self) -> Result<String, ReadError> {
        match self.peek() {
            None => Err(self.ended()),
            Some('"' | '\'') => self.string(),
            Some(_) => {
                let rest = self.rest();
                let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                let ends_well = rest[end..]
                    .chars()
                    .next()
                    .is_some_and(|c| c == ':' || c.is_whitespace());
                if end == 0 || !ends_well {
                    self.at += end;
                    return Err(self
                        .peek()
                        .map_or_else(|| self.ended(), |c| self.unexpected(c)));
                }
                self.at += end;
                Ok(rest[..end].to_owned())
            }
        }
    }

    /// The items up to the closing character. Where nothing stands between commas, there is
    /// `undefined`.
    fn items(&mut self, close: char) -> Result<Vec<Node>, ReadError> {
        let mut items = Vec::new();
        loop {
            self.skip_blanks()?;
            if self.take(close) {
                return Ok(items);
            }
            if self.take(',') {
                items.push(Node::Undefined);
                continue;
            }
            items.push(self.value()?);
            self.skip_blanks()?;
            if self.take(close) {
                return Ok(items);
            }
            if !self.take(',') {
                return Err(self
                    .peek()
                    .map_or_else(|| self.ended(), |c| self.unexpected(c)));
            }
        }
    }

    fn constructor(&mut self) -> Result<Node, ReadError> {
        let rest = self.rest();
        let name = rest.strip_prefix("new").unwrap_or_default().trim_start();
        let end = name
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(name.len());
        let behind = name[end..].trim_start();
        if end == 0 || !behind.starts_with('(') || rest.len() == name.len() + 3 {
            return Err(self.unexpected('n'));
        }
        self.at = self.text.len() - behind.len();
        let arguments = self.deeper(|reader| reader.items(')'))?;
        Ok(Node::Constructor(name[..end].to_owned(), arguments))
    }

    fn word(&mut self, word: &str, node: Node) -> Result<Node, ReadError> {
        let behind = self.rest().strip_prefix(word);
        let Some(behind) = behind else {
            return Err(self
                .peek()
                .map_or_else(|| self.ended(), |c| self.unexpected(c)));
        };
        let ends = behind.chars().next().is_none_or(is_separator);
        if !ends {
            self.at += word.len();
            return Err(self
                .peek()
                .map_or_else(|| self.ended(), |c| self.unexpected(c)));
        }
        self.at += word.len();
        Ok(node)
    }

    fn number(&mut self) -> Result<Node, ReadError> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | '+' | '.' | 'x' | 'X');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if let Some(other) = rest[end..].chars().next()
            && !is_separator(other)
        {
            self.at += end;
            return Err(self.unexpected(other));
        }
        let spelling = &rest[..end];
        node::number(spelling).map_err(|_| self.wrong(format!("{spelling} is not a number")))?;
        self.at += end;
        Ok(Node::Number(spelling.to_owned()))
    }

    fn string(&mut self) -> Result<String, ReadError> {
        let quote = self.peek().unwrap_or_default();
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find([quote, '\\']) else {
                self.at = self.text.len();
                return Err(self.wrong("a text without an end"));
            };
            text.push_str(&rest[..end]);
            self.at += end;
            if self.take(quote) {
                return Ok(text);
            }
            self.at += 1;
            self.escape(&mut text)?;
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, text: &mut String) -> Result<(), ReadError> {
        let Some(character) = self.peek() else {
            return Err(self.ended());
        };
        let plain = match character {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '\\' | '"' | '\'' | '/' => character,
            'u' => {
                self.at += 1;
                return self.unicode_escape(text);
            }
            other => return Err(self.wrong(format!("the unknown escape \\{other}"))),
        };
        self.at += 1;
        text.push(plain);
        Ok(())
    }

    /// Halves of a pair that stand alone become U+FFFD.
    fn unicode_escape(&mut self, text: &mut String) -> Result<(), ReadError> {
        let unit = self.hex_unit()?;
        if let 0xd800..=0xdbff = unit
            && let Some(behind) = self.rest().strip_prefix("\\u")
            && let Some(low @ 0xdc00..=0xdfff) = hex_unit(behind)
        {
            self.at += 6;
            let pair = char::decode_utf16([unit, low]).next();
            text.push(
                pair.and_then(Result::ok)
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
            );
            return Ok(());
        }
        text.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn hex_unit(&mut self) -> Result<u16, ReadError> {
        let unit = hex_unit(self.rest()).ok_or_else(|| self.wrong("a broken \\u escape"))?;
        self.at += 4;
        Ok(unit)
    }
}

fn hex_unit(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    are_digits.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// What may follow a word or a number.
fn is_separator(character: char) -> bool {
    matches!(character, ',' | '}' | ']' | ')' | '/' | '\0') || character.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> JToken {
        JToken::parse(text, 64).unwrap()
    }

    #[test]
    fn the_last_of_equal_members_wins_in_the_place_of_the_first() {
        assert_eq!(
            parse(r#"{"a":1,"b":2,"a":3}"#).to_json(),
            r#"{"a":3,"b":2}"#
        );
        let node = Node::parse(r#"{"a":1,"b":2,"a":3}"#, 64).unwrap().unwrap();
        assert_eq!(node.into_member().unwrap().to_json(), r#"{"b":2,"a":3}"#);
    }

    #[test]
    fn numbers_are_read_in_every_spelling() {
        let integer = |digits: &str| JToken::Integer(digits.to_owned());
        for (text, token) in [
            (
                "123456789012345678901234567890",
                integer("123456789012345678901234567890"),
            ),
            ("-0", integer("0")),
            ("0311", integer("201")),
            ("0x1F", integer("31")),
            ("1e2", JToken::Float(100.0)),
            (".5", JToken::Float(0.5)),
            ("1.", JToken::Float(1.0)),
            ("1e400", JToken::Float(f64::INFINITY)),
            ("-Infinity", JToken::Float(f64::NEG_INFINITY)),
        ] {
            assert_eq!(parse(text), token, "{text}");
        }
        for text in ["+5", "-", "08", "1x", "1.2.3", "0x", "1 2"] {
            assert!(JToken::parse(text, 64).is_err(), "{text}");
        }
    }

    #[test]
    fn what_json_does_not_allow_newtonsoft_does() {
        for (text, json) in [
            ("/*c*/{'a':/*d*/'b'}//e", r#"{"a":"b"}"#),
            ("{a:1,$b_2:[1,],}", r#"{"a":1,"$b_2":[1]}"#),
            ("[1,,2]", "[1,undefined,2]"),
            (
                "{\"a\":\u{c}NaN\u{a0},\0\"b\":undefined}",
                r#"{"a":"NaN","b":undefined}"#,
            ),
            ("'a\n\"b'", r#""a\n\"b""#),
            (
                r#"["\ud83d\ude00","x\ud800y","\/\'"]"#,
                "[\"😀\",\"x\u{fffd}y\",\"/'\"]",
            ),
            ("[new Date( 1 , 'x')]", r#"[new Date(1,"x")]"#),
        ] {
            assert_eq!(parse(text).to_json(), json, "{text}");
        }
    }

    #[test]
    fn what_newtonsoft_does_not_read_is_named_with_its_place() {
        for (text, problem) in [
            ("{", "unexpected end at line 1 column 2"),
            ("{\n\"a\" 1}", "unexpected '1' at line 2 column 5"),
            (r#"{"a":1 "b":2}"#, "unexpected '\"' at line 1 column 8"),
            (r#"{"a":1,,"b":2}"#, "unexpected ',' at line 1 column 8"),
            ("{nonsense}", "unexpected '}' at line 1 column 10"),
            ("nul", "unexpected 'n' at line 1 column 1"),
            ("truex", "unexpected 'x' at line 1 column 5"),
            (r#""\q""#, r"the unknown escape \q at line 1 column 3"),
            (r#""\u12x4""#, r"a broken \u escape at line 1 column 4"),
            ("\"a", "a text without an end at line 1 column 3"),
            ("{} {}", "unexpected '{' at line 1 column 4"),
            ("[1}", "unexpected '}' at line 1 column 3"),
            ("/*", "unexpected end at line 1 column 1"),
            ("  ", "it is blank"),
        ] {
            let error = JToken::parse(text, 64).unwrap_err().to_string();
            assert_eq!(error, format!("it is not JSON: {problem}"), "{text}");
        }
    }

    #[test]
    fn the_deepest_allowed_nesting_is_read_and_one_more_is_not() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(JToken::parse(&nested(64), 64).is_ok());
        assert_eq!(JToken::parse(&nested(65), 64), Err(ReadError::TooDeep(64)));
        assert_eq!(
            JToken::parse(&nested(100_000), 64),
            Err(ReadError::TooDeep(64))
        );
    }

    #[test]
    fn what_follows_the_first_value_is_noticed() {
        let more = |text| Node::parse_first(text, 64).map(|(_, more)| more);
        assert_eq!(more("{} \n"), Ok(false));
        assert_eq!(more("{} {}"), Ok(true));
        assert_eq!(more("{}x"), Ok(true));
        assert_eq!(Node::parse_first("  ", 64), Ok((None, false)));
    }

    #[test]
    fn dates_are_recognised_in_values_and_not_in_names() {
        let JToken::Object(object) = parse(r#"{"2022-07-05T21:27:16Z":"2022-07-05T21:27:16Z"}"#)
        else {
            panic!("not an object")
        };
        assert!(matches!(
            object.get("2022-07-05T21:27:16Z"),
            Some(JToken::Date(_))
        ));
    }
}
