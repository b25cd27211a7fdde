//! Route templates: `items/{id:int}/{option?}`, `files/{name}.{ext?}`, `{*path}`.
//!
//! They mean what they mean in ASP.NET Core, on which the Functions host builds its routes. What
//! the captured exchanges show is as it was seen (optional and constrained parameters, defaults,
//! catch-alls, slashes); complex segments, the other constraints and the order of routes follow the
//! documentation: <https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates>.

mod complex;
mod constraint;
mod date_time;
mod error;
mod number;
mod pattern;
mod template;

pub(crate) use error::RouteError;
use template::{Part, Segment};

use constraint::Constraint;

/// A template, ready to match.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    segments: Vec<Segment>,
}

/// The parameters of a template in order; those that are optional and absent have no value.
pub(crate) type RouteValues = Vec<(String, Option<String>)>;

/// A parameter of a template.
#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    constraints: Vec<Constraint>,
    default: Option<String>,
    optional: bool,
    catch_all: bool,
}

impl Parameter {
    /// Name and value of the parameter, when its constraints allow what the path has for it.
    fn take(&self, text: Option<&str>) -> Option<(String, Option<String>)> {
        let value = text.map(str::to_owned).or_else(|| self.default.clone());
        let allowed = match &value {
            Some(value) => self.constraints.iter().all(|known| known.allows(value)),
            None if self.optional => true,
            None => self.catch_all && self.constraints.iter().all(Constraint::allows_nothing),
        };
        allowed.then(|| (self.name.clone(), value))
    }
}

impl Route {
    /// Reads a template.
    pub(crate) fn parse(template: &str) -> Result<Self, RouteError> {
        let segments = template::parse(template)?;
        Ok(Self { segments })
    }

    /// The values of the parameters, when the decoded `path` is one of this route's. One slash at
    /// its end doesn't count.
    pub(crate) fn matches(&self, path: &str) -> Option<RouteValues> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut rest = Some(path).filter(|path| !path.is_empty());
        let mut values = RouteValues::new();
        for segment in &self.segments {
            let whole = rest;
            let (first, others) = match rest {
                Some(text) => match text.split_once('/') {
                    Some((first, others)) => (Some(first), Some(others)),
                    None => (Some(text), None),
                },
                None => (None, None),
            };
            // Nothing between two slashes is no value, and not the end either.
            if first.is_some_and(str::is_empty) {
                return None;
            }
            rest = others.filter(|others| !others.is_empty());
            match segment {
                Segment::Literal(literal) => {
                    let is_same = first?.to_lowercase() == literal.to_lowercase();
                    is_same.then_some(())?;
                }
                Segment::Parameter(parameter) if parameter.catch_all => {
                    values.push(parameter.take(whole)?);
                    rest = None;
                }
                Segment::Parameter(parameter) => values.push(parameter.take(first)?),
                Segment::Complex(parts) => values.extend(complex::matches(parts, first?)?),
            }
        }
        rest.is_none().then_some(values)
    }

    /// Sorts routes as ASP.NET Core tries them: literals before complex segments and constrained
    /// parameters, then other parameters, then catch-alls.
    pub(crate) fn precedence(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 1,
            Segment::Complex(_) => 2,
            Segment::Parameter(parameter) => {
                let behind = if parameter.catch_all { 5 } else { 3 };
                behind - u8::from(!parameter.constraints.is_empty())
            }
        };
        self.segments.iter().map(rank).collect()
    }
}

#[cfg(test)]
mod tests;
