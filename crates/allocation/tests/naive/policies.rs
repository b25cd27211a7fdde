//! Random policies, all of them right.

use crate::choices::Choices;
use crate::json::Json;
use crate::pools::{CERTIFICATE_PATHS, HUBS, NUMBERS, PATHS, ROW_MEMBERS, TEXTS, VERSIONS};

/// A policy that is being made.
pub(crate) struct Policy {
    pub(crate) json: Json,
    /// What its conditions look for: requests that have it are more interesting than others.
    pub(crate) wishes: Vec<(String, Json)>,
    /// The names of its rows.
    rows: Vec<&'static str>,
}

/// Where a template stands.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Condition,
    Answer,
    /// Of the request alone.
    Verify,
}

impl Policy {
    pub(crate) fn new(choices: &mut Choices<'_>) -> Self {
        let mut policy = Self {
            json: Json::Null,
            wishes: Vec::new(),
            rows: Vec::new(),
        };
        let version = choices.of(&["1", "1.0", "1e0"]);
        let mut members = vec![("version", Json::number(version))];
        let rows = policy.some_rows(choices);
        if !rows.is_empty() {
            members.push(("rows", Json::object(rows)));
        }
        let mut rules = Vec::new();
        for number in 0..=choices.below(5) {
            rules.push(policy.rule(number, true, choices));
        }
        if choices.one_in(2) {
            rules.push(policy.rule(rules.len(), false, choices));
        } else {
            members.push(("otherwise", Json::object([end(choices)])));
        }
        members.push(("rules", Json::Array(rules)));
        policy.json = Json::object(members);
        policy
    }

    fn some_rows(&mut self, choices: &mut Choices<'_>) -> Vec<(&'static str, Json)> {
        let mut rows = Vec::new();
        for name in ["binding", "first", "second"] {
            if choices.below(2) == 0 {
                continue;
            }
            let json = match name {
                "binding" => self.rows_of_binding(choices),
                _ => self.rows_of_table(choices),
            };
            rows.push((name, json));
            // The keys of later ones may use it.
            self.rows.push(name);
        }
        if choices.one_in(2) {
            rows.reverse();
        }
        rows
    }

    fn rows_of_binding(&mut self, choices: &mut Choices<'_>) -> Json {
        let test = match choices.below(6) {
            0 => Json::object([
                ("equals", Json::text("{registrationId}")),
                ("ignoreCase", Json::Boolean(true)),
            ]),
            1 | 4 => Json::text("{registrationId}"),
            2 | 5 => Json::object([("exists", Json::Boolean(true))]),
            _ => self.test("", Scope::Verify, 1, choices),
        };
        let verify = Json::object([(choices.of(&["key", "nested.key"]), test)]);
        Json::object([("binding", Json::text("device")), ("verify", verify)])
    }

    fn rows_of_table(&mut self, choices: &mut Choices<'_>) -> Json {
        let key = match choices.below(4) {
            0 => Json::text("{registrationId}"),
            1 => Json::text(format!("{{{}}}", self.path(Scope::Condition, choices))),
            2 => self.template(Scope::Condition, choices),
            _ => Json::text("a"),
        };
        let mut table = Vec::new();
        // No two of these are the same without their case.
        for name in ["a", "DEV-1", "ü", "abc", "1.2", "", "<12>"] {
            if choices.below(3) > 0 {
                let row = Self::row(choices);
                table.push((name, row));
            }
        }
        table.push(("true", Json::object([])));
        let mut members = vec![("key", key), ("table", Json::object(table))];
        if choices.one_in(3) {
            members.push(("ignoreCase", Json::Boolean(true)));
        }
        Json::object(members)
    }

    /// A row of a table.
    fn row(choices: &mut Choices<'_>) -> Json {
        let nested = Json::object([("y", scalar(choices))]);
        let mut row = vec![
            ("hub", Json::text(choices.of(&HUBS))),
            ("x", scalar(choices)),
        ];
        if choices.below(2) > 0 {
            row.push(("nested", nested));
            row.push(("n", Json::number(choices.of(&NUMBERS))));
            row.push(("gone", Json::Null));
        }
        Json::object(row)
    }

