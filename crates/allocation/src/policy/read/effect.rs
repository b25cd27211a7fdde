//! What a rule does: a hub, a refusal, a request to ask again.

use super::conditions::Subject;
use super::reader::{Reader, member};
use super::trail::Trail;
use crate::policy::compiled::hub::{Candidates, HubChoice, Take};
use crate::policy::compiled::path::Scope;
use crate::policy::compiled::rule::End;
use crate::policy::compiled::test::{Case, Operand, Operator, Test, TextOperand};
use crate::policy::json::number::{Number, is_integer};
use crate::policy::json::tree::{Kind, Member, Node};
use crate::policy::suggest::suggestion;

const MAX_WEIGHT: u8 = 100;

impl Reader<'_> {
    pub(super) fn hub(&mut self, node: &Node, trail: &Trail<'_>) -> Option<HubChoice> {
        const NAMES: [&str; 5] = ["among", "take", "weights", "keepCurrent", "none"];
        if let Kind::Text(_) = node.kind {
            let operand = match self.text_template(node, trail, Scope::Request)? {
                TextOperand::Text(text, _) => Operand::Text(text),
                TextOperand::Template(template) => Operand::Template(template),
            };
            let test = Test(vec![Operator::Equals(vec![operand], Case::Ignored)]);
            return Some(HubChoice {
                candidates: Candidates::Among(Some(test), Take::First),
                keep_current: true,
                none: None,
            });
        }
        let Kind::Object(_) = node.kind else {
            self.wrong_type(node, trail, "a host name or an object");
            return None;
        };
        let members = self.known_members(node, trail, &NAMES)?;
        let keep_current = match member(members, "keepCurrent") {
            Some(found) => self.boolean(&found.value, &trail.name("keepCurrent")),
            None => Some(true),
        };
        let refusal =
            member(members, "none").map(|found| self.sentence(&found.value, &trail.name("none")));
        let candidates = match member(members, "weights") {
            Some(weights) => {
                for name in ["among", "take"] {
                    if let Some(found) = member(members, name) {
                        let message = "it can't be used beside weights, which name their hubs";
                        self.problem(found.start, &trail.name(name), message);
                    }
                }
                self.weights(&weights.value, &trail.name("weights"))
            }
            None => self.among(members, trail),
        };
        Some(HubChoice {
            candidates: candidates?,
            keep_current: keep_current?,
            none: refusal.map_or(Some(None), |text| text.map(|text| Some(text.into())))?,
        })
    }

    fn among(&mut self, members: &[Member], trail: &Trail<'_>) -> Option<Candidates> {
        let test = member(members, "among").map(|found| {
            let trail = trail.name("among");
            self.test(&found.value, &trail, Scope::Request, Subject::HostName)
        });
        let take = match member(members, "take") {
            Some(found) => self.take(&found.value, &trail.name("take")),
            None => Some(Take::First),
        };
        let test = test.map_or(Some(None), |test| test.map(Some));
        Some(Candidates::Among(test?, take?))
    }

    fn take(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Take> {
        const NAMES: [&str; 3] = ["first", "last", "spread"];
        let text = self.string(node, trail)?;
        match text {
            "first" => Some(Take::First),
            "last" => Some(Take::Last),
            "spread" => Some(Take::Spread),
            _ => {
                let meant = suggestion(text, NAMES);
                let message = format!("it must be \"first\", \"last\" or \"spread\"{meant}");
                self.problem(node.start, trail, message);
                None
            }
        }
    }

    fn weights(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Candidates> {
        let members = self.members(node, trail)?;
        if members.is_empty() {
            self.problem(node.start, trail, "it is empty");
            return None;
        }
        let mut weights: Vec<(String, u8)> = Vec::with_capacity(members.len());
        for found in members {
            let at = trail.name(&found.name);
            let name = found.name.to_ascii_lowercase();
            if name.is_empty() {
                self.problem(found.start, &at, "the host name is empty");
            } else if name.contains(['{', '}']) {
                let message = "host names in weights are written in full, without templates";
                self.problem(found.start, &at, message);
            } else if weights.iter().any(|(known, _)| *known == name) {
                let message =
                    "the host name is already listed in another case, which does not count";
                self.problem(found.start, &at, message);
            } else if !name.contains('.') {
                self.note(
                    found.start,
                    &at,
                    "the host name has no dot: hubs are named in full",
                );
            }
            if let Some(weight) = weight(&found.value) {
                weights.push((name, weight));
            } else {
                let message = format!("it must be a whole number from 0 to {MAX_WEIGHT}");
                self.problem(found.value.start, &at, message);
            }
        }
        if weights.len() == members.len() && weights.iter().all(|(_, weight)| *weight == 0) {
            self.problem(node.start, trail, "no hub has a weight above 0");
        }
        Some(Candidates::Weights(weights))
    }

    /// What follows for a device that gets no hub; `None` also when there is no such member.
    pub(super) fn end(&mut self, members: &[Member], trail: &Trail<'_>) -> Option<End> {
        let log = member(members, "log");
        if let Some(found) = member(members, "refuse") {
            let sentence = self.sentence(&found.value, &trail.name("refuse"));
            let log = log.map(|found| self.sentence(&found.value, &trail.name("log")));
            return Some(End::Refuse {
                sentence: sentence?.into(),
                log: log.map_or(Some(None), |log| log.map(|log| Some(log.into())))?,
            });
        }
        if let Some(found) = log {
            self.problem(
                found.start,
                &trail.name("log"),
                "it is only allowed beside refuse",
            );
        }
        let found = member(members, "retry")?;
        let sentence = self.sentence(&found.value, &trail.name("retry"))?;
        Some(End::Retry {
            sentence: sentence.into(),
        })
    }
}

fn weight(node: &Node) -> Option<u8> {
    let Kind::Number(json) = &node.kind else {
        return None;
    };
    match Number::parse(json)? {
        Number::Integer(weight) if is_integer(json) => u8::try_from(weight).ok(),
        // 3.0 is a whole number, too.
        number => (0..=MAX_WEIGHT)
            .find(|weight| number.compare(Number::Integer(i128::from(*weight))).is_eq()),
    }
    .filter(|weight| *weight <= MAX_WEIGHT)
}
