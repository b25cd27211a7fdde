//! Which rules need not be asked: those with an `equals` that does not hold.
//!
//! The decision is always that of asking the rules one by one. A rule that needs a certificate or a
//! row of a database is always asked, as its turn alone can be the answer.

use std::collections::HashMap;

use super::path::PathId;
use super::rule::Rule;
use super::test::{Case, Operand, Operator};

/// How many rules must look at one path before looking them up pays.
const WORTHWHILE: usize = 4;

/// For each path that many rules compare, the rules by the text that they wait for.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The rules that are asked in any case.
    pub(crate) always: Vec<usize>,
    pub(crate) groups: Vec<Group>,
    /// How many rules there are when all are asked.
    pub(crate) all: usize,
}

/// The rules that compare one path.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) path: PathId,
    pub(crate) case: Case,
    pub(crate) rules: HashMap<String, Vec<usize>>,
}

impl Index {
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let keys: Vec<Option<(PathId, Case, Vec<&str>)>> = rules.iter().map(key).collect();
        let mut counts: HashMap<(PathId, Case), usize> = HashMap::new();
        for (path, case, _) in keys.iter().flatten() {
            *counts.entry((*path, *case)).or_default() += 1;
        }
        counts.retain(|_, count| *count >= WORTHWHILE);
        let mut index = Self {
            all: rules.len(),
            ..Self::default()
        };
        if counts.is_empty() {
            return index;
        }
        for (place, key) in keys.into_iter().enumerate() {
            let Some((path, case, texts)) =
                key.filter(|(path, case, _)| counts.contains_key(&(*path, *case)))
            else {
                index.always.push(place);
                continue;
            };
            let known = index
                .groups
                .iter()
                .position(|group| (group.path, group.case) == (path, case));
            let known = known.unwrap_or_else(|| {
                index.groups.push(Group {
                    path,
                    case,
                    rules: HashMap::new(),
                });
                index.groups.len() - 1
            });
            let group = &mut index.groups[known];
            for text in texts {
                let text = match case {
                    Case::Counts => text.to_owned(),
                    Case::Ignored => text.to_ascii_lowercase(),
                };
                let places = group.rules.entry(text).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        index
    }
}

/// What a rule waits for: a path that must have one of these texts.
fn key(rule: &Rule) -> Option<(PathId, Case, Vec<&str>)> {
    if !rule.needs.is_nothing() {
        return None;
    }
    rule.when.all.iter().find_map(|condition| {
        condition.test.0.iter().find_map(|operator| {
            let Operator::Equals(operands, case) = operator else {
                return None;
            };
            let texts: Option<Vec<&str>> = operands
                .iter()
                .map(|operand| match operand {
                    Operand::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            Some((condition.path, *case, texts?))
        })
    })
}
