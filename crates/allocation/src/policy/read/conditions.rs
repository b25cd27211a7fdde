//! Conditions and tests.

use super::reader::{Reader, member};
use super::trail::Trail;
use crate::policy::compiled::path::{Path, PathId, Scope};
use crate::policy::compiled::rule::{Condition, When};
use crate::policy::compiled::template::{Parsed, Template};
use crate::policy::compiled::test::{
    Case, NumberOperand, Operand, Operator, Test, TextOperand, TextOperator, VersionOperand,
};
use crate::policy::json::number::{Number, Order, is_version};
use crate::policy::json::tree::{Kind, Member, Node};

const OPERATORS: [&str; 11] = [
    "equals",
    "startsWith",
    "endsWith",
    "contains",
    "less",
    "lessOrEquals",
    "greater",
    "greaterOrEquals",
    "version",
    "exists",
    "not",
];

const IGNORE_CASE: &str = "ignoreCase";

/// What a test is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Any value.
    Value,
    /// A host name.
    HostName,
}

impl Reader<'_> {
    pub(super) fn when(&mut self, node: &Node, trail: &Trail<'_>) -> Option<When> {
        let members = self.members(node, trail)?;
        if members.is_empty() {
            self.problem(
                node.start,
                trail,
                "it is empty: leave it out to match every device",
            );
            return None;
        }
        let mut when = When::default();
        for found in members {
            if found.name == "anyOf" {
                let trail = trail.name("anyOf");
                for (place, branch) in self.elements(&found.value, &trail)?.iter().enumerate() {
                    let trail = trail.index(place);
                    let Some(members) = self.members(branch, &trail) else {
                        continue;
                    };
                    if members.is_empty() {
                        self.problem(branch.start, &trail, "it is empty");
                    }
                    if let Some(nested) = member(members, "anyOf") {
                        let message = "a branch of anyOf has no anyOf of its own";
                        self.problem(nested.start, &trail.name("anyOf"), message);
                        continue;
                    }
                    let conditions = members
                        .iter()
                        .filter_map(|member| self.condition(member, &trail))
                        .collect();
                    when.any_of.push(conditions);
                }
            } else {
                when.all.extend(self.condition(found, trail));
            }
        }
        Some(when)
    }

    fn condition(&mut self, member: &Member, trail: &Trail<'_>) -> Option<Condition> {
        let trail = trail.name(&member.name);
        let path = self.path(&member.name, member.start, &trail);
        let test = self.test(&member.value, &trail, Scope::Request, Subject::Value);
        let (path, test) = (path?, test?);
        self.note_condition(path, &test, member.start, &trail);
        Some(Condition { path, test })
    }

    fn path(&mut self, text: &str, start: usize, trail: &Trail<'_>) -> Option<PathId> {
        match Path::parse(text, Scope::Request, &self.row_names) {
            Ok(path) => {
                let known = self.paths.list.len();
                let id = self.paths.id(path);
                self.note_path(id, known, start, trail);
                Some(id)
            }
            Err(error) => {
                self.problem(start, trail, error);
                None
            }
        }
    }

    pub(super) fn test(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
        subject: Subject,
    ) -> Option<Test> {
        let Kind::Object(members) = &node.kind else {
            let operands = self.operands(node, trail, scope, subject)?;
            return Some(Test(vec![Operator::Equals(operands, Case::Counts)]));
        };
        if members.is_empty() {
            self.problem(node.start, trail, "it is empty");
            return None;
        }
        let case = match member(members, IGNORE_CASE) {
            Some(found) => match self.boolean(&found.value, &trail.name(IGNORE_CASE)) {
                Some(true) => Case::Ignored,
                _ => Case::Counts,
            },
            None => Case::Counts,
        };
        let mut operators = Vec::new();
        let mut is_whole = true;
        for found in members.iter().filter(|found| found.name != IGNORE_CASE) {
            let before = operators.len();
            self.operator(found, trail, (scope, subject, case), &mut operators);
            is_whole &= operators.len() > before;
        }
        if let Some(found) = member(members, IGNORE_CASE)
            && is_whole
            && !operators.iter().any(compares_text)
        {
            self.problem(
                found.start,
                &trail.name(IGNORE_CASE),
                "it needs a comparison of text beside it, as in {\"equals\": \"text\", \"ignoreCase\": true}",
            );
            return None;
        }
        is_whole.then_some(Test(operators))
    }

    /// Adds the operators of a member; adds none when something is wrong.
    fn operator(
        &mut self,
        found: &Member,
        trail: &Trail<'_>,
        (scope, subject, case): (Scope, Subject, Case),
        operators: &mut Vec<Operator>,
    ) {
        let (name, node) = (found.name.as_str(), &found.value);
        let at = trail.name(name);
        let is_of_text = matches!(name, "equals" | "not") || TextOperator::of(name).is_some();
        if subject == Subject::HostName && !is_of_text && OPERATORS.contains(&name) {
            let message = "among tests host names: use equals, startsWith, endsWith, contains, not or ignoreCase";
            self.problem(found.start, &at, message);
            return;
        }
        if name == "equals" {
            operators.extend(
                self.operands(node, &at, scope, subject)
                    .map(|operands| Operator::Equals(operands, case)),
            );
        } else if let Some(operator) = TextOperator::of(name) {
            operators.extend(
                self.text_operands(node, &at, scope)
                    .map(|operands| Operator::Text(operator, operands, case)),
            );
        } else if let Some(order) = Order::of(name) {
            operators.extend(
                self.number_operand(node, &at, scope)
                    .map(|operand| Operator::Compare(order, operand)),
            );
        } else {
            match name {
                "version" => self.version(node, &at, scope, operators),
                "exists" => operators.extend(self.boolean(node, &at).map(Operator::Exists)),
                "not" => operators.extend(self.test(node, &at, scope, subject).map(Operator::Not)),
                _ => {
                    let known: Vec<&str> = OPERATORS.into_iter().chain([IGNORE_CASE]).collect();
                    self.unknown(found, trail, "operator", &known);
                }
            }
        }
    }

    /// One value or a list of values.
    fn operands(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
        subject: Subject,
    ) -> Option<Vec<Operand>> {
        let Kind::Array(_) = node.kind else {
            return Some(vec![self.operand(node, trail, scope, subject)?]);
        };
        let elements = self.elements(node, trail)?.iter().enumerate();
        let operands: Vec<Option<Operand>> = elements
            .map(|(place, element)| self.operand(element, &trail.index(place), scope, subject))
            .collect();
        operands.into_iter().collect()
    }

    fn operand(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
        subject: Subject,
    ) -> Option<Operand> {
        match &node.kind {
            Kind::Text(text) => Some(match self.template(text, node.start, trail, scope)? {
                Parsed::Text(text) => Operand::Text(text),
                Parsed::Alone(path) if subject == Subject::HostName => {
                    Operand::Template(Template::alone(path))
                }
                Parsed::Alone(path) => Operand::Value(path),
                Parsed::Template(template) => Operand::Template(template),
                Parsed::Optional(_) => return self.not_optional(node, trail),
            }),
            Kind::Number(_) | Kind::Boolean(_) if subject == Subject::HostName => {
                self.wrong_type(node, trail, "a string, as host names are");
                None
            }
            Kind::Boolean(value) => Some(Operand::Boolean(*value)),
            Kind::Number(json) => {
                let number = Number::parse(json);
                if number.is_none() {
                    self.problem(node.start, trail, "the number is too large");
                }
                number.map(|number| Operand::Number(number, json.clone()))
            }
            Kind::Null => {
                let message = "null can't be compared: a null value counts as missing, which is tested by {\"exists\": false}";
                self.problem(node.start, trail, message);
                None
            }
            Kind::Array(_) | Kind::Object(_) => {
                self.wrong_type(node, trail, "a string, a number or a boolean");
                None
            }
        }
    }

    fn not_optional<T>(&mut self, node: &Node, trail: &Trail<'_>) -> Option<T> {
        self.problem(
            node.start,
            trail,
            crate::policy::compiled::template::TemplateError::Optional,
        );
        None
    }

    /// A string with templates where text is wanted, and which is not empty.
    pub(super) fn text_template(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
    ) -> Option<TextOperand> {
        let text = self.string(node, trail)?;
        if text.is_empty() {
            self.problem(node.start, trail, "it is empty");
            return None;
        }
        Some(match self.template(text, node.start, trail, scope)? {
            Parsed::Text(text) => TextOperand::text(text),
            Parsed::Alone(path) => TextOperand::Template(Template::alone(path)),
            Parsed::Template(template) => TextOperand::Template(template),
            Parsed::Optional(_) => return self.not_optional(node, trail),
        })
    }

    fn text_operands(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
    ) -> Option<Vec<TextOperand>> {
        let Kind::Array(_) = node.kind else {
            return Some(vec![self.text_template(node, trail, scope)?]);
        };
        let elements = self.elements(node, trail)?.iter().enumerate();
        let operands: Vec<Option<TextOperand>> = elements
            .map(|(place, element)| self.text_template(element, &trail.index(place), scope))
            .collect();
        operands.into_iter().collect()
    }

    fn number_operand(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
    ) -> Option<NumberOperand> {
        match &node.kind {
            Kind::Number(json) => {
                if let Some(number) = Number::parse(json) {
                    return Some(NumberOperand::Number(number, json.clone()));
                }
                self.problem(node.start, trail, "the number is too large");
                None
            }
            Kind::Text(text) if text.contains('{') => {
                match self.template(text, node.start, trail, scope)? {
                    Parsed::Alone(path) => Some(NumberOperand::Value(path)),
                    Parsed::Optional(_) => self.not_optional(node, trail),
                    _ => {
                        self.wrong_type(node, trail, "a number or one \"{path}\" alone");
                        None
                    }
                }
            }
            _ => {
                self.wrong_type(node, trail, "a number or one \"{path}\" alone");
                None
            }
        }
    }

    fn version(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        scope: Scope,
        operators: &mut Vec<Operator>,
    ) {
        const NAMES: [&str; 5] = [
            "equals",
            "less",
            "lessOrEquals",
            "greater",
            "greaterOrEquals",
        ];
        let Some(members) = self.known_members(node, trail, &NAMES) else {
            return;
        };
        if members.is_empty() {
            self.problem(node.start, trail, "it is empty");
        }
        let mut found = Vec::new();
        for member in members {
            let Some(order) = Order::of(&member.name) else {
                return;
            };
            let trail = trail.name(&member.name);
            let operand = match self.text_template(&member.value, &trail, scope) {
                Some(TextOperand::Template(template)) => VersionOperand::Template(template),
                Some(TextOperand::Text(text, _)) if is_version(&text) => {
                    VersionOperand::Version(text)
                }
                Some(TextOperand::Text(..)) => {
                    let message = "it is not a version: write groups of digits with single dots between them, as in 12.0.2";
                    self.problem(member.value.start, &trail, message);
                    return;
                }
                None => return,
            };
            found.push(Operator::Version(order, operand));
        }
        operators.extend(found);
    }
}

/// Whether the case could count for an operator.
fn compares_text(operator: &Operator) -> bool {
    match operator {
        Operator::Text(..) => true,
        Operator::Equals(operands, _) => operands.iter().any(|operand| {
            matches!(
                operand,
                Operand::Text(_) | Operand::Value(_) | Operand::Template(_)
            )
        }),
        _ => false,
    }
}
