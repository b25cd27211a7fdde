//! Conditions and tests: a test holds (`Some(true)`), does not hold (`Some(false)`) or does not
//! apply (`None`).

use std::cmp::Ordering;

use crate::evaluator::World;
use crate::json::Json;
use crate::numbers;
use crate::templates::{Piece, pieces};

impl World<'_> {
    /// Whether all conditions hold, and all of one branch of `anyOf`.
    pub(crate) fn hold(&self, when: &Json) -> bool {
        when.members().iter().all(|(path, test)| {
            if path == "anyOf" {
                let Json::Array(branches) = test else {
                    panic!("{test}")
                };
                return branches.iter().any(|branch| self.hold(branch));
            }
            self.test(self.value(path).as_ref(), test) == Some(true)
        })
    }

    /// A test of a value, which may be missing.
    pub(crate) fn test(&self, value: Option<&Json>, test: &Json) -> Option<bool> {
        let Json::Object(operators) = test else {
            return self.equals(value, test, false);
        };
        let ignore_case = test.get("ignoreCase") == Some(&Json::Boolean(true));
        let outcomes = operators.iter().filter(|(name, _)| name != "ignoreCase");
        let outcomes = outcomes.map(|(name, operand)| match name.as_str() {
            "equals" => self.equals(value, operand, ignore_case),
            "startsWith" => self.text(value, operand, ignore_case, |a, b| a.starts_with(b)),
            "endsWith" => self.text(value, operand, ignore_case, |a, b| a.ends_with(b)),
            "contains" => self.text(value, operand, ignore_case, |a, b| a.contains(b)),
            "version" => self.version(value, operand),
            "exists" => match (value, operand) {
                (None, Json::Boolean(true)) => None,
                (None, _) => Some(true),
                (Some(_), operand) => Some(*operand == Json::Boolean(true)),
            },
            "not" => self.test(value, operand).map(|holds| !holds),
            order => self.compare(value, order, operand),
        });
        all(&outcomes.collect::<Vec<_>>())
    }

    fn equals(&self, value: Option<&Json>, operand: &Json, ignore_case: bool) -> Option<bool> {
        let value = value.filter(|value| is_comparable(value))?;
        any(list(operand).iter().map(|operand| {
            let operand = self.operand(operand)?;
            Some(match (value, &operand) {
                (Json::Number(a), Json::Number(b)) => numbers::compare(a, b).is_eq(),
                (Json::Text(a), Json::Text(b)) if ignore_case => a.eq_ignore_ascii_case(b),
                (a, b) => a == b,
            })
        }))
    }

    fn text(
        &self,
        value: Option<&Json>,
        operand: &Json,
        ignore_case: bool,
        holds: fn(&str, &str) -> bool,
    ) -> Option<bool> {
        let value = value?.as_text()?;
        any(list(operand).iter().map(|operand| {
            let operand = self.fill(operand.as_text().unwrap())?;
            Some(if ignore_case {
                holds(&value.to_ascii_lowercase(), &operand.to_ascii_lowercase())
            } else {
                holds(value, &operand)
            })
        }))
    }

    fn compare(&self, value: Option<&Json>, order: &str, operand: &Json) -> Option<bool> {
        let value = value.filter(|value| is_comparable(value))?;
        match (value, self.operand(operand)?) {
            (Json::Number(a), Json::Number(b)) => Some(is(order, numbers::compare(a, &b))),
            _ => None,
        }
    }

    fn version(&self, value: Option<&Json>, comparisons: &Json) -> Option<bool> {
        let value = numbers::version(value?.as_text()?)?;
        let outcomes = comparisons.members().iter().map(|(order, operand)| {
            let operand = numbers::version(&self.fill(operand.as_text().unwrap())?)?;
            Some(is(order, numbers::compare_versions(&value, &operand)))
        });
        all(&outcomes.collect::<Vec<_>>())
    }

    /// A value of the policy that may be a template. `None` when that can't be filled.
    fn operand(&self, operand: &Json) -> Option<Json> {
        let Json::Text(text) = operand else {
            return Some(operand.clone());
        };
        match &pieces(text)[..] {
            [Piece::Path(path)] => self.value(path).filter(is_comparable),
            _ => self.fill(text).map(Json::Text),
        }
    }
}

/// Whether more than `exists` can apply to a value that is there.
pub(crate) fn is_comparable(value: &Json) -> bool {
    match value {
        Json::Text(_) | Json::Boolean(_) => true,
        Json::Number(digits) => numbers::is_held(digits),
        Json::Null | Json::Half(_) | Json::Array(_) | Json::Object(_) => false,
    }
}

fn list(operand: &Json) -> &[Json] {
    match operand {
        Json::Array(operands) => operands,
        operand => std::slice::from_ref(operand),
    }
}

/// Several operators: one that does not apply decides, else all must hold.
fn all(outcomes: &[Option<bool>]) -> Option<bool> {
    if outcomes.contains(&None) {
        None
    } else {
        Some(!outcomes.contains(&Some(false)))
    }
}

/// Several values: one that holds decides, else one that can't be filled.
fn any(outcomes: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let outcomes: Vec<Option<bool>> = outcomes.collect();
    if outcomes.contains(&Some(true)) {
        Some(true)
    } else if outcomes.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn is(name: &str, order: Ordering) -> bool {
    match name {
        "equals" => order.is_eq(),
        "less" => order.is_lt(),
        "lessOrEquals" => order.is_le(),
        "greater" => order.is_gt(),
        "greaterOrEquals" => order.is_ge(),
        _ => panic!("there is no operator {name}"),
    }
}
