//! Rows: tables in the file, and databases behind input bindings.

use std::collections::HashMap;

use super::conditions::Subject;
use super::reader::{Reader, member};
use super::trail::Trail;
use crate::policy::compiled::path::{self, Root, Scope};
use crate::policy::compiled::rows::{RowSource, Rows};
use crate::policy::compiled::template::{Parsed, Template};
use crate::policy::compiled::test::Case;
use crate::policy::json::tree::{Kind, Member, Node};

impl Reader<'_> {
    /// Learns the names of the rows, which paths may name wherever they stand.
    pub(super) fn row_names(&mut self, members: &[Member], trail: &Trail<'_>) {
        for found in members {
            let is_word = !found.name.is_empty()
                && !found.name.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || matches!(c, '.' | '{' | '}' | '?')
                });
            if !is_word {
                let message = "a name of rows is one word without dots, spaces or braces";
                self.problem(found.start, &trail.name(&found.name), message);
            }
            self.row_names.push(found.name.clone());
        }
    }

    pub(super) fn rows(&mut self, members: &[Member], trail: &Trail<'_>) -> Option<Vec<Rows>> {
        let mut rows = Vec::with_capacity(members.len());
        for found in members {
            let source = self.row_source(&found.value, &trail.name(&found.name));
            let name = found.name.clone();
            rows.push(source.map(|source| Rows { name, source }));
        }
        let rows: Vec<Rows> = rows.into_iter().collect::<Option<_>>()?;
        self.find_circle(&rows, members, trail)?;
        for (rows, found) in rows.iter().zip(members) {
            self.note_key(rows, found, &trail.name(&found.name));
        }
        Some(rows)
    }

    fn row_source(&mut self, node: &Node, trail: &Trail<'_>) -> Option<RowSource> {
        const TABLE: [&str; 3] = ["key", "table", "ignoreCase"];
        const BINDING: [&str; 2] = ["binding", "verify"];
        let members = self.members(node, trail)?;
        if member(members, "binding").is_some() {
            self.known_members(node, trail, &BINDING)?;
            return self.binding(node, members, trail);
        }
        let all: Vec<&str> = TABLE.into_iter().chain(BINDING).collect();
        self.known_members(node, trail, &all)?;
        if let Some(found) = member(members, "verify") {
            self.problem(
                found.start,
                &trail.name("verify"),
                "it is only allowed beside binding",
            );
            return None;
        }
        let (Some(key), Some(table)) = (member(members, "key"), member(members, "table")) else {
            let message = "rows have a key and a table, or a binding and verify";
            self.problem(node.start, trail, message);
            return None;
        };
        let case = match member(members, "ignoreCase") {
            Some(found) => {
                if self.boolean(&found.value, &trail.name("ignoreCase"))? {
                    Case::Ignored
                } else {
                    Case::Counts
                }
            }
            None => Case::Counts,
        };
        let key = self.key(&key.value, &trail.name("key"));
        let rows = self.table(&table.value, &trail.name("table"), case);
        Some(RowSource::Table {
            key: key?,
            case,
            rows: rows?,
        })
    }

    fn key(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Template> {
        let text = self.string(node, trail)?;
        if text.is_empty() {
            self.problem(node.start, trail, "it is empty");
            return None;
        }
        Some(
            match self.template(text, node.start, trail, Scope::Request)? {
                Parsed::Text(text) => Template::plain(text),
                Parsed::Alone(path) => Template::alone(path),
                Parsed::Template(template) => template,
                Parsed::Optional(_) => {
                    let error = crate::policy::compiled::template::TemplateError::Optional;
                    self.problem(node.start, trail, error);
                    return None;
                }
            },
        )
    }

    fn table(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        case: Case,
    ) -> Option<HashMap<String, String>> {
        let members = self.members(node, trail)?;
        let mut rows = HashMap::with_capacity(members.len());
        let mut is_whole = true;
        for found in members {
            // A row that is null is missing, as null is everywhere in a table.
            let row = match found.value.kind {
                Kind::Null => None,
                Kind::Object(_) => {
                    let mut json = String::new();
                    found.value.write(&mut json);
                    Some(json)
                }
                _ => {
                    let at = trail.name(&found.name);
                    self.wrong_type(&found.value, &at, "an object, as rows are");
                    is_whole = false;
                    continue;
                }
            };
            let key = match case {
                Case::Counts => found.name.clone(),
                Case::Ignored => found.name.to_ascii_lowercase(),
            };
            if rows.insert(key, row).is_some() && case == Case::Ignored {
                let message = "the key is already there: with ignoreCase the case does not count";
                self.problem(found.start, &trail.name(&found.name), message);
                is_whole = false;
            }
        }
        let there = rows.into_iter().filter_map(|(key, row)| Some((key, row?)));
        is_whole.then(|| there.collect())
    }

    fn binding(&mut self, node: &Node, members: &[Member], trail: &Trail<'_>) -> Option<RowSource> {
        let found = member(members, "binding")?;
        let name = self.string(&found.value, &trail.name("binding"));
        if name.is_some_and(str::is_empty) {
            self.problem(found.value.start, &trail.name("binding"), "it is empty");
        }
        let Some(verify) = member(members, "verify") else {
            let message =
                "rows of a binding need verify: a binding can deliver another device's row";
            self.problem(node.start, trail, message);
            return None;
        };
        let at = trail.name("verify");
        let members = self.members(&verify.value, &at)?;
        if members.is_empty() {
            self.problem(verify.value.start, &at, "it is empty");
            return None;
        }
        let tests: Vec<_> = members
            .iter()
            .map(|found| {
                let at = at.name(&found.name);
                let names = match path::names(&found.name) {
                    Ok(names) => Some(names),
                    Err(error) => {
                        self.problem(found.start, &at, error);
                        None
                    }
                };
                let test = self.test(&found.value, &at, Scope::Verify, Subject::Value);
                Some((names?, test?))
            })
            .collect();
        Some(RowSource::Binding {
            name: name?.to_owned(),
            verify: tests.into_iter().collect::<Option<_>>()?,
        })
    }

    /// Tells keys that need each other.
    fn find_circle(&mut self, rows: &[Rows], members: &[Member], trail: &Trail<'_>) -> Option<()> {
        let next: Vec<Vec<usize>> = rows
            .iter()
            .map(|row| {
                let mut next = Vec::new();
                row.paths(&mut |id| {
                    if let Root::Row(place) = self.paths.list[id.0].root {
                        next.push(place);
                    }
                });
                next
            })
            .collect();
        // Whoever is still there when all that need nothing more have been taken away is in a
        // circle, or needs one.
        let mut is_open = vec![true; rows.len()];
        while let Some(place) = (0..rows.len())
            .find(|place| is_open[*place] && next[*place].iter().all(|next| !is_open[*next]))
        {
            is_open[place] = false;
        }
        let Some(start) = is_open.iter().position(|is_open| *is_open) else {
            return Some(());
        };
        // Every open one leads to another; after so many steps one is within the circle.
        let step = |place: usize| next[place].iter().copied().find(|next| is_open[*next]);
        let first = (0..rows.len()).try_fold(start, |place, _| step(place))?;
        let mut names = vec![rows[first].name.as_str()];
        let mut place = step(first)?;
        while place != first {
            names.push(&rows[place].name);
            place = step(place)?;
        }
        names.push(&rows[first].name);
        let message = format!("its key leads back to itself: {}", names.join(" → "));
        self.problem(
            members[first].start,
            &trail.name(&members[first].name),
            message,
        );
        None
    }
}
