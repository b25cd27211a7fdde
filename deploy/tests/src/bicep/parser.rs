//! From tokens to declarations.

use anyhow::{Context as _, Result, bail};

use super::lexer::{self, Piece, Symbol, Token};
use super::syntax::{Declaration, Expression, File, For, Kind, Part, Property};

/// Operators of two operands. Their precedence matters to nobody here.
const OPERATORS: [&str; 16] = [
    "==", "!=", "=~", "!~", "<=", ">=", "&&", "||", "??", "<", ">", "+", "-", "*", "/", "%",
];

/// Reads a `.bicep` or `.bicepparam` file.
///
/// # Errors
/// When it has something that is not Bicep, or that this reader doesn't know.
pub fn parse(text: &str) -> Result<File> {
    let (tokens, directives) = lexer::tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
    };
    let mut declarations = Vec::new();
    parser.skip_lines();
    while parser.at < tokens.len() {
        declarations.push(parser.declaration()?);
        if parser.at < tokens.len() && parser.peek() != Some(&Symbol::Line) {
            return parser.unexpected("the end of the line");
        }
        parser.skip_lines();
    }
    Ok(File {
        declarations,
        directives,
    })
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Symbol> {
        self.tokens.get(self.at).map(|(_, symbol)| symbol)
    }

    fn line(&self) -> usize {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        token.map_or(1, |(line, _)| *line)
    }

    fn skip_lines(&mut self) {
        while self.peek() == Some(&Symbol::Line) {
            self.at += 1;
        }
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T> {
        let found = match self.peek() {
            None => "the file ends".to_owned(),
            Some(Symbol::Line) => "the line ends".to_owned(),
            Some(Symbol::Word(word)) => format!("{word:?} stands"),
            Some(Symbol::Sign(sign)) => format!("{sign:?} stands"),
            Some(_) => "a value stands".to_owned(),
        };
        bail!("line {}: {found} where {wanted} is expected", self.line())
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        let found = self.peek() == Some(&Symbol::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str) -> Result<()> {
        if self.takes(sign) {
            return Ok(());
        }
        self.unexpected(&format!("{sign:?}"))
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Symbol::Word(word)) if word == wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Result<String> {
        let Some(Symbol::Word(word)) = self.peek().cloned() else {
            return self.unexpected("a name");
        };
        self.at += 1;
        Ok(word)
    }

    fn declaration(&mut self) -> Result<Declaration> {
        let mut decorators = Vec::new();
        while self.takes("@") {
            let mut name = self.word()?;
            while self.takes(".") {
                name = self.word()?;
            }
            self.expect("(")?;
            decorators.push((name, self.arguments()?));
            self.skip_lines();
        }
        let line = self.line();
        let word = self.word()?;
        let mut declaration = Declaration {
            line,
            kind: match word.as_str() {
                "targetScope" => Kind::TargetScope,
                "param" => Kind::Param,
                "var" => Kind::Var,
                "resource" => Kind::Resource,
                "module" => Kind::Module,
                "output" => Kind::Output,
                "using" => Kind::Using,
                _ => bail!("line {line}: this reader knows no declaration {word:?}"),
            },
            name: String::new(),
            of: String::new(),
            existing: false,
            condition: None,
            each: None,
            value: None,
            decorators,
        };
        match declaration.kind {
            Kind::TargetScope => {
                self.expect("=")?;
                declaration.value = Some(self.expression()?);
                return Ok(declaration);
            }
            Kind::Using => {
                declaration.of = self.text("the template's path")?;
                return Ok(declaration);
            }
            _ => declaration.name = self.word()?,
        }
        match declaration.kind {
            Kind::Param | Kind::Output => {
                while let Some(symbol) = self.peek() {
                    match symbol {
                        Symbol::Word(word) => declaration.of.push_str(word),
                        Symbol::Sign(sign @ ("[" | "]" | "?")) => declaration.of.push_str(sign),
                        _ => break,
                    }
                    self.at += 1;
                }
            }
            Kind::Resource | Kind::Module => {
                declaration.of = self.text("a type or a path")?;
                declaration.existing = self.takes_word("existing");
            }
            _ => {}
        }
        if declaration.kind == Kind::Param && self.peek() != Some(&Symbol::Sign("=")) {
            return Ok(declaration);
        }
        self.expect("=")?;
        let is_body = matches!(declaration.kind, Kind::Resource | Kind::Module);
        if is_body && self.takes_word("if") {
            self.expect("(")?;
            declaration.condition = Some(self.expression()?);
            self.expect(")")?;
        }
        let value = self.expression()?;
        declaration.value = Some(match value {
            Expression::For(each, body) if is_body => {
                declaration.each = Some(each);
                *body
            }
            value => value,
        });
        Ok(declaration)
    }

    fn text(&mut self, what: &str) -> Result<String> {
        let expression = self.primary()?;
        let text = expression.text().map(str::to_owned);
        text.with_context(|| format!("line {}: {what} must be plain text", self.line()))
    }

    fn expression(&mut self) -> Result<Expression> {
        let first = self.unary()?;
        let mut operands = vec![first];
        while let Some(Symbol::Sign(sign)) = self.peek() {
            if !OPERATORS.contains(sign) {
                break;
            }
            self.at += 1;
            self.skip_lines();
            operands.push(self.unary()?);
        }
        let value = if operands.len() == 1 {
            operands.remove(0)
        } else {
            Expression::Operator(operands)
        };
        // A ternary may go on in the next line.
        let before = self.at;
        self.skip_lines();
        if !self.takes("?") {
            self.at = before;
            return Ok(value);
        }
        self.skip_lines();
        let yes = self.expression()?;
        self.skip_lines();
        self.expect(":")?;
        self.skip_lines();
        let no = self.expression()?;
        Ok(Expression::If(Box::new(value), Box::new(yes), Box::new(no)))
    }

    fn unary(&mut self) -> Result<Expression> {
        if self.takes("-") {
            return Ok(match self.unary()? {
                Expression::Integer(number) => Expression::Integer(-number),
                value => Expression::Operator(vec![value]),
            });
        }
        if self.takes("!") {
            return Ok(Expression::Operator(vec![self.unary()?]));
        }
        let mut value = self.primary()?;
        loop {
            if self.takes(".") || self.takes(".?") {
                let name = self.word()?;
                value = if self.takes("(") {
                    Expression::Call(Some(Box::new(value)), name, self.arguments()?)
                } else {
                    Expression::Member(Box::new(value), name)
                };
            } else if self.takes("[") {
                let index = self.expression()?;
                self.expect("]")?;
                value = Expression::Index(Box::new(value), Box::new(index));
            } else if self.takes("!") {
                value = Expression::Sure(Box::new(value));
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Expression> {
        let Some(symbol) = self.peek().cloned() else {
            return self.unexpected("a value");
        };
        self.at += 1;
        Ok(match symbol {
            Symbol::Number(number) => Expression::Integer(number),
            Symbol::String(pieces) => Expression::String(parts(pieces)?),
            Symbol::Sign("(") => {
                self.skip_lines();
                let value = self.expression()?;
                self.skip_lines();
                self.expect(")")?;
                value
            }
            Symbol::Sign("[") => self.array()?,
            Symbol::Sign("{") => self.object()?,
            Symbol::Word(word) => match word.as_str() {
                "true" => Expression::Boolean(true),
                "false" => Expression::Boolean(false),
                "null" => Expression::Null,
                _ if self.takes("(") => Expression::Call(None, word, self.arguments()?),
                _ => Expression::Name(word),
            },
            _ => {
                self.at -= 1;
                return self.unexpected("a value");
            }
        })
    }

    fn arguments(&mut self) -> Result<Vec<Expression>> {
        let mut arguments = Vec::new();
        self.skip_lines();
        while !self.takes(")") {
            arguments.push(self.expression()?);
            self.skip_lines();
            if !self.takes(",") {
                self.expect(")")?;
                break;
            }
            self.skip_lines();
        }
        Ok(arguments)
    }

    fn array(&mut self) -> Result<Expression> {
        let mut items = Vec::new();
        self.skip_lines();
        if self.takes_word("for") {
            let mut names = Vec::new();
            if self.takes("(") {
                names.push(self.word()?);
                self.expect(",")?;
                names.push(self.word()?);
                self.expect(")")?;
            } else {
                names.push(self.word()?);
            }
            if !self.takes_word("in") {
                return self.unexpected("\"in\"");
            }
            let over = Box::new(self.expression()?);
            self.expect(":")?;
            self.skip_lines();
            let body = Box::new(self.expression()?);
            self.skip_lines();
            self.expect("]")?;
            return Ok(Expression::For(For { names, over }, body));
        }
        while !self.takes("]") {
            items.push(self.expression()?);
            if !self.takes(",") && self.peek() != Some(&Symbol::Line) {
                self.expect("]")?;
                break;
            }
            self.skip_lines();
        }
        Ok(Expression::Array(items))
    }

    fn object(&mut self) -> Result<Expression> {
        let mut properties = Vec::new();
        self.skip_lines();
        while !self.takes("}") {
            let line = self.line();
            let key = match self.peek().cloned() {
                Some(Symbol::Word(word)) => vec![Part::Text(word)],
                Some(Symbol::String(pieces)) => parts(pieces)?,
                _ => return self.unexpected("a member's name"),
            };
            self.at += 1;
            self.expect(":")?;
            let value = self.expression()?;
            properties.push(Property { line, key, value });
            if !self.takes(",") && self.peek() != Some(&Symbol::Line) {
                self.expect("}")?;
                break;
            }
            self.skip_lines();
        }
        Ok(Expression::Object(properties))
    }
}

fn parts(pieces: Vec<Piece>) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for piece in pieces {
        parts.push(match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Tokens(tokens) => {
                let mut parser = Parser {
                    tokens: &tokens,
                    at: 0,
                };
                let value = parser.expression()?;
                if parser.at < tokens.len() {
                    return parser.unexpected("the end of the interpolation");
                }
                Part::Value(value)
            }
        });
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        let file = parse(&format!("var a = {text}\n")).unwrap();
        format!("{:?}", file.declarations[0].value.as_ref().unwrap())
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        for (text, expected) in [
            ("-1", "Integer(-1)"),
            ("'it\\'s'", "String([Text(\"it's\")])"),
            ("'$fallback'", "String([Text(\"$fallback\")])"),
            ("'a${b}'", "String([Text(\"a\"), Value(Name(\"b\"))])"),
            (
                "'${f('${b}')}'",
                "String([Value(Call(None, \"f\", [String([Value(Name(\"b\"))])]))])",
            ),
            (
                "b!.c[0]",
                "Index(Member(Sure(Name(\"b\")), \"c\"), Integer(0))",
            ),
            ("!b", "Operator([Name(\"b\")])"),
            (
                "b > 0\n  ? 'c'\n  : null",
                "If(Operator([Name(\"b\"), Integer(0)]), String([Text(\"c\")]), Null)",
            ),
            ("[\n  1\n  2\n]", "Array([Integer(1), Integer(2)])"),
            ("[1, 2]", "Array([Integer(1), Integer(2)])"),
            (
                "f(\n  1,\n  2\n)",
                "Call(None, \"f\", [Integer(1), Integer(2)])",
            ),
            (
                "[for (b, i) in c: i]",
                "For(For { names: [\"b\", \"i\"], over: Name(\"c\") }, Name(\"i\"))",
            ),
            ("'''\nb'''", "String([Text(\"b\")])"),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_bicep_is_refused_with_its_line() {
        for (text, expected) in [
            ("var a 1", "line 1: a value stands where \"=\" is expected"),
            (
                "\nvar a = ",
                "line 2: the file ends where a value is expected",
            ),
            (
                "var a = 1 2",
                "line 1: a value stands where the end of the line is expected",
            ),
            (
                "var a = {\n  b 1\n}",
                "line 2: a value stands where \":\" is expected",
            ),
            (
                "var a = [1",
                "line 1: the file ends where \"]\" is expected",
            ),
            ("var a = 'b", "line 1: the string has no end"),
            ("var a = '${b'", "line 1: the string has no end"),
            ("var a = '\\q'", "line 1: \\q is not an escape"),
            ("var a = /* b", "line 1: the comment has no end"),
            ("var a = ~", "line 1: '~' is not Bicep"),
            (
                "import b",
                "line 1: this reader knows no declaration \"import\"",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
