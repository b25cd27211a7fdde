//! Rows: what a table of the file, or a database behind an input binding, knows of a device.

use std::collections::HashMap;

use super::path::PathId;
use super::template::Template;
use super::test::{Case, Test};

/// Where the rows of one name come from.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) name: String,
    pub(crate) source: RowSource,
}

#[derive(Debug)]
pub(crate) enum RowSource {
    /// A table in the file: the JSON of a row by its key.
    Table {
        key: Template,
        case: Case,
        rows: HashMap<String, String>,
    },
    /// An input binding, whose row must pass the tests.
    Binding {
        name: String,
        verify: Vec<(Vec<String>, Test)>,
    },
}

impl Rows {
    /// The paths that finding a row takes.
    pub(crate) fn paths(&self, add: &mut impl FnMut(PathId)) {
        match &self.source {
            RowSource::Table { key, .. } => key.paths().for_each(add),
            RowSource::Binding { verify, .. } => {
                for (_, test) in verify {
                    test.paths(add);
                }
            }
        }
    }
}
