//! How a decision was reached: each rule that was asked, each condition with its outcome, and who
//! says the value that it looks at.

mod policy;

use std::borrow::Cow;

use super::compiled::file::File;
use super::compiled::hub::{Candidates, HubChoice, Take};
use super::compiled::path::{Path, PathId};
use super::compiled::rule::{Condition, Effect, OTHERWISE, Rule};
use super::compiled::source::Source;
use super::compiled::test::{
    Case, NumberOperand, Operand, Operator, Test, TextOperand, VersionOperand,
};
use super::decide::facts::{Facts, Sources};
use super::decide::hub::{How, NoHub};
use super::decide::test::Outcome;
use super::decide::values::Values;
use super::json::text::Value;
use crate::{Decision, Request, redacted};

/// How much of a value is shown, in characters.
const MAX_SHOWN: usize = 64;

/// The lines of an explanation, some with the source of a value, which stands in a column of its
/// own.
#[derive(Default)]
struct Lines(Vec<(String, Option<Source>)>);

impl Lines {
    fn push(&mut self, line: String) {
        self.0.push((line, None));
    }

    fn into_text(self) -> Vec<String> {
        const GAP: usize = 3;
        let marked = self.0.iter().filter(|(_, source)| source.is_some());
        let width = marked.map(|(line, _)| line.chars().count()).max();
        let width = width.unwrap_or_default() + GAP;
        let lines = self.0.into_iter();
        lines
            .map(|(mut line, source)| {
                if let Some(source) = source {
                    let blanks = width - line.chars().count();
                    line.extend(std::iter::repeat_n(' ', blanks));
                    line.push_str(source.name());
                }
                line
            })
            .collect()
    }
}

impl File {
    /// The decision on a request, and how it was reached, in lines for people. What is secret by
    /// its name is masked in them.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>) -> (Decision, Vec<String>) {
        let sources = Sources::new(self, request);
        let facts = Facts::new(&sources);
        let mut lines = Lines::default();
        let decision = self.explain_rules(&facts, &mut lines);
        (decision, lines.into_text())
    }

    fn explain_rules(&self, facts: &Facts<'_>, lines: &mut Lines) -> Decision {
        for rule in &self.rules {
            if let Some(decision) = rule.needs.failure(rule, facts, &self.rows) {
                lines.push(format!("{}: what it needs can't be had", rule.name));
                return decision;
            }
            let holds = rule.when.holds(facts);
            lines.push(format!("{}: {}", rule.name, yes(holds)));
            self.explain_when(rule, facts, lines);
            if holds {
                self.explain_effect(rule, facts, lines);
                return rule.decide(facts);
            }
        }
        lines.push(format!("{OTHERWISE}: yes"));
        self.otherwise()
    }

    fn explain_when(&self, rule: &Rule, facts: &Facts<'_>, lines: &mut Lines) {
        for condition in &rule.when.all {
            self.explain_condition(condition, "  ", facts, lines);
        }
        for (place, branch) in rule.when.any_of.iter().enumerate() {
            let holds = branch.iter().all(|condition| condition.holds(facts));
            lines.push(format!("  anyOf[{place}]: {}", yes(holds)));
            for condition in branch {
                self.explain_condition(condition, "    ", facts, lines);
            }
        }
    }

    fn explain_condition(
        &self,
        condition: &Condition,
        indent: &str,
        facts: &Facts<'_>,
        lines: &mut Lines,
    ) {
        let path = facts.path(condition.path);
        let value = facts.value(condition.path);
        for operator in &condition.test.0 {
            let test = show_operator(operator, facts.paths());
            let outcome = match operator.of(value, facts) {
                Outcome::Holds => "yes".to_owned(),
                Outcome::DoesNotHold => format!("no, it is {}", show(value, path)),
                Outcome::DoesNotApply => format!("does not apply, it is {}", show(value, path)),
            };
            lines.0.push((
                format!("{indent}{} {test}: {outcome}", path.text),
                Some(self.source(path)),
            ));
            operator.paths(&mut |id| {
                let path = facts.path(id);
                let value = show(facts.value(id), path);
                let line = format!("{indent}  {} is {value}", path.text);
                lines.0.push((line, Some(self.source(path))));
            });
        }
    }

    fn explain_effect(&self, rule: &Rule, facts: &Facts<'_>, lines: &mut Lines) {
        let Effect::Assign { hub, answer } = &rule.effect else {
            return;
        };
        let (line, chosen) = explain_hub(hub, facts);
        lines.push(line);
        let mut paths = Vec::new();
        hub.paths(&mut |id| paths.push(("hub", id)));
        if let Some(host_name) = chosen {
            facts.set_hub(host_name);
            for one in &answer.members {
                one.output
                    .paths(&mut |id| paths.push((one.member.name(), id)));
            }
        }
        for (member, id) in paths {
            let path = facts.path(id);
            let value = show(facts.value(id), path);
            let line = format!("  {member} takes {}: {value}", path.text);
            lines.0.push((line, Some(self.source(path))));
        }
    }

    fn source(&self, path: &Path) -> Source {
        Source::of(path, &self.paths, &self.rows)
    }
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

