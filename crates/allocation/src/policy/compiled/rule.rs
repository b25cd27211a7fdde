//! The rules of a file.

use std::sync::Arc;

use super::answer::Answer;
use super::hub::HubChoice;
use super::path::{Path, PathId, Root};
use super::rows::{RowSource, Rows};
use super::test::Test;

/// The name under which the decisions of `otherwise` are told.
pub(crate) const OTHERWISE: &str = "otherwise";

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Arc<str>,
    pub(crate) when: When,
    pub(crate) effect: Effect,
    pub(crate) needs: Needs,
}

/// All of these conditions must hold, and one of the branches if there are any.
#[derive(Debug, Default)]
pub(crate) struct When {
    pub(crate) all: Vec<Condition>,
    pub(crate) any_of: Vec<Vec<Condition>>,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) path: PathId,
    pub(crate) test: Test,
}

/// What a rule does with a device.
#[derive(Debug)]
pub(crate) enum Effect {
    Assign { hub: HubChoice, answer: Answer },
    End(End),
}

/// A device gets no hub.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Refuse {
        sentence: Arc<str>,
        log: Option<Arc<str>>,
    },
    Retry {
        sentence: Arc<str>,
    },
}

/// What must be had before a rule is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) certificate: bool,
    /// The places of rows that come through bindings.
    pub(crate) bindings: Vec<usize>,
}

impl Needs {
    pub(crate) fn is_nothing(&self) -> bool {
        !self.certificate && self.bindings.is_empty()
    }

    /// Adds what a path needs, also through the keys of rows. There is no circle among these.
    pub(crate) fn add(&mut self, path: &Path, paths: &[Path], rows: &[Rows]) {
        match path.root {
            Root::Certificate => self.certificate = true,
            Root::Row(place) => {
                let Some(row) = rows.get(place) else { return };
                let is_binding = matches!(row.source, RowSource::Binding { .. });
                if is_binding && !self.bindings.contains(&place) {
                    self.bindings.push(place);
                }
                row.paths(&mut |PathId(id)| self.add(&paths[id], paths, rows));
            }
            _ => {}
        }
    }
}

impl When {
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.all.iter().chain(self.any_of.iter().flatten())
    }
}

impl Rule {
    /// The paths that the rule names.
    pub(crate) fn paths(&self, add: &mut impl FnMut(PathId)) {
        for condition in self.when.conditions() {
            add(condition.path);
            condition.test.paths(add);
        }
        if let Effect::Assign { hub, answer } = &self.effect {
            hub.paths(add);
            answer.members.iter().for_each(|one| one.output.paths(add));
        }
    }
}