    fn rule(&mut self, number: usize, has_when: bool, choices: &mut Choices<'_>) -> Json {
        let mut rule = vec![("name", Json::text(format!("rule {number}")))];
        if has_when {
            let mut when = self.conditions(3, choices);
            if choices.one_in(4) {
                let mut branches = Vec::new();
                for _ in 0..=choices.below(2) {
                    branches.push(Json::Object(self.conditions(2, choices)));
                }
                when.push(("anyOf".to_owned(), Json::Array(branches)));
            }
            rule.push(("when", Json::Object(when)));
        }
        if choices.one_in(8) {
            rule.push(end(choices));
            return Json::object(rule);
        }
        rule.push(("hub", self.hub(choices)));
        let has_twin = choices.below(3) > 0;
        let has_payload = choices.one_in(3);
        if has_twin {
            let twin = self.initial_twin(choices);
            rule.push(("initialTwin", twin));
        }
        if has_payload {
            let payload = match choices.below(4) {
                0 => self.copy(&["payload", "payload.deep", "payload.list"], choices),
                _ => self.answer_object(2, choices),
            };
            rule.push(("payload", payload));
        }
        Json::object(rule)
    }

    fn conditions(&mut self, most: usize, choices: &mut Choices<'_>) -> Vec<(String, Json)> {
        let mut conditions: Vec<(String, Json)> = Vec::new();
        for _ in 0..=choices.below(most).min(choices.below(most)) {
            let path = self.path(Scope::Condition, choices);
            if conditions.iter().all(|(other, _)| *other != path) {
                let test = self.test(&path, Scope::Condition, 2, choices);
                conditions.push((path, test));
            }
        }
        conditions
    }

    fn path(&self, scope: Scope, choices: &mut Choices<'_>) -> String {
        let kind = choices.below(16);
        if kind >= 12 && scope == Scope::Answer {
            "iotHubHostName".to_owned()
        } else if kind == 13 && scope != Scope::Verify {
            choices.of(&CERTIFICATE_PATHS).to_owned()
        } else if kind >= 8 && scope != Scope::Verify && !self.rows.is_empty() {
            let name = choices.of(&self.rows);
            match choices.below(ROW_MEMBERS.len() + 1) {
                0 => format!("rows.{name}"),
                place => format!("rows.{name}.{}", ROW_MEMBERS[place - 1]),
            }
        } else if kind < 4 || kind < 8 && scope == Scope::Answer {
            choices.of(&PATHS[..5]).to_owned()
        } else {
            choices.of(&PATHS).to_owned()
        }
    }

    /// A text with a template in it.
    fn template(&mut self, scope: Scope, choices: &mut Choices<'_>) -> Json {
        let path = self.path(scope, choices);
        Json::text(match choices.below(4) {
            0 => format!("{{{path}}}"),
            1 => format!("<{{{path}}}>"),
            2 => format!("{{{{{{{path}}}"),
            _ => format!("{{{path}}}.{{{}}}", self.path(scope, choices)),
        })
    }

    /// A text to compare with; an empty one for `equals` alone.
    fn text(&mut self, path: &str, scope: Scope, choices: &mut Choices<'_>) -> Json {
        if choices.one_in(4) {
            return self.template(scope, choices);
        }
        let text = choices.of(&TEXTS);
        let text = if text.is_empty() { "a" } else { text };
        self.wishes.push((path.to_owned(), Json::text(text)));
        Json::text(escaped(text))
    }

    fn value(&mut self, path: &str, scope: Scope, choices: &mut Choices<'_>) -> Json {
        match choices.below(6) {
            0..3 => self.text(path, scope, choices),
            3 => Json::text(""),
            _ => {
                let value = number_or_boolean(choices);
                self.wishes.push((path.to_owned(), value.clone()));
                value
            }
        }
    }

