//! A compiled policy file, and its decisions.

use std::fmt;
use std::sync::Arc;

use log::Level;

use super::answer::{Answer, AnswerError, Member};
use super::facts::{Facts, Sources};
use super::hub::{HubChoice, NoHub};
use super::index::Index;
use super::path::{Path, PathId, Root};
use super::rows::{RowSource, Rows};
use super::test::{Outcome, Test};
use crate::{Decision, Policy, Request, Text};

/// The policy of an `allocation.json`, read and checked.
pub struct File {
    pub(crate) rules: Vec<Rule>,
    pub(crate) otherwise: Option<End>,
    pub(crate) rows: Vec<Rows>,
    pub(crate) paths: Vec<Path>,
    pub(crate) index: Index,
    pub(crate) checksum: String,
}

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

    /// The decision when something can't be had.
    pub(crate) fn failure(
        &self,
        rule: &Rule,
        facts: &Facts<'_>,
        rows: &[Rows],
    ) -> Option<Decision> {
        if self.certificate && facts.sources().certificate().is_err() {
            let refusal = Decision::refuse("The device's certificate can't be read.");
            return Some(refusal.by_rule(rule.name.clone()));
        }
        for place in &self.bindings {
            if let Err(error) = facts.sources().row(*place) {
                let retry = Decision::retry(error.sentence(&rows[*place].name));
                return Some(retry.by_rule(rule.name.clone()).level(Level::Error));
            }
        }
        None
    }
}

/// The name under which the decisions of `otherwise` are told.
pub(crate) const OTHERWISE: &str = "otherwise";

impl When {
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        let all = |conditions: &[Condition]| conditions.iter().all(|one| one.holds(facts));
        all(&self.all) && (self.any_of.is_empty() || self.any_of.iter().any(|branch| all(branch)))
    }

    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.all.iter().chain(self.any_of.iter().flatten())
    }
}

impl Condition {
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.test.of(facts.value(self.path), facts) == Outcome::Holds
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

    /// What the rule does with a device for which it holds.
    pub(crate) fn decide(&self, facts: &Facts<'_>) -> Decision {
        match &self.effect {
            Effect::Assign { hub, answer } => match self.assign(hub, answer, facts) {
                Ok(decision) => decision,
                Err(sentence) => Decision::refuse(sentence).by_rule(self.name.clone()),
            },
            Effect::End(end) => end.decision(self.name.clone()),
        }
    }

    fn assign(
        &self,
        hub: &HubChoice,
        answer: &Answer,
        facts: &Facts<'_>,
    ) -> Result<Decision, Text> {
        let name = &self.name;
        let unfilled = |path: PathId| {
            Text::from(format!(
                "The rule {name:?} needs {}, which the device does not have.",
                facts.path(path).text
            ))
        };
        let (chosen, _) = hub.choose(facts).map_err(|error| match error {
            NoHub::Path(path) => unfilled(path),
            NoHub::NoCandidate => match &hub.none {
                Some(none) => none.clone().into(),
                None => {
                    format!("The rule {name:?} finds no hub among those that are linked.").into()
                }
            },
        })?;
        facts.set_hub(chosen.host_name());
        let mut decision = Decision::assign(name.clone(), chosen);
        if answer.is_plain {
            decision = decision.without_secrets();
        }
        for one in &answer.members {
            let json = one.json(facts).map_err(|error| match error {
                AnswerError::Path(path) => unfilled(path),
                AnswerError::Twin(problem) => {
                    format!("The rule {name:?} makes a twin that IoT Hub does not take: {problem}.")
                        .into()
                }
                AnswerError::PayloadNotAnObject => {
                    format!("The rule {name:?} makes a payload that is not an object.").into()
                }
                AnswerError::Unwritable => format!("The rule {name:?} can't be answered.").into(),
            })?;
            decision = match (one.member, json) {
                (_, None) => decision,
                (Member::InitialTwin, Some(json)) => decision.initial_twin(json),
                (Member::Payload, Some(json)) => decision.payload(json),
            };
        }
        Ok(decision)
    }
}

impl End {
    pub(crate) fn decision(&self, rule: impl Into<Text>) -> Decision {
        let rule = rule.into();
        match self {
            Self::Refuse { sentence, log } => {
                let line = match log {
                    Some(log) => log.clone().into(),
                    None => Text::from(format!("{rule} refused: {sentence}")),
                };
                Decision::refuse(sentence.clone())
                    .by_rule(rule)
                    .log_line(line)
            }
            Self::Retry { sentence } => {
                let line = format!("{rule} to be asked again: {sentence}");
                Decision::retry(sentence.clone())
                    .by_rule(rule)
                    .log_line(line)
            }
        }
    }
}

impl File {
    /// The decision on a request, without how it was reached.
    fn decision(&self, request: &Request<'_>) -> Decision {
        let sources = Sources::new(self, request);
        let facts = Facts::new(&sources);
        for place in self.index.candidates(&facts) {
            let Some(rule) = self.rules.get(place) else {
                break;
            };
            if !rule.needs.is_nothing()
                && let Some(decision) = rule.needs.failure(rule, &facts, &self.rows)
            {
                return decision;
            }
            if rule.when.holds(&facts) {
                return rule.decide(&facts);
            }
        }
        self.otherwise()
    }

    /// The decision when no rule holds.
    pub(crate) fn otherwise(&self) -> Decision {
        match &self.otherwise {
            Some(end) => end.decision(OTHERWISE),
            // The last rule always holds then.
            None => Decision::fail("no rule is for the device, and there is no otherwise"),
        }
    }

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

impl Policy for File {
    /// Where the log's level is debug, the decision tells how it was reached.
    fn decide(&self, request: &Request<'_>) -> Decision {
        if log::log_enabled!(Level::Debug) {
            let (decision, lines) = self.explain(request);
            decision.explain(lines)
        } else {
            self.decision(request)
        }
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
