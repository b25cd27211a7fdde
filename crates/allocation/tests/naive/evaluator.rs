//! The policy once more, written from its specification alone: it reads the policy's JSON anew for
//! each request, looks everything up by its name, and shares nothing with the crate.

use serde_json::{Value, json};

use crate::certificate;
use crate::conditions::is_comparable;
use crate::hubs::NoHub;
use crate::json::Json;
use crate::templates::{Piece, paths, pieces};

/// All that a decision may look at.
pub(crate) struct World<'a> {
    pub(crate) policy: &'a Json,
    pub(crate) request: &'a Json,
    /// The values of the input bindings, by their names.
    pub(crate) bindings: &'a Json,
    hub: Option<String>,
}

/// A row can't be had.
struct NoRow;

/// What is decided: rule and status, with hub, twin and payload as they are written; the sentence
/// where the policy gives one.
pub(crate) fn decide(policy: &Json, request: &Json, bindings: &Json) -> Value {
    let mut world = World {
        policy,
        request,
        bindings,
        hub: None,
    };
    let Some(Json::Array(rules)) = policy.get("rules") else {
        panic!("{policy}")
    };
    for rule in rules {
        let name = rule.get("name").and_then(Json::as_text).unwrap();
        let named = world.named_by(rule);
        if named.iter().any(|path| root(path) == "certificate") && world.certificate().is_err() {
            return json!({"rule": name, "status": 400});
        }
        let is_lost = |path: &String| match path.strip_prefix("rows.") {
            Some(rest) => world.row(root(rest)).is_err(),
            None => false,
        };
        if named.iter().any(is_lost) {
            return json!({"rule": name, "status": 503});
        }
        if rule.get("when").is_none_or(|when| world.hold(when)) {
            return match rule.get("hub") {
                Some(hub) => world.assign(name, rule, hub),
                None => end(name, rule),
            };
        }
    }
    end("otherwise", policy.get("otherwise").unwrap())
}

fn end(rule: &str, end: &Json) -> Value {
    let sentence = |name| end.get(name).and_then(Json::as_text);
    match sentence("refuse") {
        Some(sentence) => json!({"rule": rule, "status": 400, "sentence": sentence}),
        None => json!({"rule": rule, "status": 503, "sentence": sentence("retry").unwrap()}),
    }
}

