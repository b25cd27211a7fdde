//! From text to tokens. Strings come whole, with the tokens of what is interpolated.

use anyhow::{Result, bail};

/// A token and its line.
pub(super) type Token = (usize, Symbol);

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// Text, without escapes.
    Text(String),
    /// The tokens between `${` and `}`.
    Tokens(Vec<Token>),
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Symbol {
    Word(String),
    Number(i64),
    String(Vec<Piece>),
    /// `{`, `==` and the like.
    Sign(&'static str),
    Line,
}

/// The longer first.
const SIGNS: [&str; 34] = [
    "...", "==", "!=", "=~", "!~", "<=", ">=", "&&", "||", "??", "::", "=>", ".?", "[?", "{", "}",
    "[", "]", "(", ")", ",", ":", "=", "!", "?", ".", "<", ">", "+", "-", "*", "/", "%", "@",
];

/// The tokens of a file, and the lines of its directives.
pub(super) fn tokens(text: &str) -> Result<(Vec<Token>, Vec<usize>)> {
    let mut lexer = Lexer {
        rest: text,
        line: 1,
        directives: Vec::new(),
    };
    let tokens = lexer.until_end(false)?;
    Ok((tokens, lexer.directives))
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    directives: Vec<usize>,
}

impl Lexer<'_> {
    fn skip(&mut self, bytes: usize) {
        self.line += self.rest[..bytes].matches('\n').count();
        self.rest = &self.rest[bytes..];
    }

    /// All tokens, to the end of the file or, within a string, to the brace that ends the
    /// interpolation.
    fn until_end(&mut self, in_string: bool) -> Result<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut depth = 0;
        while let Some(first) = self.rest.chars().next() {
            let line = self.line;
            if first == '\n' {
                self.skip(1);
                if !matches!(tokens.last(), None | Some((_, Symbol::Line))) {
                    tokens.push((line, Symbol::Line));
                }
            } else if first.is_whitespace() {
                self.skip(first.len_utf8());
            } else if self.rest.starts_with("//") {
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                let Some(end) = self.rest.find("*/") else {
                    bail!("line {line}: the comment has no end");
                };
                self.skip(end + 2);
            } else if first == '#' {
                self.directives.push(line);
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if first == '\'' {
                tokens.push((line, Symbol::String(self.string()?)));
            } else if first.is_ascii_digit() {
                let end = self.rest.find(|c: char| !c.is_ascii_digit());
                let end = end.unwrap_or(self.rest.len());
                tokens.push((line, Symbol::Number(self.rest[..end].parse()?)));
                self.skip(end);
            } else if first.is_ascii_alphabetic() || first == '_' {
                let end = self
                    .rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let end = end.unwrap_or(self.rest.len());
                tokens.push((line, Symbol::Word(self.rest[..end].to_owned())));
                self.skip(end);
            } else if let Some(sign) = SIGNS.iter().find(|sign| self.rest.starts_with(**sign)) {
                match *sign {
                    "{" => depth += 1,
                    "}" if in_string && depth == 0 => {
                        self.skip(1);
                        return Ok(tokens);
                    }
                    "}" => depth -= 1,
                    _ => {}
                }
                tokens.push((line, Symbol::Sign(sign)));
                self.skip(sign.len());
            } else {
                bail!("line {line}: {first:?} is not Bicep");
            }
        }
        if in_string {
            bail!("line {}: the interpolation has no end", self.line);
        }
        Ok(tokens)
    }

    fn string(&mut self) -> Result<Vec<Piece>> {
        let start = self.line;
        if let Some(raw) = self.rest.strip_prefix("'''") {
            let Some(end) = raw.find("'''") else {
                bail!("line {start}: the string has no end");
            };
            let text = raw[..end]
                .strip_prefix('\n')
                .unwrap_or(&raw[..end])
                .to_owned();
            self.skip(end + 6);
            return Ok(vec![Piece::Text(text)]);
        }
        self.skip(1);
        let mut pieces = Vec::new();
        let mut text = String::new();
        loop {
            let Some(first) = self.rest.chars().next() else {
                bail!("line {start}: the string has no end");
            };
            if first == '\'' {
                self.skip(1);
                if !text.is_empty() {
                    pieces.push(Piece::Text(text));
                }
                return Ok(pieces);
            }
            if first == '\n' {
                bail!("line {start}: the string has no end on its line");
            }
            if self.rest.starts_with("${") {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                self.skip(2);
                pieces.push(Piece::Tokens(self.until_end(true)?));
            } else if first == '\\' {
                let Some(escaped) = self.rest[1..].chars().next() else {
                    bail!("line {start}: the string has no end");
                };
                text.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '\\' | '\'' | '$' => escaped,
                    _ => bail!("line {}: \\{escaped} is not an escape", self.line),
                });
                self.skip(1 + escaped.len_utf8());
            } else {
                text.push(first);
                self.skip(first.len_utf8());
            }
        }
    }
}
