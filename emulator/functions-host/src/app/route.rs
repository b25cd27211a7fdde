//! Route templates: `items/{id:int}/{option?}`, `files/{*path}`.
//!
//! Literals match in any case. The constraints of ASP.NET Core that need no regular expression are known, an unknown one is refused when
//! the app is loaded; so are segments that mix text and parameters.
//!
//! Source: <https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates>.

/// A template, ready to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Route {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter {
        name: String,
        constraints: Vec<Constraint>,
        default: Option<String>,
        optional: bool,
        catch_all: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Constraint {
    Int,
    Long,
    Bool,
    Float,
    Guid,
    Alpha,
    Length(usize, usize),
    Range(i64, i64),
}

/// The parameters of a template in order; those that are optional and absent have no value.
pub(crate) type RouteValues = Vec<(String, Option<String>)>;

impl Route {
    /// Reads a template.
    pub(crate) fn parse(template: &str) -> Result<Self, String> {
        let trimmed = template.trim_matches('/');
        let segments = trimmed
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(Segment::parse);
        let segments = segments
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("{error} in route {template}"))?;
        if segments.iter().rev().skip(1).any(|segment| {
            matches!(
                segment,
                Segment::Parameter {
                    catch_all: true,
                    ..
                }
            )
        }) {
            return Err(format!(
                "a {{*catch-all}} must be the last segment in route {template}"
            ));
        }
        Ok(Self { segments })
    }

    /// The values of the parameters, when the decoded `path` is one of this route's. One slash at its end doesn't count.
    pub(crate) fn matches(&self, path: &str) -> Option<RouteValues> {
        let mut rest = path.strip_prefix('/').unwrap_or(path);
        let mut values = Vec::new();
        for segment in &self.segments {
            let (first, others) = rest.split_once('/').unwrap_or((rest, ""));
            match segment {
                Segment::Literal(literal) => {
                    let is_same = first.to_lowercase() == literal.to_lowercase();
                    is_same.then_some(())?;
                    rest = others;
                }
                Segment::Parameter {
                    name,
                    constraints,
                    default,
                    optional,
                    catch_all,
                } => {
                    let (mine, others) = if *catch_all {
                        (rest, "")
                    } else {
                        // Nothing between two slashes is no value, and not the end either.
                        let is_gap = first.is_empty() && !others.is_empty();
                        (!is_gap).then_some(())?;
                        (first, others)
                    };
                    let value = if mine.is_empty() {
                        (*optional || *catch_all || default.is_some()).then_some(())?;
                        default.clone()
                    } else {
                        Some(mine.to_owned())
                    };
                    let allowed = value.as_deref().is_none_or(|value| {
                        constraints
                            .iter()
                            .all(|constraint| constraint.allows(value))
                    });
                    allowed.then_some(())?;
                    values.push((name.clone(), value));
                    rest = others;
                }
            }
        }
        rest.is_empty().then_some(values)
    }

    /// Sorts routes as ASP.NET Core tries them: literals before constrained parameters, then others, then catch-alls.
    pub(crate) fn precedence(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 1,
            Segment::Parameter {
                catch_all: false,
                constraints,
                ..
            } => 3 - u8::from(!constraints.is_empty()),
            Segment::Parameter {
                catch_all: true,
                constraints,
                ..
            } => 5 - u8::from(!constraints.is_empty()),
        };
        self.segments.iter().map(rank).collect()
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        let Some(inner) = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        else {
            return if text.contains(['{', '}']) {
                Err(format!(
                    "segment {text} mixes text and parameters, which is not emulated,"
                ))
            } else {
                Ok(Self::Literal(text.to_owned()))
            };
        };
        if inner.contains(['{', '}']) {
            return Err(format!(
                "segment {text} mixes parameters, which is not emulated,"
            ));
        }
        let (inner, catch_all) = match inner.trim_start_matches('*') {
            rest if rest.len() < inner.len() => (rest, true),
            rest => (rest, false),
        };
        let (inner, default) = match inner.split_once('=') {
            Some((inner, default)) => (inner, Some(default.to_owned())),
            None => (inner, None),
        };
        let (inner, optional) = inner
            .strip_suffix('?')
            .map_or((inner, false), |inner| (inner, true));
        let mut parts = inner.split(':');
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            return Err(format!("parameter {text} has no name"));
        }
        let constraints = parts.map(Constraint::parse).collect::<Result<_, _>>()?;
        Ok(Self::Parameter {
            name: name.to_owned(),
            constraints,
            default,
            optional,
            catch_all,
        })
    }
}

