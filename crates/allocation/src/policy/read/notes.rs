//! What is right and risky.

use super::reader::Reader;
use super::trail::Trail;
use crate::policy::compiled::path::{PathId, Root};
use crate::policy::compiled::rows::{RowSource, Rows};
use crate::policy::compiled::rule::{Effect, Rule};
use crate::policy::compiled::source::Source;
use crate::policy::compiled::test::{Case, Operand, Operator, Test, TextOperand, TextOperator};
use crate::policy::json::tree::{Member, Node};

impl Reader<'_> {
    /// Notes what is to be said of a path: at its first use, or at each.
    pub(super) fn note_path(
        &mut self,
        path: PathId,
        known: usize,
        start: usize,
        trail: &Trail<'_>,
    ) {
        if self.notes.is_none() {
            return;
        }
        let is_first = path.0 >= known;
        let path = &self.paths.list[path.0];
        let text = path.text.clone();
        let is_of_certificate = path.root == Root::Certificate;
        if is_first && path.is_undocumented() {
            let message = if is_of_certificate {
                format!("{text}: a certificate has no such member")
            } else {
                format!("{text} is not in the service's documentation")
            };
            self.note(start, trail, message);
        }
        if is_of_certificate {
            let message = format!(
                "{text} rests on one public witness: the service's documentation does not say what x509.clientCertificate holds"
            );
            self.note(start, trail, message);
        }
    }

    /// Notes a registration id that is compared with its case.
    pub(super) fn note_condition(
        &mut self,
        path: PathId,
        test: &Test,
        start: usize,
        trail: &Trail<'_>,
    ) {
        if self.notes.is_none() {
            return;
        }
        let path = &self.paths.list[path.0];
        if path.root == Root::RegistrationId && path.names.is_empty() && counts_case(test) {
            let message = "the case of the registration id counts here, and the service ignores it: \"ignoreCase\": true";
            self.note(start, trail, message);
        }
    }

    /// Notes a key whose case the service ignores.
    pub(super) fn note_key(&mut self, rows: &Rows, member: &Member, trail: &Trail<'_>) {
        let RowSource::Table { key, case, .. } = &rows.source else {
            return;
        };
        let is_id = |id: PathId| self.paths.list[id.0].root == Root::RegistrationId;
        if *case == Case::Counts && key.paths().any(is_id) {
            let message = "the case of the registration id counts in the key, and the service ignores it: \"ignoreCase\": true";
            self.note(member.start, trail, message);
        }
    }

    /// Notes what is to be said of whole rules.
    pub(super) fn note_rules(
        &mut self,
        rules: &[Rule],
        nodes: &[Node],
        rows: &[Rows],
        trail: &Trail<'_>,
    ) {
        if self.notes.is_none() {
            return;
        }
        for (place, (rule, node)) in rules.iter().zip(nodes).enumerate() {
            let trail = trail.index(place);
            let Effect::Assign { hub, .. } = &rule.effect else {
                continue;
            };
            let list = &self.paths.list;
            let is_claimed = |id: PathId| Source::of(&list[id.0], list, rows) == Source::Claimed;
            let mut conditions = rule.when.conditions().peekable();
            let has_conditions = conditions.peek().is_some();
            let rests_on_claims = has_conditions && conditions.all(|one| is_claimed(one.path));
            let mut hub_claims = Vec::new();
            hub.paths(&mut |id| {
                if is_claimed(id) {
                    hub_claims.push(list[id.0].text.clone());
                }
            });
            if rests_on_claims {
                let message = format!(
                    "the rule {:?} assigns a hub on nothing but what the device says of itself: any device of the enrollment can claim it",
                    rule.name
                );
                self.note(node.start, &trail, message);
            }
            for path in hub_claims {
                let message = format!(
                    "the device itself names its hub with {path}: any device of the enrollment can claim it"
                );
                self.note(node.start, &trail.name("hub"), message);
            }
        }
        self.note_implied(rules, nodes, trail);
    }

    /// Notes rules whose text holds what an earlier rule looks for.
    fn note_implied(&mut self, rules: &[Rule], nodes: &[Node], trail: &Trail<'_>) {
        // The rules that ask one thing alone: whether a path contains one of these texts.
        let mut earlier: Vec<(usize, PathId, Case, Vec<String>)> = Vec::new();
        for (place, rule) in rules.iter().enumerate() {
            let implied = rule.when.all.iter().find_map(|condition| {
                earlier.iter().find(|(_, path, case, parts)| {
                    *path == condition.path
                        && looked_for(&condition.test, *case).is_some_and(|texts| {
                            texts
                                .iter()
                                .all(|text| parts.iter().any(|part| text.contains(part)))
                        })
                })
            });
            if let Some((before, ..)) = implied {
                let message = format!(
                    "the rule is never reached: rules[{before}] already matches whatever it matches"
                );
                self.note(nodes[place].start, &trail.index(place), message);
            }
            if let ([condition], []) = (&rule.when.all[..], &rule.when.any_of[..])
                && let [Operator::Text(TextOperator::Contains, operands, case)] =
                    &condition.test.0[..]
                && let Some(parts) = text_operands(operands, *case)
            {
                earlier.push((place, condition.path, *case, parts));
            }
        }
    }
}

fn counts_case(test: &Test) -> bool {
    test.0.iter().any(|operator| match operator {
        Operator::Equals(operands, Case::Counts) => operands
            .iter()
            .any(|operand| !matches!(operand, Operand::Boolean(_) | Operand::Number(..))),
        Operator::Text(_, _, Case::Counts) => true,
        Operator::Not(test) => counts_case(test),
        _ => false,
    })
}

/// The texts one of which a value must be, or hold, for one of the test's operators: in lower case
/// where an earlier rule ignores the case, and none where it counts there but not here.
fn looked_for(condition: &Test, earlier: Case) -> Option<Vec<String>> {
    condition.0.iter().find_map(|operator| match operator {
        Operator::Text(_, _, Case::Ignored) | Operator::Equals(_, Case::Ignored)
            if earlier == Case::Counts =>
        {
            None
        }
        Operator::Text(_, operands, _) => text_operands(operands, earlier),
        Operator::Equals(operands, _) => operands
            .iter()
            .map(|operand| match operand {
                Operand::Text(text) => Some(folded(text, earlier)),
                _ => None,
            })
            .collect(),
        _ => None,
    })
}

fn text_operands(operands: &[TextOperand], case: Case) -> Option<Vec<String>> {
    operands
        .iter()
        .map(|operand| match operand {
            TextOperand::Text(text, _) => Some(folded(text, case)),
            TextOperand::Template(_) => None,
        })
        .collect()
}

fn folded(text: &str, case: Case) -> String {
    match case {
        Case::Counts => text.to_owned(),
        Case::Ignored => text.to_ascii_lowercase(),
    }
}
