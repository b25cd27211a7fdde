//! `initialTwin` and `payload`.

use super::reader::{Reader, member};
use super::trail::Trail;
use crate::policy::compiled::answer::Output;
use crate::policy::compiled::path::Scope;
use crate::policy::compiled::template::Parsed;
use crate::policy::json::number::Number;
use crate::policy::json::text::quote;
use crate::policy::json::tree::{Kind, Node};
use crate::policy::twin::{self, BOOLEAN_SIZE, MAX_DEPTH, MAX_DESIRED, MAX_TAGS, TwinProblem};

/// Which limits hold for a value.
enum Limits {
    /// A twin's, with the bytes that its constants have taken.
    Twin {
        size: usize,
    },
    Payload,
}

impl Reader<'_> {
    pub(super) fn initial_twin(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Output> {
        self.copy_or(node, trail, |reader| {
            let members = reader.known_members(node, trail, &["tags", "properties"])?;
            let mut outputs = Vec::new();
            for found in members {
                let trail = trail.name(&found.name);
                let output = match found.name.as_str() {
                    "tags" => reader.twin_part(&found.value, &trail, MAX_TAGS),
                    "properties" => reader.properties(&found.value, &trail),
                    _ => None,
                };
                outputs.push((found.name.as_str(), output?));
            }
            Some(object(outputs))
        })
    }

    fn properties(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Output> {
        self.copy_or(node, trail, |reader| {
            let members = reader.known_members(node, trail, &["desired"])?;
            let Some(found) = member(members, "desired") else {
                return Some(object(Vec::new()));
            };
            let trail = trail.name("desired");
            let desired = reader.twin_part(&found.value, &trail, MAX_DESIRED)?;
            Some(object(vec![("desired", desired)]))
        })
    }

    fn twin_part(&mut self, node: &Node, trail: &Trail<'_>, limit: usize) -> Option<Output> {
        self.copy_or(node, trail, |reader| {
            reader.members(node, trail)?;
            let mut limits = Limits::Twin { size: 0 };
            let output = reader.output(node, trail, &mut limits, 0);
            if let Limits::Twin { size } = limits
                && size > limit
            {
                let message =
                    format!("IoT Hub accepts at most {limit} bytes here, and this has {size}");
                reader.problem(node.start, trail, message);
            }
            output
        })
    }

    pub(super) fn payload(&mut self, node: &Node, trail: &Trail<'_>) -> Option<Output> {
        self.copy_or(node, trail, |reader| {
            reader.members(node, trail)?;
            reader.output(node, trail, &mut Limits::Payload, 0)
        })
    }

    /// One `{path}` or `{path?}` alone, or what `read` reads.
    fn copy_or(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        read: impl FnOnce(&mut Self) -> Option<Output>,
    ) -> Option<Output> {
        let Kind::Text(text) = &node.kind else {
            return read(self);
        };
        match self.template(text, node.start, trail, Scope::Answer)? {
            Parsed::Alone(path) => Some(Output::Copy(path)),
            Parsed::Optional(path) => Some(Output::CopyIfThere(path)),
            Parsed::Text(_) | Parsed::Template(_) => {
                self.wrong_type(node, trail, "an object or one \"{path}\" alone");
                None
            }
        }
    }

    /// Recurses as deeply as the file is nested.
    fn output(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        limits: &mut Limits,
        depth: usize,
    ) -> Option<Output> {
        if matches!(limits, Limits::Twin { .. }) && depth > MAX_DEPTH {
            self.twin_problem(node.start, trail, TwinProblem::Depth);
            return None;
        }
        match &node.kind {
            Kind::Object(members) => {
                let mut outputs = Vec::with_capacity(members.len());
                for found in members {
                    let trail = trail.name(&found.name);
                    self.answer_name(&found.name, found.start, &trail, limits);
                    let value =
                        self.output(&found.value, &trail, limits, next(depth, &found.value));
                    outputs.push((found.name.as_str(), value));
                }
                let outputs: Option<Vec<_>> = outputs
                    .into_iter()
                    .map(|(name, value)| Some((name, value?)))
                    .collect();
                outputs.map(object)
            }
            Kind::Array(elements) => {
                let outputs: Vec<Option<Output>> = elements
                    .iter()
                    .enumerate()
                    .map(|(place, element)| {
                        self.output(element, &trail.index(place), limits, next(depth, element))
                    })
                    .collect();
                outputs.into_iter().collect::<Option<Vec<_>>>().map(array)
            }
            Kind::Text(text) => match self.template(text, node.start, trail, Scope::Answer)? {
                Parsed::Alone(path) => Some(Output::Copy(path)),
                Parsed::Optional(path) => Some(Output::CopyIfThere(path)),
                Parsed::Template(template) => Some(Output::Text(template)),
                Parsed::Text(text) => {
                    self.count(node, trail, limits, twin::check_string(&text));
                    let mut json = String::new();
                    quote(&text, &mut json);
                    Some(Output::Constant(json))
                }
            },
            Kind::Number(json) => {
                if matches!(limits, Limits::Payload) && Number::parse(json).is_none() {
                    self.problem(node.start, trail, "the number is too large");
                    return None;
                }
                self.count(node, trail, limits, twin::check_number(json));
                Some(Output::Constant(json.clone()))
            }
            Kind::Boolean(value) => {
                self.count(node, trail, limits, Ok(BOOLEAN_SIZE));
                Some(Output::Constant(value.to_string()))
            }
            Kind::Null => {
                self.count(node, trail, limits, Err(TwinProblem::Null));
                Some(Output::Constant("null".to_owned()))
            }
        }
    }

    fn answer_name(&mut self, name: &str, start: usize, trail: &Trail<'_>, limits: &mut Limits) {
        let has_template = name
            .split_once('{')
            .is_some_and(|(_, behind)| behind.contains('}'));
        if has_template {
            let message = "a member's name can't contain a template: only values can";
            self.problem(start, trail, message);
        }
        if let Limits::Twin { size } = limits {
            match twin::check_name(name) {
                Ok(bytes) => *size += bytes,
                Err(problem) => self.twin_problem(start, trail, problem),
            }
        }
    }

    fn count(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        limits: &mut Limits,
        counted: Result<usize, TwinProblem>,
    ) {
        if let Limits::Twin { size } = limits {
            match counted {
                Ok(bytes) => *size += bytes,
                Err(problem) => self.twin_problem(node.start, trail, problem),
            }
        }
    }

    fn twin_problem(&mut self, start: usize, trail: &Trail<'_>, problem: TwinProblem) {
        self.problem(
            start,
            trail,
            format!("IoT Hub does not accept it: {problem}"),
        );
    }
}

/// The depth of a value within one of this depth.
fn next(depth: usize, value: &Node) -> usize {
    match value.kind {
        Kind::Object(_) | Kind::Array(_) => depth + 1,
        _ => depth,
    }
}

fn object(members: Vec<(&str, Output)>) -> Output {
    let members: Vec<(String, Output)> = members
        .into_iter()
        .map(|(name, output)| {
            let mut json = String::new();
            quote(name, &mut json);
            (json, output)
        })
        .collect();
    let mut json = String::from("{");
    for (name, output) in &members {
        let Output::Constant(constant) = output else {
            return Output::Object(members);
        };
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(name);
        json.push(':');
        json.push_str(constant);
    }
    json.push('}');
    Output::Constant(json)
}

fn array(elements: Vec<Output>) -> Output {
    let mut json = String::from("[");
    for output in &elements {
        let Output::Constant(constant) = output else {
            return Output::Array(elements);
        };
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(constant);
    }
    json.push(']');
    Output::Constant(json)
}
