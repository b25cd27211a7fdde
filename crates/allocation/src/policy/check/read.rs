//! Reads the cases of `allocation.tests.json`.

use super::cases::{Case, Expected};
use crate::policy::json::number::Number;
use crate::policy::json::tree::{self, Kind, Node};
use crate::policy::read::{FileError, Reader, Trail, member, text_of};

impl Case {
    /// Reads the cases of an `allocation.tests.json`.
    ///
    /// # Errors
    /// With all that is wrong with the file.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, FileError> {
        let text = text_of(bytes).map_err(FileError::whole)?;
        let tree = tree::parse(text).map_err(|error| FileError::at(text, error.at, error.why))?;
        let mut reader = Reader::new(text, false);
        reader.find_repeated(&tree, &Trail::START);
        let cases = reader.cases(&tree);
        match FileError::of(reader.problems) {
            None => Ok(cases),
            Some(error) => Err(error),
        }
    }
}

impl Reader<'_> {
    fn cases(&mut self, node: &Node) -> Vec<Case> {
        let start = Trail::START;
        let Kind::Array(nodes) = &node.kind else {
            self.wrong_type(node, &start, "an array of cases");
            return Vec::new();
        };
        let cases = nodes.iter().enumerate();
        cases
            .filter_map(|(place, node)| self.case(node, &start.index(place)))
            .collect()
    }

    fn case(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Case> {
        let members =
            self.known_members(node, trail, &["name", "request", "bindings", "expect"])?;
        for name in ["name", "request", "expect"] {
            if member(members, name).is_none() {
                self.problem(node.start, trail, format!("the case has no {name:?}"));
            }
        }
        let name = member(members, "name")
            .and_then(|found| self.sentence_or_name(&found.value, &trail.name("name")));
        let request = member(members, "request")?;
        self.members(&request.value, &trail.name("request"))?;
        let bindings = match member(members, "bindings") {
            Some(found) => {
                self.members(&found.value, &trail.name("bindings"))?;
                Some(json(&found.value))
            }
            None => None,
        };
        let expected = self.expected(&member(members, "expect")?.value, &trail.name("expect"));
        Some(Case {
            name: name?,
            request: json(&request.value),
            bindings,
            expected: expected?,
        })
    }

    fn sentence_or_name(&mut self, node: &Node, trail: &Trail<'_>) -> Option<String> {
        let text = self.string(node, trail)?;
        if text.is_empty() {
            self.problem(node.start, trail, "it is empty");
        }
        Some(text.to_owned())
    }

    fn expected(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Expected> {
        const NAMES: [&str; 5] = ["rule", "status", "hub", "initialTwin", "payload"];
        let members = self.known_members(node, trail, &NAMES)?;
        let Some(rule) = member(members, "rule") else {
            self.problem(node.start, trail, "it has no \"rule\", which decides");
            return None;
        };
        let rule = self.string(&rule.value, &trail.name("rule"))?.to_owned();
        let status = match member(members, "status") {
            Some(found) => Some(self.status(&found.value, &trail.name("status"))?),
            None => None,
        };
        let hub = match member(members, "hub") {
            Some(found) => {
                let hub = self.string(&found.value, &trail.name("hub"))?;
                Some(hub.to_owned())
            }
            None => None,
        };
        let value = |name| member(members, name).map(|found| found.value.clone());
        Some(Expected {
            rule,
            status,
            hub,
            initial_twin: value("initialTwin"),
            payload: value("payload"),
        })
    }

    fn status(&mut self, node: &Node, trail: &Trail<'_>) -> Option<u16> {
        let status = match &node.kind {
            Kind::Number(json) => Number::parse(json).and_then(|number| {
                [200, 400, 503]
                    .into_iter()
                    .find(|status| number.compare(Number::Integer(i128::from(*status))).is_eq())
            }),
            _ => None,
        };
        if status.is_none() {
            self.problem(node.start, trail, "it must be 200, 400 or 503");
        }
        status
    }
}

fn json(node: &Node) -> String {
    let mut json = String::new();
    node.write(&mut json);
    json
}