impl World<'_> {
    fn assign(&mut self, name: &str, rule: &Json, hub: &Json) -> Value {
        let chosen = match self.choose_hub(hub) {
            Ok(chosen) => chosen,
            Err(NoHub::Unfilled) => return json!({"rule": name, "status": 400}),
            Err(NoHub::NoCandidate) => {
                let mut refusal = json!({"rule": name, "status": 400});
                if let Some(none) = hub.get("none").and_then(Json::as_text) {
                    refusal["sentence"] = none.into();
                }
                return refusal;
            }
        };
        let mut decision = json!({"rule": name, "status": 200, "hub": chosen});
        self.hub = Some(chosen);
        for (member, value) in rule.members() {
            let filled = match member.as_str() {
                "initialTwin" => self.initial_twin(value),
                "payload" => self.payload(value),
                _ => continue,
            };
            match filled {
                Ok(Some(filled)) => decision[member] = filled.to_string().into(),
                Ok(None) => {}
                Err(_) => return json!({"rule": name, "status": 400}),
            }
        }
        decision
    }

    /// The paths that a rule names anywhere, also through the keys of rows.
    fn named_by(&self, rule: &Json) -> Vec<String> {
        let mut named = Vec::new();
        for (member, value) in rule.members() {
            if !matches!(
                member.as_str(),
                "name" | "description" | "refuse" | "retry" | "log"
            ) {
                named.extend(value.strings().into_iter().flat_map(paths));
            }
            if member == "when" {
                named.extend(condition_paths(value));
            }
        }
        // The list grows while it is walked.
        let mut place = 0;
        while place < named.len() {
            if let Some(rest) = named[place].strip_prefix("rows.")
                && let Some(key) = self.rows(root(rest)).get("key")
            {
                named.extend(paths(key.as_text().unwrap()));
            }
            place += 1;
        }
        named
    }

    /// The value at a path; `None` when it is missing: absent, null, or behind a non-object.
    pub(crate) fn value(&self, path: &str) -> Option<Json> {
        let mut names = path.split('.');
        let first = names.next()?;
        let context = self.request.get("deviceRuntimeContext")?;
        let is_there = |value: &&Json| **value != Json::Null;
        let mut value = match first {
            "certificate" => self.certificate().ok()??,
            "rows" => self.row(names.next()?).ok()??,
            "iotHubHostName" => Json::text(self.hub.clone()?),
            "linkedHubs" | "individualEnrollment" | "enrollmentGroup" => {
                self.request.get(first)?.clone()
            }
            "enrollment" => {
                let individual = self.request.get("individualEnrollment").filter(is_there);
                individual
                    .or_else(|| self.request.get("enrollmentGroup"))?
                    .clone()
            }
            _ => context.get(first)?.clone(),
        };
        for name in names {
            value = value.get(name)?.clone();
        }
        Some(value).filter(|value| *value != Json::Null)
    }

    pub(crate) fn registration_id(&self) -> String {
        let id = self.value("registrationId");
        id.as_ref().and_then(Json::as_text).unwrap().to_owned()
    }

    pub(crate) fn linked_hubs(&self) -> Vec<String> {
        match self.request.get("linkedHubs") {
            Some(Json::Array(hubs)) => hubs
                .iter()
                .map(|hub| hub.as_text().unwrap().to_owned())
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    /// A string with its templates put in as text. `None` when one can't be.
    pub(crate) fn fill(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => filled.push_str(&text),
                Piece::Path(path) => match self.value(&path).filter(is_comparable)? {
                    Json::Text(text) => filled.push_str(&text),
                    other => filled.push_str(&other.to_string()),
                },
                Piece::Optional(path) => panic!("{{{path}?}} within text"),
            }
        }
        Some(filled)
    }

    fn certificate(&self) -> Result<Option<Json>, certificate::Unreadable> {
        certificate::read(self.value("x509.clientCertificate").as_ref())
    }

    fn rows(&self, name: &str) -> &Json {
        self.policy
            .get("rows")
            .and_then(|rows| rows.get(name))
            .unwrap()
    }

    fn row(&self, name: &str) -> Result<Option<Json>, NoRow> {
        let rows = self.rows(name);
        match rows.get("key").and_then(Json::as_text) {
            Some(key) => Ok(self.row_of_table(rows, key)),
            None => self.row_of_binding(rows),
        }
    }

    fn row_of_table(&self, rows: &Json, key: &str) -> Option<Json> {
        let key = match &pieces(key)[..] {
            [Piece::Path(path)] => self.value(path)?.as_text()?.to_owned(),
            _ => self.fill(key)?,
        };
        let ignore_case = rows.get("ignoreCase") == Some(&Json::Boolean(true));
        let mut table = rows.get("table")?.members().iter();
        let found =
            table.find(|(name, _)| *name == key || ignore_case && name.eq_ignore_ascii_case(&key));
        found.map(|(_, row)| row.clone())
    }

    fn row_of_binding(&self, rows: &Json) -> Result<Option<Json>, NoRow> {
        let name = rows.get("binding").and_then(Json::as_text).unwrap();
        let mut value = self.bindings.get(name).ok_or(NoRow)?.clone();
        for _ in 0..2 {
            if let Json::Text(text) = &value
                && let Ok(parsed) = serde_json::from_str::<Value>(text)
            {
                value = from_value(&parsed);
            }
        }
        let row = match value {
            Json::Null => return Ok(None),
            Json::Array(elements) => match &elements[..] {
                [] => return Ok(None),
                [one] => one.clone(),
                _ => return Err(NoRow),
            },
            one => one,
        };
        if !matches!(row, Json::Object(_)) {
            return Err(NoRow);
        }
        for (path, test) in rows.get("verify").unwrap().members() {
            let mut found = Some(&row);
            for name in path.split('.') {
                found = found.and_then(|value| value.get(name));
            }
            let found = found.filter(|value| **value != Json::Null);
            if self.test(found, test) != Some(true) {
                return Err(NoRow);
            }
        }
        Ok(Some(row))
    }
}

/// The first name of a path.
fn root(path: &str) -> &str {
    path.split('.').next().unwrap()
}

fn condition_paths(when: &Json) -> Vec<String> {
    let mut paths = Vec::new();
    for (path, value) in when.members() {
        match value {
            Json::Array(branches) if path == "anyOf" => {
                paths.extend(branches.iter().flat_map(condition_paths));
            }
            _ => paths.push(path.clone()),
        }
    }
    paths
}

/// What a binding has brought as text. The tests bring no text whose numbers or order would be
/// lost.
pub(crate) fn from_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Boolean(*value),
        Value::Number(number) => Json::number(number),
        Value::String(text) => Json::text(text),
        Value::Array(elements) => Json::Array(elements.iter().map(from_value).collect()),
        Value::Object(members) => {
            let members = members.iter();
            Json::Object(
                members
                    .map(|(name, value)| (name.clone(), from_value(value)))
                    .collect(),
            )
        }
    }
}
