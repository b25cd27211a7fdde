//! Looks up which rules to ask.

use super::values::Values;
use crate::policy::compiled::index::Index;
use crate::policy::compiled::test::Case;
use crate::policy::json::text::Value;

impl Index {
    /// The places of the rules to ask, in the file's order.
    pub(crate) fn candidates<'i>(&'i self, values: &impl Values) -> Candidates<'i> {
        if self.groups.is_empty() {
            return Candidates::All(0..self.all);
        }
        let mut lists: Vec<&[usize]> = vec![&self.always];
        for group in &self.groups {
            if let Value::Text(text) = values.value(group.path) {
                let found = match group.case {
                    Case::Counts => group.rules.get(&**text),
                    Case::Ignored => group.rules.get(&text.to_ascii_lowercase()),
                };
                lists.extend(found.map(Vec::as_slice));
            }
        }
        Candidates::Merged(lists)
    }
}

/// The rules to ask.
pub(crate) enum Candidates<'i> {
    All(std::ops::Range<usize>),
    /// Sorted lists without common elements.
    Merged(Vec<&'i [usize]>),
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::All(range) => range.next(),
            Self::Merged(lists) => {
                let list = lists
                    .iter_mut()
                    .filter(|list| !list.is_empty())
                    .min_by_key(|list| list[0])?;
                let (first, rest) = list.split_first()?;
                *list = rest;
                Some(*first)
            }
        }
    }
}
