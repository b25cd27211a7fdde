//! Reads a document, or says where it is not JSON.

use std::fmt;

use super::{Kind, Member, Node};

/// How many arrays and objects may stand within each other in a file.
const MAX_DEPTH: usize = 128;

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) why: Why,
}

/// What is wrong with a text that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Expected(&'static str),
    End,
    Comment,
    TrailingComma,
    ControlCharacter,
    Escape,
    HalfCharacter,
    Number,
    TooDeep,
    Rest,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "it is not JSON: expected {what}"),
            Self::End => f.write_str("it is not JSON: it ends too early"),
            Self::Comment => f.write_str(
                "it is not JSON: JSON has no comments (a \"description\" is a place for them)",
            ),
            Self::TrailingComma => f.write_str("it is not JSON: remove the comma before it"),
            Self::ControlCharacter => {
                f.write_str("it is not JSON: a control character within a string must be escaped")
            }
            Self::Escape => f.write_str("it is not JSON: this escape is unknown"),
            Self::HalfCharacter => {
                f.write_str("this escape is half of a character (a lone surrogate)")
            }
            Self::Number => f.write_str("it is not JSON: this is not a number"),
            Self::TooDeep => write!(f, "it is nested more than {MAX_DEPTH} levels deep"),
            Self::Rest => f.write_str("it is not JSON: nothing may follow the first value"),
        }
    }
}

/// Reads a document.
///
/// # Errors
/// When it is not JSON from its first byte to its last, escapes half of a character, or is nested
/// too deeply.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut parser = Parser {
        text,
        place: 0,
        depth: 0,
    };
    parser.skip_blanks();
    let node = parser.value()?;
    parser.skip_blanks();
    if parser.place < text.len() {
        return Err(parser.wrong(if parser.peek() == Some(b'/') {
            Why::Comment
        } else {
            Why::Rest
        }));
    }
    Ok(node)
}

