//! A compiled policy file.

use std::fmt;

use super::index::Index;
use super::path::Path;
use super::rows::{RowSource, Rows};
use super::rule::{End, Rule};

/// The policy of an `allocation.json`, read and checked.
pub struct File {
    pub(crate) rules: Vec<Rule>,
    pub(crate) otherwise: Option<End>,
    pub(crate) rows: Vec<Rows>,
    pub(crate) paths: Vec<Path>,
    pub(crate) index: Index,
    pub(crate) checksum: String,
}

impl File {
    /// The first 12 hexadecimal digits of the SHA-256 of the file.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// How many rules it has.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// Whether it needs input bindings.
    #[must_use]
    pub fn uses_bindings(&self) -> bool {
        self.bindings().next().is_some()
    }

    /// The names of the input bindings that its rows come from.
    pub fn bindings(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|rows| match &rows.source {
            RowSource::Binding { name, .. } => Some(name.as_str()),
            RowSource::Table { .. } => None,
        })
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("checksum", &self.checksum)
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}
