//! Why a text is not a route template. The real host doesn't start with such a route.

use thiserror::Error;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem} in route {template}")]
pub(crate) struct RouteError {
    pub(super) template: String,
    pub(super) problem: TemplateError,
}

/// What is wrong with a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum TemplateError {
    #[error("the braces are unbalanced")]
    UnbalancedBraces,
    #[error("there are two slashes in a row")]
    EmptySegment,
    #[error("text can't begin with a tilde")]
    Tilde,
    #[error("the text {0} has a question mark, which only a parameter may have")]
    QuestionMark(String),
    #[error("\"{0}\" is not a valid parameter name")]
    Name(String),
    #[error("the parameter {0} appears more than once")]
    Repeated(String),
    #[error("two parameters of a segment have no text between them")]
    ConsecutiveParameters,
    #[error("the catch-all {0} shares its segment")]
    CatchAllInside(String),
    #[error("the catch-all {0} is not the last segment")]
    CatchAllNotLast(String),
    #[error("the catch-all {0} is optional, which it is anyway")]
    OptionalCatchAll(String),
    #[error("the optional parameter {0} has a default value")]
    OptionalWithDefault(String),
    #[error("the optional parameter {0} is not at the end of its segment")]
    OptionalInside(String),
    #[error("the optional parameter {0} may follow nothing but a period")]
    OptionalWithoutPeriod(String),
    #[error("the constraint {0} is unknown")]
    UnknownConstraint(String),
    #[error("the constraint {0} doesn't take these arguments")]
    Arguments(String),
    #[error("the constraint {0} has a pattern that can't be read")]
    Pattern(String),
}