struct Parser<'t> {
    text: &'t str,
    place: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn wrong(&self, why: Why) -> SyntaxError {
        SyntaxError {
            at: self.place.min(self.text.len()),
            why,
        }
    }

    /// The error where something else is expected than what is there.
    fn expected(&self, what: &'static str) -> SyntaxError {
        self.wrong(match self.peek() {
            None => Why::End,
            Some(b'/' | b'#') => Why::Comment,
            Some(_) => Why::Expected(what),
        })
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.place += 1;
        }
    }

    /// Recurses at most [`MAX_DEPTH`] times.
    fn value(&mut self) -> Result<Node, SyntaxError> {
        let start = self.place;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            Some(b't') => self.word("true", Kind::Boolean(true))?,
            Some(b'f') => self.word("false", Kind::Boolean(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Node { start, kind })
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, SyntaxError> {
        if self.text[self.place..].starts_with(word) {
            self.place += word.len();
            Ok(kind)
        } else {
            Err(self.expected("a value"))
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Kind, SyntaxError>,
    ) -> Result<Kind, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong(Why::TooDeep));
        }
        self.depth += 1;
        self.place += 1;
        self.skip_blanks();
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn array(&mut self) -> Result<Kind, SyntaxError> {
        let mut elements = Vec::new();
        if self.peek() == Some(b']') {
            self.place += 1;
            return Ok(Kind::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            if self.ends(b']', "a comma or the end of the array")? {
                return Ok(Kind::Array(elements));
            }
        }
    }

    fn object(&mut self) -> Result<Kind, SyntaxError> {
        let mut members = Vec::new();
        if self.peek() == Some(b'}') {
            self.place += 1;
            return Ok(Kind::Object(members));
        }
        loop {
            let start = self.place;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a member's name in double quotes"));
            }
            let name = self.string()?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return Err(self.expected("a colon"));
            }
            self.place += 1;
            self.skip_blanks();
            let value = self.value()?;
            members.push(Member { name, start, value });
            if self.ends(b'}', "a comma or the end of the object")? {
                return Ok(Kind::Object(members));
            }
        }
    }

    /// Behind an element: whether the array or object ends, or a comma is followed by the next one.
    fn ends(&mut self, end: u8, what: &'static str) -> Result<bool, SyntaxError> {
        self.skip_blanks();
        match self.peek() {
            Some(byte) if byte == end => {
                self.place += 1;
                Ok(true)
            }
            Some(b',') => {
                self.place += 1;
                self.skip_blanks();
                if self.peek() == Some(end) {
                    return Err(self.wrong(Why::TrailingComma));
                }
                Ok(false)
            }
            _ => Err(self.expected(what)),
        }
    }

    fn number(&mut self) -> Result<String, SyntaxError> {
        let start = self.place;
        if self.peek() == Some(b'-') {
            self.place += 1;
        }
        match self.peek() {
            Some(b'0') => self.place += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.wrong(Why::Number)),
        }
        if self.peek() == Some(b'.') {
            self.place += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.place += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.place += 1;
            }
            self.digits()?;
        }
        if let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'_' | b'+') = self.peek() {
            return Err(self.wrong(Why::Number));
        }
        Ok(self.text[start..self.place].to_owned())
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.wrong(Why::Number));
        }
        while let Some(b'0'..=b'9') = self.peek() {
            self.place += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        self.place += 1;
        let mut string = String::new();
        loop {
            let start = self.place;
            while let Some(byte) = self.peek()
                && byte != b'"'
                && byte != b'\\'
                && byte >= b' '
            {
                self.place += 1;
            }
            // Stops at ASCII characters alone, so that these are borders of characters.
            string.push_str(&self.text[start..self.place]);
            match self.peek() {
                Some(b'"') => {
                    self.place += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(self.wrong(Why::ControlCharacter)),
                None => return Err(self.wrong(Why::End)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.place;
        let wrong = |why| Err(SyntaxError { at: start, why });
        self.place += 1;
        let byte = self.peek();
        self.place += 1;
        Ok(match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(unit) = self.hex() else {
                    return wrong(Why::Escape);
                };
                if !(0xD800..0xE000).contains(&unit) {
                    return char::from_u32(unit).map_or_else(|| wrong(Why::Escape), Ok);
                }
                if unit >= 0xDC00 || !self.text[self.place..].starts_with("\\u") {
                    return wrong(Why::HalfCharacter);
                }
                self.place += 2;
                match self.hex() {
                    Some(low @ 0xDC00..0xE000) => {
                        let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                        return char::from_u32(code).map_or_else(|| wrong(Why::Escape), Ok);
                    }
                    Some(_) => return wrong(Why::HalfCharacter),
                    None => return wrong(Why::Escape),
                }
            }
            None => return Err(self.wrong(Why::End)),
            Some(_) => return wrong(Why::Escape),
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.place..self.place + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.place += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::json::tree::line_and_column;

    #[test]
    fn a_document_is_read_as_it_is_written() {
        let text = r#" {"a" : [1.0, -0, 1E+2, true, false, null], "a":"\u00e9\ud83c\udf5e\n\/"} "#;
        let node = parse(text).unwrap();
        let mut json = String::new();
        node.write(&mut json);
        assert_eq!(
            json,
            "{\"a\":[1.0,-0,1E+2,true,false,null],\"a\":\"é\u{1f35e}\\n/\"}"
        );
        let Kind::Object(members) = &node.kind else {
            panic!("an object")
        };
        assert_eq!(
            (node.start, members[0].start, members[0].value.start),
            (1, 2, 8)
        );
    }

    #[track_caller]
    fn check(text: &str, place: (usize, usize), expected: &str) {
        let error = parse(text).unwrap_err();
        assert_eq!(line_and_column(text, error.at), place, "{text}");
        assert_eq!(error.why.to_string(), expected, "{text}");
    }

    #[test]
    fn what_is_not_json_is_told_with_its_place() {
        for (text, line, column, expected) in [
            ("", 1, 1, "it is not JSON: it ends too early"),
            (
                "{\n  \"a\": 1,\n}",
                3,
                1,
                "it is not JSON: remove the comma before it",
            ),
            ("[1,]", 1, 4, "it is not JSON: remove the comma before it"),
            (
                "{}\n{}",
                2,
                1,
                "it is not JSON: nothing may follow the first value",
            ),
            (
                "{ // x",
                1,
                3,
                "it is not JSON: JSON has no comments (a \"description\" is a place for them)",
            ),
            (
                "{} /* x */",
                1,
                4,
                "it is not JSON: JSON has no comments (a \"description\" is a place for them)",
            ),
            (
                "{a:1}",
                1,
                2,
                "it is not JSON: expected a member's name in double quotes",
            ),
            ("{\"a\" 1}", 1, 6, "it is not JSON: expected a colon"),
            (
                "{\"a\":1 \"b\":2}",
                1,
                8,
                "it is not JSON: expected a comma or the end of the object",
            ),
            (
                "[1 2]",
                1,
                4,
                "it is not JSON: expected a comma or the end of the array",
            ),
            ("[\"é\", tru]", 1, 7, "it is not JSON: expected a value"),
            ("['a']", 1, 2, "it is not JSON: expected a value"),
        ] {
            check(text, (line, column), expected);
        }
    }

    #[test]
    fn numbers_and_strings_that_are_not_json_are_told_with_their_place() {
        for (text, line, column, expected) in [
            ("[01]", 1, 3, "it is not JSON: this is not a number"),
            ("[1.]", 1, 4, "it is not JSON: this is not a number"),
            ("[-]", 1, 3, "it is not JSON: this is not a number"),
            ("[1e]", 1, 4, "it is not JSON: this is not a number"),
            (
                "[\"a\nb\"]",
                1,
                4,
                "it is not JSON: a control character within a string must be escaped",
            ),
            ("[\"\\x\"]", 1, 3, "it is not JSON: this escape is unknown"),
            (
                "[\"\\u12\"]",
                1,
                3,
                "it is not JSON: this escape is unknown",
            ),
            (
                "[\"\\ud800\"]",
                1,
                3,
                "this escape is half of a character (a lone surrogate)",
            ),
            (
                "[\"\\ud800\\u0041\"]",
                1,
                3,
                "this escape is half of a character (a lone surrogate)",
            ),
            (
                "[\"\\udc00\"]",
                1,
                3,
                "this escape is half of a character (a lone surrogate)",
            ),
            ("[\"a", 1, 4, "it is not JSON: it ends too early"),
            ("[\"\\", 1, 4, "it is not JSON: it ends too early"),
        ] {
            check(text, (line, column), expected);
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(&deep(MAX_DEPTH)).is_ok());
        let error = parse(&deep(MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(error.at, MAX_DEPTH);
        assert_eq!(
            error.why.to_string(),
            "it is nested more than 128 levels deep"
        );
    }
}