fn explain_hub<'s>(hub: &HubChoice, facts: &Facts<'s>) -> (String, Option<&'s str>) {
    let linked = facts.hubs().count();
    let candidates = hub.candidates(facts).count();
    let noun = if candidates == 1 {
        "candidate"
    } else {
        "candidates"
    };
    let counts = format!("  hub: {linked} linked, {candidates} {noun}");
    let take = match &hub.candidates {
        Candidates::Among(_, Take::First) => "first",
        Candidates::Among(_, Take::Last) => "last",
        Candidates::Among(_, Take::Spread) => "spread",
        Candidates::Weights(_) => "weights",
    };
    match hub.choose(facts) {
        Ok((chosen, how)) => {
            let how = match how {
                How::Current => "stays at the current one",
                How::NeverReprovision => "never reprovisioned, stays",
                How::Taken => take,
            };
            let name = chosen.host_name();
            let line = format!(
                "{counts}, {how}: {}",
                custom_handler::logging::loggable(name)
            );
            (line, Some(name))
        }
        Err(NoHub::NoCandidate) => (format!("{counts}, {take}: none"), None),
        Err(NoHub::Path(path)) => {
            let line = format!("  hub: {} can't be filled in", facts.path(path).text);
            (line, None)
        }
    }
}

/// A value for people: short, on one line, and masked where a name of its path tells of a secret.
fn show(value: &Value<'_>, path: &Path) -> String {
    // Of some names only what looks like a secret is one: the query of the webhook's URL.
    let text = match value {
        Value::Text(text) => text,
        _ => "x",
    };
    let is_secret = |name: &String| {
        let mut json = String::from("{");
        super::json::text::quote(name, &mut json);
        json.push(':');
        super::json::text::quote(text, &mut json);
        json.push('}');
        matches!(redacted(&json, usize::MAX), Cow::Owned(_))
    };
    let cut = |text: &str| {
        let end = text.char_indices().nth(MAX_SHOWN);
        match end {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    };
    match value {
        Value::Missing => "missing".to_owned(),
        _ if path.names.iter().any(is_secret) => "****".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Number(json) => cut(json),
        Value::Text(text) => {
            // What looks like a certificate is masked whatever its name is.
            let mut json = String::new();
            super::json::text::quote(text, &mut json);
            match redacted(&json, usize::MAX) {
                Cow::Borrowed(_) => format!("{:?}", cut(text)),
                Cow::Owned(_) => "****".to_owned(),
            }
        }
        Value::HalfText => "a string with half of a character".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
    }
}

fn show_test(test: &Test, paths: &[Path]) -> String {
    let operators: Vec<String> = test.0.iter().map(|one| show_operator(one, paths)).collect();
    operators.join(" and ")
}

/// An operator as people would write it: `contains "a" or "b"`.
fn show_operator(operator: &Operator, paths: &[Path]) -> String {
    let alone = |PathId(place): &PathId| format!("{{{}}}", paths[*place].text);
    let any = |texts: Vec<String>, case: Case| {
        let ignored = if case == Case::Ignored {
            " in any case"
        } else {
            ""
        };
        format!("{}{ignored}", texts.join(" or "))
    };
    match operator {
        Operator::Equals(operands, case) => {
            let texts = operands.iter().map(|operand| match operand {
                Operand::Text(text) => format!("{text:?}"),
                Operand::Boolean(value) => value.to_string(),
                Operand::Number(_, json) => json.clone(),
                Operand::Value(path) => alone(path),
                Operand::Template(template) => format!("{:?}", template.show(paths)),
            });
            format!("equals {}", any(texts.collect(), *case))
        }
        Operator::Text(operator, operands, case) => {
            let texts = operands.iter().map(|operand| match operand {
                TextOperand::Text(text, _) => format!("{text:?}"),
                TextOperand::Template(template) => format!("{:?}", template.show(paths)),
            });
            format!("{} {}", operator.name(), any(texts.collect(), *case))
        }
        Operator::Compare(order, operand) => {
            let operand = match operand {
                NumberOperand::Number(_, json) => json.clone(),
                NumberOperand::Value(path) => alone(path),
            };
            format!("{} {operand}", order.name())
        }
        Operator::Version(order, operand) => {
            let operand = match operand {
                VersionOperand::Version(version) => format!("{version:?}"),
                VersionOperand::Template(template) => format!("{:?}", template.show(paths)),
            };
            format!("version {} {operand}", order.name())
        }
        Operator::Exists(true) => "exists".to_owned(),
        Operator::Exists(false) => "does not exist".to_owned(),
        Operator::Not(test) => format!("not ({})", show_test(test, paths)),
    }
}
