//! Inline constraints: `{id:int:min(1)}`. Values are read as in the invariant culture.
//!
//! Source: <https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints>.

use std::ops::RangeInclusive;

use super::error::TemplateError;
use super::pattern::Pattern;
use super::{date_time, number};

#[derive(Clone, Debug)]
pub(super) enum Constraint {
    Int,
    Long,
    Bool,
    DateTime,
    Decimal,
    /// `double` and `float`
    Float,
    Guid,
    Alpha,
    Required,
    File,
    NonFile,
    /// In UTF-16 units.
    Length(RangeInclusive<usize>),
    Range(RangeInclusive<i64>),
    Regex(Pattern),
}

impl Constraint {
    /// Reads `name` or `name(arguments)`.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(arguments) => (name, Some(arguments)),
                None => (text, None),
            },
            None => (text, None),
        };
        let wrong = || TemplateError::Arguments(text.to_owned());
        let name = name.to_lowercase();
        if name == "regex" {
            let pattern = arguments.ok_or_else(wrong)?;
            let pattern = Pattern::new(pattern);
            return pattern
                .map(Self::Regex)
                .ok_or_else(|| TemplateError::Pattern(text.to_owned()));
        }
        let without_arguments = match name.as_str() {
            "int" => Some(Self::Int),
            "long" => Some(Self::Long),
            "bool" => Some(Self::Bool),
            "datetime" => Some(Self::DateTime),
            "decimal" => Some(Self::Decimal),
            "double" | "float" => Some(Self::Float),
            "guid" => Some(Self::Guid),
            "alpha" => Some(Self::Alpha),
            "required" => Some(Self::Required),
            "file" => Some(Self::File),
            "nonfile" => Some(Self::NonFile),
            "minlength" | "maxlength" | "length" | "min" | "max" | "range" => None,
            _ => return Err(TemplateError::UnknownConstraint(text.to_owned())),
        };
        match (without_arguments, arguments) {
            (Some(constraint), None) => Ok(constraint),
            (None, Some(arguments)) => {
                let numbers: Option<Vec<i64>> = arguments.split(',').map(number::integer).collect();
                numbers
                    .and_then(|numbers| Self::of_numbers(&name, &numbers))
                    .ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    fn of_numbers(name: &str, numbers: &[i64]) -> Option<Self> {
        let length = |number: i64| usize::try_from(i32::try_from(number).ok()?).ok();
        Some(match (name, numbers) {
            ("minlength", &[least]) => Self::Length(length(least)?..=usize::MAX),
            ("maxlength", &[most]) => Self::Length(0..=length(most)?),
            ("length", &[exactly]) => Self::Length(length(exactly)?..=length(exactly)?),
            ("length", &[least, most]) if least <= most => {
                Self::Length(length(least)?..=length(most)?)
            }
            ("min", &[least]) => Self::Range(least..=i64::MAX),
            ("max", &[most]) => Self::Range(i64::MIN..=most),
            ("range", &[least, most]) if least <= most => Self::Range(least..=most),
            _ => return None,
        })
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        match self {
            Self::Int => number::integer(value).is_some_and(|value| i32::try_from(value).is_ok()),
            Self::Long => number::integer(value).is_some(),
            Self::Bool => {
                let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
                value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
            }
            Self::DateTime => date_time::is_date_time(value),
            Self::Decimal => number::is_decimal(value),
            Self::Float => number::is_float(value),
            Self::Guid => is_guid(value.trim()),
            Self::Alpha => {
                let value = value.strip_suffix('\n').unwrap_or(value);
                value.bytes().all(|byte| byte.is_ascii_alphabetic())
            }
            Self::Required => !value.is_empty(),
            Self::File => is_file_name(value),
            Self::NonFile => !is_file_name(value),
            Self::Length(range) => range.contains(&value.encode_utf16().count()),
            Self::Range(range) => {
                number::integer(value).is_some_and(|value| range.contains(&value))
            }
            Self::Regex(pattern) => pattern.is_found_in(value),
        }
    }

    /// Whether a catch-all may be without a value.
    pub(super) fn allows_nothing(&self) -> bool {
        matches!(self, Self::NonFile)
    }
}

/// Digits alone, with hyphens, or in braces or parentheses.
fn is_guid(value: &str) -> bool {
    let inner = [('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| {
            let inner = value.strip_prefix(open)?.strip_suffix(close)?;
            Some(inner)
        });
    match inner {
        Some(inner) => inner.len() == 36 && uuid::Uuid::try_parse(inner).is_ok(),
        None => matches!(value.len(), 32 | 36) && uuid::Uuid::try_parse(value).is_ok(),
    }
}

/// Whether the last segment of a value has a period with something behind it.
fn is_file_name(value: &str) -> bool {
    let last = value.rsplit('/').next().unwrap_or_default();
    last.rfind('.')
        .is_some_and(|period| period + 1 < last.len())
}
