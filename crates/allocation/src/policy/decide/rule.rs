//! Asks a rule, and does what it says.

use log::Level;

use super::answer::AnswerError;
use super::facts::Facts;
use super::hub::NoHub;
use super::test::Outcome;
use super::values::Values;
use crate::policy::compiled::answer::{Answer, Member};
use crate::policy::compiled::hub::HubChoice;
use crate::policy::compiled::path::PathId;
use crate::policy::compiled::rows::Rows;
use crate::policy::compiled::rule::{Condition, Effect, End, Needs, Rule, When};
use crate::{Decision, Text};

impl Needs {
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

impl When {
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        let all = |conditions: &[Condition]| conditions.iter().all(|one| one.holds(facts));
        all(&self.all) && (self.any_of.is_empty() || self.any_of.iter().any(|branch| all(branch)))
    }
}

impl Condition {
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.test.of(facts.value(self.path), facts) == Outcome::Holds
    }
}

impl Rule {
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
                AnswerError::Twin(problem) => format!(
                    "The rule {name:?} makes a twin that IoT Hub does not accept: {problem}."
                )
                .into(),
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
