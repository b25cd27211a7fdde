//! Tests of a value, as the file says them.

use memchr::memmem::Finder;

use super::path::PathId;
use super::template::Template;
use crate::policy::json::number::{Number, Order};

/// A test as the file has it: all of its operators must hold.
#[derive(Clone, Debug)]
pub(crate) struct Test(pub(crate) Vec<Operator>);

/// One operator of a test.
#[derive(Clone, Debug)]
pub(crate) enum Operator {
    Equals(Vec<Operand>, Case),
    Text(TextOperator, Vec<TextOperand>, Case),
    Compare(Order, NumberOperand),
    Version(Order, VersionOperand),
    Exists(bool),
    Not(Test),
}

/// Whether the case of ASCII letters counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Case {
    Counts,
    Ignored,
}

/// What `equals` compares with.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Text(String),
    Boolean(bool),
    /// The value, and as it is written.
    Number(Number, String),
    /// A value, whatever its type.
    Value(PathId),
    Template(Template),
}

/// The operators on parts of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextOperator {
    StartsWith,
    EndsWith,
    Contains,
}

impl TextOperator {
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "startsWith" => Self::StartsWith,
            "endsWith" => Self::EndsWith,
            "contains" => Self::Contains,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
        }
    }
}

/// What a text operator looks for.
#[derive(Clone, Debug)]
pub(crate) enum TextOperand {
    /// With a searcher, which is quicker than a plain search.
    Text(String, Box<Finder<'static>>),
    Template(Template),
}

impl TextOperand {
    pub(crate) fn text(text: String) -> Self {
        let finder = Finder::new(text.as_bytes()).into_owned();
        Self::Text(text, Box::new(finder))
    }
}

/// What a number's operator compares with.
#[derive(Clone, Debug)]
pub(crate) enum NumberOperand {
    /// The value, and as it is written.
    Number(Number, String),
    Value(PathId),
}

/// What a version is compared with.
#[derive(Clone, Debug)]
pub(crate) enum VersionOperand {
    Version(String),
    Template(Template),
}

impl Test {
    /// The paths that the test's templates name.
    pub(crate) fn paths(&self, add: &mut impl FnMut(PathId)) {
        for operator in &self.0 {
            operator.paths(add);
        }
    }
}

impl Operator {
    pub(crate) fn paths(&self, add: &mut impl FnMut(PathId)) {
        match self {
            Self::Equals(operands, _) => {
                for operand in operands {
                    match operand {
                        Operand::Template(template) => template.paths().for_each(&mut *add),
                        Operand::Value(path) => add(*path),
                        _ => {}
                    }
                }
            }
            Self::Text(_, operands, _) => {
                for operand in operands {
                    if let TextOperand::Template(template) = operand {
                        template.paths().for_each(&mut *add);
                    }
                }
            }
            Self::Version(_, VersionOperand::Template(template)) => {
                template.paths().for_each(add);
            }
            Self::Compare(_, NumberOperand::Value(path)) => add(*path),
            Self::Not(test) => test.paths(add),
            Self::Compare(..) | Self::Version(..) | Self::Exists(_) => {}
        }
    }
}
