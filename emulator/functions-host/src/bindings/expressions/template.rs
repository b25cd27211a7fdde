//! Binding expressions: `rows/{deviceRuntimeContext.registrationId}.json`, `%SETTING%`.
//!
//! Nothing is checked before a request comes: a template that can't be read fails each invocation.

use std::time::SystemTime;

use uuid::Uuid;

use super::binding_data::{BindingData, Datum};
use crate::bindings::error::BindingError;
use crate::bindings::settings::AppSettings;
use crate::newtonsoft::NetDateTime;

/// A template whose settings are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) pattern: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(String),
    Expression {
        parts: Vec<String>,
        format: Option<String>,
        builtin: Option<Builtin>,
    },
}

/// A name that means something where the binding data doesn't know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builtin {
    RandGuid,
    DateTime,
}

impl Builtin {
    const ALL: [Self; 2] = [Self::RandGuid, Self::DateTime];

    fn name(self) -> &'static str {
        match self {
            Self::RandGuid => "rand-guid",
            Self::DateTime => "datetime",
        }
    }

    fn of(expression: &str) -> Option<Self> {
        let lower = expression.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|builtin| lower.starts_with(builtin.name()))
    }

    fn resolve(self, expression: &str) -> Option<String> {
        let format = expression.get(self.name().len()..)?.strip_prefix(':');
        match self {
            Self::RandGuid => Datum::Guid(Uuid::new_v4()).to_text(format),
            Self::DateTime => Datum::Now(NetDateTime::utc(SystemTime::now())).to_text(format),
        }
    }
}

impl Template {
    /// Fills in the settings and reads the rest.
    pub(crate) fn parse(text: &str, settings: &AppSettings) -> Result<Self, BindingError> {
        let pattern = fill_in_settings(text, settings)?;
        let tokens = tokens(&pattern)?;
        Ok(Self { pattern, tokens })
    }

    /// The first parts of its expressions, with repetitions.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Literal(_) => None,
            Token::Expression { parts, .. } => parts.first().map(String::as_str),
        })
    }

    /// The text that it becomes.
    pub(crate) fn bind(&self, data: &BindingData) -> Result<String, BindingError> {
        let tokens = self.tokens.iter();
        tokens.map(|token| token.evaluate(data)).collect()
    }
}

impl Token {
    fn evaluate(&self, data: &BindingData) -> Result<String, BindingError> {
        let (parts, format, builtin) = match self {
            Self::Literal(text) => return Ok(text.clone()),
            Self::Expression {
                parts,
                format,
                builtin,
            } => (parts, format, builtin),
        };
        let (first, rest) = parts
            .split_first()
            .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let Some(value) = data.get(first) else {
            let resolved = builtin.and_then(|builtin| builtin.resolve(first));
            return resolved.ok_or_else(|| no_value(first));
        };
        let mut value = value.clone();
        for part in rest {
            value = match value {
                Datum::Null => {
                    return Err(BindingError::invalid_operation(format_args!(
                        "Error while accessing '{part}': Object reference not set to an instance of an object."
                    )));
                }
                value => value.property(part).ok_or_else(|| {
                    BindingError::invalid_operation(format_args!(
                        "Error while accessing '{part}': property doesn't exist."
                    ))
                })?,
            };
        }
        Ok(value.to_text(format.as_deref()).unwrap_or_default())
    }

    fn expression(text: &str, pattern: &str) -> Result<Self, BindingError> {
        let invalid = |detail: String| {
            BindingError::format(format_args!("Invalid template '{pattern}'. {detail}"))
        };
        let builtin = Builtin::of(text);
        let (name, format) = match text.split_once(':') {
            Some((name, format)) if builtin.is_none() && !name.is_empty() => {
                (name, Some(format.to_owned()))
            }
            _ => (text, None),
        };
        if builtin.is_none() && !is_identifier(name) {
            return Err(invalid(format!("Invalid template expression '{name}")));
        }
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        if builtin.is_none()
            && let Some(first) = parts.first().filter(|first| first.contains('-'))
        {
            return Err(invalid(format!("The parameter name '{first}' is invalid.")));
        }
        if parts.iter().any(|part| part.trim().is_empty()) {
            return Err(BindingError::invalid_operation(
                "Illegal expression: System.String[]",
            ));
        }
        Ok(Self::Expression {
            parts,
            format,
            builtin,
        })
    }
}

pub(crate) fn no_value(name: &str) -> BindingError {
    BindingError::invalid_operation(format_args!("No value for named parameter '{name}'."))
}

/// `%NAME%`, anywhere in the text.
fn fill_in_settings(text: &str, settings: &AppSettings) -> Result<String, BindingError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, behind)) = after.split_once('%') else {
            let position = utf16_length(text) - utf16_length(after) - 1;
            return Err(BindingError::invalid_operation(format_args!(
                "The '%' at position {position} does not have a closing '%'"
            )));
        };
        let value = settings.get(name).ok_or_else(|| {
            BindingError::invalid_operation(format_args!("'%{name}%' does not resolve to a value."))
        })?;
        filled.push_str(before);
        filled.push_str(value);
        rest = behind;
    }
    Ok(filled + rest)
}

fn tokens(pattern: &str) -> Result<Vec<Token>, BindingError> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let position = utf16_length(pattern) - utf16_length(rest) + 1;
        if let "{{" | "}}" = rest.get(..2).unwrap_or_default() {
            tokens.push(Token::Literal(first.to_string()));
            rest = &rest[2..];
            continue;
        }
        if first != '{' && first != '}' {
            let end = rest.find(['{', '}']).unwrap_or(rest.len());
            tokens.push(Token::Literal(rest[..end].to_owned()));
            rest = &rest[end..];
            continue;
        }
        let closing = rest[1..].find(['{', '}']).map(|at| at + 1);
        match closing.filter(|&at| first == '{' && rest[at..].starts_with('}')) {
            Some(1) => {
                return Err(BindingError::format(format_args!(
                    "Invalid template '{pattern}'. The parameter name at position {position} is empty."
                )));
            }
            Some(at) => {
                tokens.push(Token::expression(&rest[1..at], pattern)?);
                rest = &rest[at + 1..];
            }
            None => {
                let missing = if first == '{' { "closing" } else { "opening" };
                return Err(BindingError::format(format_args!(
                    "Invalid template '{pattern}'. Missing {missing} bracket at position {position}."
                )));
            }
        }
    }
    Ok(tokens)
}

/// A name of C#, in which dots and, beyond the first part, dashes may stand.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(|character| {
            // Connectors, combining and formatting characters are rare enough to be listed by
            // block.
            character.is_alphanumeric()
                || matches!(character, '_' | '.' | '-' | '\u{ad}' | '\u{203f}' | '\u{2040}' | '\u{2054}')
                || matches!(character, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}')
        })
}

/// Positions are counted as .NET counts them.
fn utf16_length(text: &str) -> usize {
    text.encode_utf16().count()
}
