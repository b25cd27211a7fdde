//! Evaluates tests, with three outcomes: a test holds, does not hold, or does not apply.

use super::template::text_of;
use super::values::Values;
use crate::policy::compiled::test::{
    Case, NumberOperand, Operand, Operator, Test, TextOperand, TextOperator, VersionOperand,
};
use crate::policy::json::number::{Number, compare_versions, is_version};
use crate::policy::json::text::Value;

/// What a test says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Holds,
    DoesNotHold,
    /// The value is missing or of a type that the test is not for.
    DoesNotApply,
}

use Outcome::{DoesNotApply, DoesNotHold, Holds};

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Holds } else { DoesNotHold }
    }
}

impl Test {
    /// A test that doesn't apply in one operator doesn't apply; else it holds if all operators do.
    pub(crate) fn of(&self, value: &Value<'_>, values: &impl Values) -> Outcome {
        let mut outcome = Holds;
        for operator in &self.0 {
            match operator.of(value, values) {
                Holds => {}
                DoesNotHold => outcome = DoesNotHold,
                DoesNotApply => return DoesNotApply,
            }
        }
        outcome
    }
}

impl Operator {
    pub(crate) fn of(&self, value: &Value<'_>, values: &impl Values) -> Outcome {
        match self {
            Self::Exists(true) if value.is_missing() => DoesNotApply,
            Self::Exists(wanted) => (value.is_missing() != *wanted).into(),
            Self::Not(test) => match test.of(value, values) {
                Holds => DoesNotHold,
                DoesNotHold => Holds,
                DoesNotApply => DoesNotApply,
            },
            Self::Equals(operands, case) => equals(value, operands, *case, values),
            Self::Text(operator, operands, case) => {
                let Value::Text(text) = value else {
                    return DoesNotApply;
                };
                any(operands, |operand| match operand {
                    TextOperand::Text(_, finder)
                        if (*operator, *case) == (TextOperator::Contains, Case::Counts) =>
                    {
                        finder.find(text.as_bytes()).is_some().into()
                    }
                    TextOperand::Text(part, _) => operator.holds(text, part, *case).into(),
                    TextOperand::Template(template) => match template.fill(values) {
                        Ok(part) => operator.holds(text, &part, *case).into(),
                        Err(_) => DoesNotApply,
                    },
                })
            }
            Self::Compare(order, operand) => {
                let Some(number) = number_of(value) else {
                    return DoesNotApply;
                };
                let other = match operand {
                    NumberOperand::Number(other, _) => *other,
                    NumberOperand::Value(path) => match number_of(values.value(*path)) {
                        Some(other) => other,
                        None => return DoesNotApply,
                    },
                };
                order.holds(number.compare(other)).into()
            }
            Self::Version(order, operand) => {
                let Value::Text(text) = value else {
                    return DoesNotApply;
                };
                let filled;
                let other = match operand {
                    VersionOperand::Version(version) => version,
                    VersionOperand::Template(template) => match template.fill(values) {
                        Ok(version) => {
                            filled = version;
                            &filled
                        }
                        Err(_) => return DoesNotApply,
                    },
                };
                if !is_version(text) || !is_version(other) {
                    return DoesNotApply;
                }
                order.holds(compare_versions(text, other)).into()
            }
        }
    }
}

impl TextOperator {
    fn holds(self, text: &str, part: &str, case: Case) -> bool {
        match (self, case) {
            (Self::StartsWith, Case::Counts) => text.starts_with(part),
            (Self::EndsWith, Case::Counts) => text.ends_with(part),
            (Self::Contains, Case::Counts) => text.contains(part),
            (Self::StartsWith, Case::Ignored) => text
                .as_bytes()
                .get(..part.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(part.as_bytes())),
            (Self::EndsWith, Case::Ignored) => {
                text.len().checked_sub(part.len()).is_some_and(|start| {
                    text.as_bytes()[start..].eq_ignore_ascii_case(part.as_bytes())
                })
            }
            (Self::Contains, Case::Ignored) => text
                .to_ascii_lowercase()
                .contains(&part.to_ascii_lowercase()),
        }
    }
}

/// Of a list one value must hold. One that doesn't apply matters only if none does.
fn any<T>(operands: &[T], mut test: impl FnMut(&T) -> Outcome) -> Outcome {
    let mut outcome = DoesNotHold;
    for operand in operands {
        match test(operand) {
            Holds => return Holds,
            DoesNotHold => {}
            DoesNotApply => outcome = DoesNotApply,
        }
    }
    outcome
}

fn number_of(value: &Value<'_>) -> Option<Number> {
    match value {
        Value::Number(json) => Number::parse(json),
        _ => None,
    }
}

fn same_text(a: &str, b: &str, case: Case) -> bool {
    match case {
        Case::Counts => a == b,
        Case::Ignored => a.eq_ignore_ascii_case(b),
    }
}

fn equals(value: &Value<'_>, operands: &[Operand], case: Case, values: &impl Values) -> Outcome {
    match value {
        Value::Text(text) => any(operands, |operand| match operand {
            Operand::Text(other) => same_text(text, other, case).into(),
            Operand::Boolean(_) | Operand::Number(..) => DoesNotHold,
            Operand::Template(template) => match template.fill(values) {
                Ok(other) => same_text(text, &other, case).into(),
                Err(_) => DoesNotApply,
            },
            Operand::Value(path) => match values.value(*path) {
                Value::Text(other) => same_text(text, other, case).into(),
                other => not_equal(other),
            },
        }),
        Value::Boolean(boolean) => any(operands, |operand| match operand {
            Operand::Boolean(other) => (boolean == other).into(),
            Operand::Text(_) | Operand::Number(..) => DoesNotHold,
            Operand::Template(template) => {
                template.fill(values).map_or(DoesNotApply, |_| DoesNotHold)
            }
            Operand::Value(path) => match values.value(*path) {
                Value::Boolean(other) => (boolean == other).into(),
                other => not_equal(other),
            },
        }),
        Value::Number(json) => {
            let Some(number) = Number::parse(json) else {
                return DoesNotApply;
            };
            any(operands, |operand| match operand {
                Operand::Number(other, _) => number.compare(*other).is_eq().into(),
                Operand::Text(_) | Operand::Boolean(_) => DoesNotHold,
                Operand::Template(template) => {
                    template.fill(values).map_or(DoesNotApply, |_| DoesNotHold)
                }
                Operand::Value(path) => {
                    let other = values.value(*path);
                    match number_of(other) {
                        Some(other) => number.compare(other).is_eq().into(),
                        None => not_equal(other),
                    }
                }
            })
        }
        Value::Missing | Value::HalfText | Value::Object(_) | Value::Array(_) => DoesNotApply,
    }
}

/// What `equals` says where the other value has another type.
fn not_equal(other: &Value<'_>) -> Outcome {
    if text_of(other).is_some() {
        DoesNotHold
    } else {
        DoesNotApply
    }
}
