//! Azure's resource types, and what they say of a resource's body: names of members, which are
//! needed, which are only answered, and the values that a text may have. A value outside such a
//! list is refused here also where the specification leaves the list open.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::Complaint;
use crate::bicep::{Declaration, Expression, Part, Property};
use crate::project::{Loops, Project};

/// What `fixtures/arm-types.json` holds: the file's own `legend` explains its letters.
#[derive(Debug, Deserialize)]
pub struct Types {
    /// The ids of roles by their names.
    pub roles: BTreeMap<String, String>,
    types: BTreeMap<String, Value>,
}

/// What Bicep has in a resource's body beside the type's own members.
const BICEP_MEMBERS: [&str; 3] = ["parent", "scope", "dependsOn"];

impl Types {
    /// Reads the file.
    ///
    /// # Errors
    /// When it isn't what it should be.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("cannot read the resource types")
    }

    /// The tree of `TYPE@VERSION`.
    #[must_use]
    pub fn get(&self, of: &str) -> Option<&Value> {
        self.types.get(of)
    }

    /// Complains of all that is wrong with a resource's body.
    pub fn check(
        &self,
        project: &Project,
        path: &str,
        resource: &Declaration,
        complaints: &mut Vec<Complaint>,
    ) {
        let mut check = Check {
            project,
            complaints,
            place: path,
            line: resource.line,
        };
        let Some(tree) = self.get(&resource.of) else {
            check.complain(format!("there are no types for '{}'", resource.of));
            return;
        };
        let Some(body) = &resource.value else {
            return;
        };
        let loops: Loops<'_> = resource.each.iter().collect();
        if resource.existing {
            let names = body.properties().iter().filter_map(Property::name);
            for name in names.filter(|name| !["name", "parent", "scope"].contains(name)) {
                check.complain(format!(
                    "a resource that is looked up has no member '{name}'"
                ));
            }
            return;
        }
        check.object(tree, path, body, "", &loops);
    }
}

struct Check<'a, 'b> {
    project: &'a Project,
    complaints: &'b mut Vec<Complaint>,
    place: &'a str,
    line: usize,
}