impl Constraint {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (
                name,
                rest.strip_suffix(')')
                    .unwrap_or(rest)
                    .split(',')
                    .map(str::trim)
                    .collect(),
            ),
            None => (text, Vec::new()),
        };
        let numbers: Vec<i64> = arguments
            .iter()
            .filter_map(|argument| argument.parse().ok())
            .collect();
        let length = |number: i64| usize::try_from(number).unwrap_or_default();
        match (name.to_lowercase().as_str(), numbers.as_slice()) {
            ("int", []) => Ok(Self::Int),
            ("long", []) => Ok(Self::Long),
            ("bool", []) => Ok(Self::Bool),
            ("float" | "double" | "decimal", []) => Ok(Self::Float),
            ("guid", []) => Ok(Self::Guid),
            ("alpha", []) => Ok(Self::Alpha),
            ("required", []) => Ok(Self::Length(1, usize::MAX)),
            ("minlength", &[least]) => Ok(Self::Length(length(least), usize::MAX)),
            ("maxlength", &[most]) => Ok(Self::Length(0, length(most))),
            ("length", &[exactly]) => Ok(Self::Length(length(exactly), length(exactly))),
            ("length", &[least, most]) => Ok(Self::Length(length(least), length(most))),
            ("min", &[least]) => Ok(Self::Range(least, i64::MAX)),
            ("max", &[most]) => Ok(Self::Range(i64::MIN, most)),
            ("range", &[least, most]) => Ok(Self::Range(least, most)),
            _ => Err(format!("constraint {text} is not emulated")),
        }
    }

    fn allows(&self, value: &str) -> bool {
        match self {
            Self::Int => value.trim().parse::<i32>().is_ok(),
            Self::Long => value.trim().parse::<i64>().is_ok(),
            Self::Bool => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Self::Float => value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Guid => uuid::Uuid::try_parse(value).is_ok(),
            Self::Alpha => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
            Self::Length(least, most) => (*least..=*most).contains(&value.chars().count()),
            Self::Range(least, most) => value
                .parse::<i64>()
                .is_ok_and(|value| (*least..=*most).contains(&value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, values: Option<&[(&str, Option<&str>)]>) {
        let expected = values.map(|values| {
            values
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.map(str::to_owned)))
                .collect::<Vec<_>>()
        });
        assert_eq!(
            Route::parse(template).unwrap().matches(path),
            expected,
            "{template} {path}"
        );
    }

    #[test]
    fn literals_match_in_any_case() {
        check("api/HttpTrigger1", "/api/HttpTrigger1", Some(&[]));
        check("api/HttpTrigger1", "/API/httptrigger1/", Some(&[]));
        check("api/HttpTrigger1", "/api//HttpTrigger1", None);
        check("api/HttpTrigger1", "/api/HttpTrigger1//", None);
        check("api/HttpTrigger1", "/api/HttpTrigger12", None);
        check("api/HttpTrigger1", "/api/HttpTrigger1/more", None);
        check("api/HttpTrigger1", "/api", None);
    }

    #[test]
    fn parameters_take_a_segment_and_keep_its_case() {
        check(
            "items/{id}/{opt?}",
            "/items/A b",
            Some(&[("id", Some("A b")), ("opt", None)]),
        );
        check(
            "items/{id}/{opt?}",
            "/items/42/x",
            Some(&[("id", Some("42")), ("opt", Some("x"))]),
        );
        check("items/{id}/{opt?}", "/items", None);
        check("items/{id=7}", "/items", Some(&[("id", Some("7"))]));
    }

    #[test]
    fn a_catch_all_takes_the_rest_or_nothing() {
        check("{*rest}", "/a/b/c", Some(&[("rest", Some("a/b/c"))]));
        check("files/{*rest}", "/files", Some(&[("rest", None)]));
        check("files/{*rest}", "/files/", Some(&[("rest", None)]));
        check(
            "files/{*rest}",
            "/files/a//b/",
            Some(&[("rest", Some("a//b/"))]),
        );
    }

    #[test]
    fn constraints_decide_whether_a_route_matches() {
        for (constraint, good, bad) in [
            ("int", "-7", "7.5"),
            ("int", " +7", "7 7"),
            ("long", "9999999999", "x"),
            ("bool", "True", "1"),
            ("double", "7.5", "seven"),
            ("guid", "5f0a7d7e-6c0e-4b57-9d3f-2f6d1f4d7a10", "5f0a"),
            ("alpha", "abc", "a1"),
            ("length(2)", "ab", "abc"),
            ("length(1,2)", "ab", "abc"),
            ("minlength(2)", "ab", "a"),
            ("maxlength(2)", "ab", "abc"),
            ("min(3)", "3", "2"),
            ("max(3)", "3", "4"),
            ("range(1,3)", "2", "4"),
        ] {
            let template = format!("items/{{id:{constraint}}}");
            check(
                &template,
                &format!("/items/{good}"),
                Some(&[("id", Some(good))]),
            );
            check(&template, &format!("/items/{bad}"), None);
        }
    }

    #[test]
    fn what_is_not_emulated_is_refused_by_name() {
        for (template, named) in [
            (
                "items/{id:regex(^a$)}",
                "constraint regex(^a$) is not emulated",
            ),
            ("items/{a}-{b}", "mixes"),
            ("items/v{a}", "mixes text and parameters"),
            ("{*rest}/more", "must be the last segment"),
            ("items/{}", "has no name"),
        ] {
            let error = Route::parse(template).unwrap_err();
            assert!(error.contains(named) && error.contains(template), "{error}");
        }
    }

    #[test]
    fn more_exact_routes_come_first() {
        let mut templates = ["items/{*rest}", "items/{id}", "items/{id:int}", "items/all"]
            .map(|t| Route::parse(t).unwrap());
        templates.sort_by_key(Route::precedence);
        let first: Vec<_> = templates.iter().map(Route::precedence).collect();
        assert_eq!(first, [vec![1, 1], vec![1, 2], vec![1, 3], vec![1, 5]]);
    }
}