    /// One of `make`, or a list of them.
    fn list(
        &mut self,
        choices: &mut Choices<'_>,
        mut make: impl FnMut(&mut Self, &mut Choices<'_>) -> Json,
    ) -> Json {
        if choices.below(3) < 2 {
            return make(self, choices);
        }
        let count = 1 + choices.below(3);
        Json::Array((0..count).map(|_| make(self, choices)).collect())
    }

    fn test(&mut self, path: &str, scope: Scope, depth: usize, choices: &mut Choices<'_>) -> Json {
        if choices.one_in(3) {
            return self.list(choices, |policy, choices| {
                policy.value(path, scope, choices)
            });
        }
        let mut operators = Vec::new();
        let mut has_text = false;
        for _ in 0..=choices.below(2) {
            let name = choices.of(&[
                "equals",
                "startsWith",
                "contains",
                "endsWith",
                "exists",
                "not",
                "version",
                "less",
                "lessOrEquals",
                "greater",
                "greaterOrEquals",
            ]);
            if operators.iter().any(|(other, _)| *other == name) || name == "not" && depth == 0 {
                continue;
            }
            let operand = match name {
                "equals" => self.list(choices, |policy, choices| {
                    policy.value(path, scope, choices)
                }),
                "startsWith" | "contains" | "endsWith" => {
                    self.list(choices, |policy, choices| policy.text(path, scope, choices))
                }
                "exists" => Json::Boolean(choices.below(3) < 2),
                "not" => self.test(path, scope, depth - 1, choices),
                "version" => self.version(path, scope, choices),
                _ if choices.one_in(4) => Json::text(format!("{{{}}}", self.path(scope, choices))),
                _ => {
                    let number = Json::number(choices.of(&NUMBERS));
                    self.wishes.push((path.to_owned(), number.clone()));
                    number
                }
            };
            let is_of_text = ["equals", "startsWith", "contains", "endsWith"].contains(&name);
            has_text |= is_of_text && !operand.strings().is_empty();
            operators.push((name, operand));
        }
        if operators.is_empty() {
            operators.push(("exists", Json::Boolean(true)));
        }
        if has_text && choices.one_in(3) {
            operators.push(("ignoreCase", Json::Boolean(choices.below(4) > 0)));
        }
        Json::object(operators)
    }

    fn version(&mut self, path: &str, scope: Scope, choices: &mut Choices<'_>) -> Json {
        let mut comparisons = Vec::new();
        let names = [
            "greaterOrEquals",
            "equals",
            "less",
            "lessOrEquals",
            "greater",
        ];
        let first = choices.below(names.len());
        for name in names.iter().skip(first).step_by(2) {
            let text = if choices.one_in(5) {
                self.template(scope, choices)
            } else {
                let version = Json::text(choices.of(&VERSIONS));
                self.wishes.push((path.to_owned(), version.clone()));
                version
            };
            comparisons.push((*name, text));
        }
        Json::object(comparisons)
    }

    fn hub(&mut self, choices: &mut Choices<'_>) -> Json {
        let mut hub = Vec::new();
        match choices.below(6) {
            0 => return Json::text(escaped(choices.of(&HUBS))),
            1 => {
                let path = if self.rows.is_empty() {
                    "payload.hub".to_owned()
                } else {
                    format!("rows.{}.hub", choices.of(&self.rows))
                };
                return Json::text(if choices.one_in(3) {
                    "{payload.site}.example.net".to_owned()
                } else {
                    format!("{{{path}}}")
                });
            }
            2 => {
                let mut weights: Vec<(&str, Json)> = Vec::new();
                for name in HUBS {
                    let is_new = |(other, _): &(&str, Json)| !other.eq_ignore_ascii_case(name);
                    if choices.below(2) > 0 && weights.iter().all(is_new) {
                        weights.push((name, Json::number(choices.of(&[1, 0, 3, 100]))));
                    }
                }
                weights.push(("other.example.net", Json::number(1)));
                hub.push(("weights", Json::object(weights)));
            }
            _ => {
                if choices.below(2) > 0 {
                    hub.push(("among", self.among(1, choices)));
                }
                if choices.below(2) > 0 {
                    let take = choices.of(&["spread", "last", "first"]);
                    hub.push(("take", Json::text(take)));
                }
            }
        }
        if choices.one_in(4) {
            hub.push(("keepCurrent", Json::Boolean(choices.one_in(3))));
        }
        if choices.one_in(3) {
            hub.push(("none", Json::text("No hub is for it.")));
        }
        Json::object(hub)
    }

    /// A test of text on the host names.
    fn among(&mut self, depth: usize, choices: &mut Choices<'_>) -> Json {
        let text = |_: &mut Self, choices: &mut Choices<'_>| {
            Json::text(match choices.below(8) {
                0 => "weu".to_owned(),
                1 => "-1.example.net".to_owned(),
                2 => "{payload.site}".to_owned(),
                3 => "ü".to_owned(),
                4 => "old.".to_owned(),
                _ => choices.of(&HUBS).to_owned(),
            })
        };
        if choices.one_in(4) {
            return self.list(choices, text);
        }
        let mut operators = Vec::new();
        match choices.below(5) {
            4 if depth > 0 => operators.push(("not", self.among(depth - 1, choices))),
            place => {
                let name = ["contains", "startsWith", "endsWith", "equals", "contains"][place];
                operators.push((name, self.list(choices, text)));
                if choices.one_in(3) {
                    operators.push(("ignoreCase", Json::Boolean(true)));
                }
            }
        }
        Json::object(operators)
    }