impl<'a> Check<'a, '_> {
    fn complain(&mut self, text: String) {
        self.complaints.push(Complaint {
            file: self.place.to_owned(),
            line: self.line,
            text,
        });
    }

    /// A value, wherever it comes from. `name` is where it goes, with dots.
    fn value(
        &mut self,
        tree: &Value,
        path: &'a str,
        value: &'a Expression,
        name: &str,
        loops: &Loops<'a>,
    ) {
        for (path, value) in self.project.values(path, value, loops) {
            self.literal(tree, path, value, name, loops);
        }
    }

    fn literal(
        &mut self,
        tree: &Value,
        path: &'a str,
        value: &'a Expression,
        name: &str,
        loops: &Loops<'a>,
    ) {
        let found = match value {
            Expression::Object(_) => "object",
            Expression::Array(_) | Expression::For(..) => "array",
            Expression::String(_) => "string",
            Expression::Integer(_) => "int",
            Expression::Boolean(_) => "bool",
            _ => return,
        };
        let wanted = tree["t"].as_str().unwrap_or("any");
        if wanted != "any" && wanted != found {
            self.complain(format!(
                "'{name}' must be of type {wanted}, and is of type {found}"
            ));
            return;
        }
        match value {
            Expression::Object(_) => self.object(tree, path, value, name, loops),
            Expression::Array(items) => {
                self.bounds(tree, items.len(), items.len(), name, "items");
                for item in items {
                    self.value(&tree["i"], path, item, &format!("{name}[]"), loops);
                }
            }
            Expression::For(each, body) => {
                let mut loops = loops.clone();
                loops.push(each);
                self.value(&tree["i"], path, body, &format!("{name}[]"), &loops);
            }
            Expression::String(parts) => self.string(tree, path, parts, name),
            Expression::Integer(number) => {
                let outside = tree["min"].as_i64().is_some_and(|min| *number < min)
                    || tree["max"].as_i64().is_some_and(|max| *number > max);
                if outside {
                    self.complain(format!("'{name}' can't be {number}"));
                }
            }
            _ => {}
        }
    }

    fn object(
        &mut self,
        tree: &Value,
        path: &'a str,
        object: &'a Expression,
        name: &str,
        loops: &Loops<'a>,
    ) {
        let Some(tree) = self.variant(tree, path, object, name, loops) else {
            return;
        };
        let outer = self.line;
        let is_body = name.is_empty();
        let within = |member: &str| {
            if is_body {
                member.to_owned()
            } else {
                format!("{name}.{member}")
            }
        };
        for property in object.properties() {
            self.line = property.line;
            let Some(member) = property.name() else {
                self.value(&tree["a"], path, &property.value, &within("*"), loops);
                continue;
            };
            if is_body && BICEP_MEMBERS.contains(&member) {
                continue;
            }
            match tree["p"].get(member) {
                Some(tree) if tree["ro"] == true => {
                    self.complain(format!(
                        "'{}' is answered by Azure, and can't be set",
                        within(member)
                    ));
                }
                Some(tree) => self.value(tree, path, &property.value, &within(member), loops),
                None if !tree["a"].is_null() => {
                    self.value(&tree["a"], path, &property.value, &within(member), loops);
                }
                None => {
                    let hint = Self::hint(&tree["p"], member);
                    self.complain(format!("there is no member '{}'{hint}", within(member)));
                }
            }
        }
        self.line = outer;
        let members = tree["p"].as_object();
        for (member, tree) in members.into_iter().flatten() {
            if tree["req"] == true && object.get(member).is_none() {
                self.complain(format!("'{}' is missing", within(member)));
            }
        }
    }

    /// The tree of an object whose shape depends on one of its members.
    fn variant<'t>(
        &mut self,
        tree: &'t Value,
        path: &'a str,
        object: &'a Expression,
        name: &str,
        loops: &Loops<'a>,
    ) -> Option<&'t Value> {
        let Some(by) = tree["by"].as_str() else {
            return Some(tree);
        };
        let value = object
            .get(by)
            .map(|value| self.project.values(path, value, loops));
        let value = value.and_then(|values| values.first().and_then(|(_, value)| value.text()));
        let variant = value.and_then(|value| tree["one"].get(value));
        if variant.is_none() {
            let known: Vec<_> = tree["one"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str())
                .collect();
            let name = if name.is_empty() {
                by.to_owned()
            } else {
                format!("{name}.{by}")
            };
            self.complain(format!("'{name}' must be one of: {}", known.join(", ")));
        }
        variant
    }

    fn string(&mut self, tree: &Value, path: &'a str, parts: &'a [Part], name: &str) {
        let (least, most) = self.length(path, parts);
        self.bounds(tree, least, most.unwrap_or(least), name, "characters");
        let text = match parts {
            [] => "",
            [Part::Text(text)] => text,
            _ => return,
        };
        if let Some(values) = tree["v"].as_array()
            && !values.iter().any(|value| value == text)
        {
            let known: Vec<_> = values.iter().filter_map(Value::as_str).collect();
            self.complain(format!(
                "'{name}' can't be '{text}': it is one of {}",
                known.join(", ")
            ));
        }
        if let Some(pattern) = tree["re"].as_str() {
            let pattern = fancy_regex::Regex::new(pattern);
            if !pattern.is_ok_and(|pattern| pattern.is_match(text).unwrap_or(false)) {
                self.complain(format!(
                    "'{name}' can't be '{text}': Azure allows no such name"
                ));
            }
        }
    }

    /// The least and the greatest length of a string, as far as they can be known.
    fn length(&self, path: &'a str, parts: &'a [Part]) -> (usize, Option<usize>) {
        let (mut least, mut most) = (0, Some(0));
        for part in parts {
            let lengths: Vec<_> = match part {
                Part::Text(text) => vec![(text.len(), Some(text.len()))],
                Part::Value(value) => {
                    let values = self.project.values(path, value, &Vec::new());
                    values
                        .into_iter()
                        .map(|(path, value)| self.length_of(path, value))
                        .collect()
                }
            };
            least += lengths.iter().map(|(least, _)| *least).min().unwrap_or(0);
            let longest = lengths
                .iter()
                .map(|(_, most)| *most)
                .collect::<Option<Vec<_>>>();
            let longest = longest.map(|all| all.into_iter().max().unwrap_or(0));
            most = most.zip(longest).map(|(most, longest)| most + longest);
        }
        (least, most)
    }

    fn length_of(&self, path: &'a str, value: &'a Expression) -> (usize, Option<usize>) {
        match value {
            Expression::String(parts) => self.length(path, parts),
            Expression::Call(None, name, _) if name == "uniqueString" => (13, Some(13)),
            Expression::Call(None, name, _) if name == "guid" => (36, Some(36)),
            _ => (0, None),
        }
    }

    fn bounds(&mut self, tree: &Value, least: usize, most: usize, name: &str, unit: &str) {
        let bound = |name: &str| {
            tree[name]
                .as_u64()
                .and_then(|bound| usize::try_from(bound).ok())
        };
        if let Some(max) = bound("max")
            && least > max
        {
            self.complain(format!("'{name}' has {least} {unit}, of at most {max}"));
        } else if let Some(min) = bound("min")
            && most < min
        {
            self.complain(format!("'{name}' has {most} {unit}, of at least {min}"));
        }
    }

    /// A member that is spelt alike.
    fn hint(members: &Value, wrong: &str) -> String {
        let alike = |name: &&String| {
            name.eq_ignore_ascii_case(wrong)
                || (name.len().abs_diff(wrong.len()) <= 2
                    && name
                        .chars()
                        .zip(wrong.chars())
                        .filter(|(a, b)| a != b)
                        .count()
                        <= 2)
        };
        let mut names = members
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name);
        names
            .find(alike)
            .map_or_else(String::new, |name| format!("; is '{name}' meant?"))
    }
}
