//! Reading: the text of a template to its segments.

use super::Parameter;
use super::constraint::Constraint;
use super::error::{RouteError, TemplateError};

/// What stands between two slashes of a template.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    Literal(String),
    Parameter(Parameter),
    /// Text and parameters, `{name}.{ext}`.
    Complex(Vec<Part>),
}

/// A part of a complex segment.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(String),
    Parameter(Parameter),
}

pub(super) fn parse(template: &str) -> Result<Vec<Segment>, RouteError> {
    read(template).map_err(|problem| RouteError {
        template: template.to_owned(),
        problem,
    })
}

fn read(template: &str) -> Result<Vec<Segment>, TemplateError> {
    let trimmed = template.strip_prefix("~/").unwrap_or(template);
    let trimmed = trimmed.strip_prefix('/').unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
    if trimmed.starts_with('~') {
        return Err(TemplateError::Tilde);
    }
    if trimmed.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments = Vec::new();
    let mut rest = trimmed;
    loop {
        let (segment, behind) = segment(rest)?;
        segments.push(segment);
        match behind {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    check(&segments)?;
    Ok(segments)
}

/// Reads up to the next slash outside of braces, and says what follows it.
fn segment(text: &str) -> Result<(Segment, Option<&str>), TemplateError> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    let behind = loop {
        let mut characters = rest.chars();
        let Some(character) = characters.next() else {
            break None;
        };
        let behind = characters.as_str();
        match character {
            '/' => break Some(behind),
            '{' | '}' if behind.starts_with(character) => {
                literal.push(character);
                rest = &behind[1..];
            }
            '{' => {
                finish(&mut literal, &mut parts)?;
                let (parameter, behind) = braced(behind)?;
                parts.push(Part::Parameter(parse_parameter(&parameter)?));
                rest = behind;
            }
            '}' => return Err(TemplateError::UnbalancedBraces),
            other => {
                literal.push(other);
                rest = behind;
            }
        }
    };
    finish(&mut literal, &mut parts)?;
    let segment = match (parts.pop(), parts.is_empty()) {
        (None, _) => return Err(TemplateError::EmptySegment),
        (Some(Part::Literal(text)), true) => Segment::Literal(text),
        (Some(Part::Parameter(parameter)), true) => Segment::Parameter(parameter),
        (Some(last), false) => {
            parts.push(last);
            check_complex(&parts)?;
            Segment::Complex(parts)
        }
    };
    Ok((segment, behind))
}

fn finish(literal: &mut String, parts: &mut Vec<Part>) -> Result<(), TemplateError> {
    if literal.contains('?') {
        return Err(TemplateError::QuestionMark(std::mem::take(literal)));
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
    Ok(())
}

/// What stands up to the closing brace, where two braces stand for one, and what follows it.
fn braced(text: &str) -> Result<(String, &str), TemplateError> {
    let mut inner = String::new();
    let mut rest = text;
    loop {
        let mut characters = rest.chars();
        let character = characters.next().ok_or(TemplateError::UnbalancedBraces)?;
        rest = characters.as_str();
        match character {
            '{' | '}' if rest.starts_with(character) => {
                inner.push(character);
                rest = &rest[1..];
            }
            '}' => return Ok((inner, rest)),
            '{' => return Err(TemplateError::UnbalancedBraces),
            other => inner.push(other),
        }
    }
}

/// Reads `name:constraint(arguments):another=default`, with `*` or `**` before it or `?` behind.
fn parse_parameter(text: &str) -> Result<Parameter, TemplateError> {
    let inner = text.strip_prefix('*').unwrap_or(text);
    let inner = inner.strip_prefix('*').unwrap_or(inner);
    let catch_all = inner.len() < text.len();
    let (inner, optional) = inner
        .strip_suffix('?')
        .map_or((inner, false), |inner| (inner, true));
    let end = inner.find([':', '=']).unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(end);
    if name.is_empty() || name.contains(['{', '}', '/', '?', '*']) {
        return Err(TemplateError::Name(name.to_owned()));
    }
    let mut constraints = Vec::new();
    while let Some(behind) = rest.strip_prefix(':') {
        let end = end_of_constraint(behind);
        if end > 0 {
            constraints.push(Constraint::parse(&behind[..end])?);
        }
        rest = &behind[end..];
    }
    let default = rest.strip_prefix('=').map(str::to_owned);
    let name = name.to_owned();
    match (optional, catch_all, &default) {
        (true, true, _) => return Err(TemplateError::OptionalCatchAll(name)),
        (true, _, Some(_)) => return Err(TemplateError::OptionalWithDefault(name)),
        _ => {}
    }
    Ok(Parameter {
        name,
        constraints,
        default: default.filter(|default| !default.is_empty()),
        optional,
        catch_all,
    })
}

/// Where a constraint ends. Within its parentheses may stand colons, equals signs, and parentheses.
fn end_of_constraint(text: &str) -> usize {
    let plain = text.find([':', '=']).unwrap_or(text.len());
    match text.find('(') {
        Some(open) if open < plain => {
            let mut closing = text.match_indices(')').map(|(at, _)| at + 1);
            let is_end = |at: &usize| *at == text.len() || text[*at..].starts_with([':', '=']);
            closing.find(is_end).unwrap_or(plain)
        }
        _ => plain,
    }
}

fn check_complex(parts: &[Part]) -> Result<(), TemplateError> {
    let last = parts.len() - 1;
    for (position, part) in parts.iter().enumerate() {
        let Part::Parameter(parameter) = part else {
            continue;
        };
        let name = || parameter.name.clone();
        let before = position.checked_sub(1).map(|before| &parts[before]);
        if parameter.catch_all {
            return Err(TemplateError::CatchAllInside(name()));
        }
        if matches!(before, Some(Part::Parameter(_))) {
            return Err(TemplateError::ConsecutiveParameters);
        }
        if parameter.optional && position < last {
            return Err(TemplateError::OptionalInside(name()));
        }
        if parameter.optional && !matches!(before, Some(Part::Literal(text)) if text == ".") {
            return Err(TemplateError::OptionalWithoutPeriod(name()));
        }
    }
    Ok(())
}

fn check(segments: &[Segment]) -> Result<(), TemplateError> {
    let mut names: Vec<String> = Vec::new();
    for (position, segment) in segments.iter().enumerate() {
        let parameters: Vec<&Parameter> = match segment {
            Segment::Literal(_) => Vec::new(),
            Segment::Parameter(parameter) => vec![parameter],
            Segment::Complex(parts) => parts.iter().filter_map(Part::parameter).collect(),
        };
        for parameter in parameters {
            let lower_case = parameter.name.to_lowercase();
            if names.contains(&lower_case) {
                return Err(TemplateError::Repeated(parameter.name.clone()));
            }
            names.push(lower_case);
            if parameter.catch_all && position + 1 < segments.len() {
                return Err(TemplateError::CatchAllNotLast(parameter.name.clone()));
            }
        }
    }
    Ok(())
}

impl Part {
    pub(super) fn parameter(&self) -> Option<&Parameter> {
        match self {
            Self::Parameter(parameter) => Some(parameter),
            Self::Literal(_) => None,
        }
    }
}