    /// `{path}` or `{path?}` alone.
    fn copy(&mut self, paths: &[&str], choices: &mut Choices<'_>) -> Json {
        let path = match choices.below(4) {
            0 => self.path(Scope::Answer, choices),
            _ => choices.of(paths).to_owned(),
        };
        let mark = if choices.one_in(2) { "?" } else { "" };
        Json::text(format!("{{{path}{mark}}}"))
    }

    fn initial_twin(&mut self, choices: &mut Choices<'_>) -> Json {
        if choices.one_in(12) {
            return self.copy(&["payload.twin"], choices);
        }
        let mut twin = Vec::new();
        if choices.below(3) > 0 {
            let tags = self.twin_part(choices);
            twin.push(("tags", tags));
        }
        if choices.below(2) > 0 {
            let properties = match choices.below(8) {
                7 => self.copy(&["payload.properties"], choices),
                _ => Json::object([("desired", self.twin_part(choices))]),
            };
            twin.push(("properties", properties));
        }
        if choices.one_in(2) {
            twin.reverse();
        }
        Json::object(twin)
    }

    fn twin_part(&mut self, choices: &mut Choices<'_>) -> Json {
        match choices.below(8) {
            7 => self.copy(&["payload.deep", "payload"], choices),
            // As much as the hub takes, or a little more.
            6 => {
                let names = [
                    "tag1", "tag2", "tag3", "tag4", "tag5", "tag6", "tag7", "tag8",
                ];
                let count = choices.of(&[2, 4, 8]);
                let mut all = Vec::new();
                for name in &names[..count] {
                    all.push((*name, Json::text("{payload.big}")));
                }
                Json::object(all)
            }
            _ => self.answer_object(2, choices),
        }
    }

    fn answer_object(&mut self, depth: usize, choices: &mut Choices<'_>) -> Json {
        let mut members = Vec::new();
        for name in ["a", "B", "ü", "d"] {
            if choices.below(2) > 0 {
                members.push((name, self.answer_value(depth, choices)));
            }
        }
        Json::object(members)
    }

    fn answer_value(&mut self, depth: usize, choices: &mut Choices<'_>) -> Json {
        match choices.below(10) {
            0 => Json::Boolean(true),
            1 => Json::number(choices.of(&["0", "-0", "1.50", "4503599627370495", "1E2"])),
            2 => Json::text(escaped(choices.of(&TEXTS))),
            3 | 4 => self.copy(
                &["payload.model", "payload.list", "payload.deepest"],
                choices,
            ),
            5 if depth > 0 => {
                let count = choices.below(3);
                let mut elements = Vec::new();
                for _ in 0..count {
                    elements.push(self.answer_value(depth - 1, choices));
                }
                Json::Array(elements)
            }
            6 if depth > 0 => self.answer_object(depth - 1, choices),
            _ => self.template(Scope::Answer, choices),
        }
    }
}

fn end(choices: &mut Choices<'_>) -> (&'static str, Json) {
    match choices.below(3) {
        0 => ("refuse", Json::text("It is not for us.")),
        1 => ("refuse", Json::text("Nobody knows „it“.")),
        _ => ("retry", Json::text("Ask again.")),
    }
}

fn number_or_boolean(choices: &mut Choices<'_>) -> Json {
    match choices.below(4) {
        0 => Json::Boolean(true),
        1 => Json::Boolean(false),
        _ => Json::number(choices.of(&NUMBERS)),
    }
}

fn scalar(choices: &mut Choices<'_>) -> Json {
    match choices.below(2) {
        0 => Json::text(choices.of(&TEXTS)),
        _ => number_or_boolean(choices),
    }
}

/// A text of the policy that says `text`.
fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
