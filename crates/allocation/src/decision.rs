//! What a policy says.

use std::sync::Arc;

use log::Level;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::Text;
use crate::dps::LinkedHub;

/// What becomes of a device, by which rule, and what the log says of it.
///
/// It borrows nothing, so that any closure can be a policy.
#[derive(Clone, Debug)]
pub struct Decision {
    rule: Text,
    outcome: Outcome,
    log_line: Option<Text>,
    level: Option<Level>,
    explanation: Vec<String>,
    may_hold_secrets: bool,
}

/// A decision taken apart.
pub(crate) struct Parts {
    pub(crate) rule: Text,
    pub(crate) outcome: Outcome,
    pub(crate) log_line: Option<Text>,
    pub(crate) level: Option<Level>,
    pub(crate) explanation: Vec<String>,
    pub(crate) may_hold_secrets: bool,
}

/// What becomes of a device.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It gets a hub.
    Assign(Assignment),
    /// It gets none, and would get none if it asked again: 400 and this sentence, behind which the
    /// service fails it at once.
    Refuse(Text),
    /// It gets none for the moment: 503 and this sentence, behind which the service asks again.
    Retry(Text),
    /// It gets none by a mistake of ours: 500 and a sentence that tells nothing. The log line
    /// tells.
    Fail,
}

/// A hub for a device. Only [`Decision::assign`] makes one.
#[derive(Clone, Debug)]
pub struct Assignment {
    hub: String,
    initial_twin: Option<Arc<RawValue>>,
    payload: Option<Arc<RawValue>>,
    payload_first: bool,
}

impl Assignment {
    /// The hub's host name, in the request's spelling.
    #[must_use]
    pub fn hub(&self) -> &str {
        &self.hub
    }

    /// What the device's first twin says, as JSON.
    #[must_use]
    pub fn initial_twin(&self) -> Option<&RawValue> {
        self.initial_twin.as_deref()
    }

    /// What the device itself is told, as JSON.
    #[must_use]
    pub fn payload(&self) -> Option<&RawValue> {
        self.payload.as_deref()
    }

    /// Whether the payload was said before the twin. The answer keeps this order.
    #[must_use]
    pub fn is_payload_first(&self) -> bool {
        self.payload_first
    }
}

impl Decision {
    fn new(rule: Text, outcome: Outcome) -> Self {
        Self {
            rule,
            outcome,
            log_line: None,
            level: None,
            explanation: Vec::new(),
            may_hold_secrets: true,
        }
    }

    /// The device goes to `hub`, by the rule of this name.
    #[must_use]
    pub fn assign(rule: impl Into<Text>, hub: LinkedHub<'_>) -> Self {
        let assignment = Assignment {
            hub: hub.host_name().to_owned(),
            initial_twin: None,
            payload: None,
            payload_first: false,
        };
        Self::new(rule.into(), Outcome::Assign(assignment))
    }

    /// The device is refused with this sentence, and would be again.
    #[must_use]
    pub fn refuse(sentence: impl Into<Text>) -> Self {
        Self::new(Text::default(), Outcome::Refuse(sentence.into()))
    }

    /// There is no decision for the moment, for the reason that this sentence gives; the service
    /// asks again.
    #[must_use]
    pub fn retry(sentence: impl Into<Text>) -> Self {
        Self::new(Text::default(), Outcome::Retry(sentence.into()))
    }

    /// There is no decision by a mistake of ours. The caller hears nothing of it, the log has this
    /// line.
    #[must_use]
    pub fn fail(log_line: impl Into<Text>) -> Self {
        Self::new(Text::default(), Outcome::Fail).log_line(log_line)
    }

    /// Names the rule that has decided.
    #[must_use]
    pub fn by_rule(mut self, rule: impl Into<Text>) -> Self {
        self.rule = rule.into();
        self
    }

    /// Says what the device's first twin holds, an object with `tags` and `properties.desired`. A
    /// decision that assigns nothing has none.
    #[must_use]
    pub fn initial_twin(mut self, twin: impl Into<Arc<RawValue>>) -> Self {
        if let Outcome::Assign(assignment) = &mut self.outcome {
            assignment.initial_twin = Some(twin.into());
        }
        self
    }

    /// Adds a tag to the device's first twin.
    #[must_use]
    pub fn tag(self, name: &str, value: impl Into<Value>) -> Self {
        self.twin_member("/tags", name, value.into())
    }

    /// Adds a desired property to the device's first twin.
    #[must_use]
    pub fn desired(self, name: &str, value: impl Into<Value>) -> Self {
        self.twin_member("/properties/desired", name, value.into())
    }

    fn twin_member(mut self, pointer: &str, name: &str, value: Value) -> Self {
        if let Outcome::Assign(assignment) = &mut self.outcome {
            let twin = assignment.initial_twin.as_deref();
            let mut twin = twin.map_or(Value::Null, |twin| {
                serde_json::from_str(twin.get()).unwrap_or_default()
            });
            let mut place = &mut twin;
            for step in pointer.split('/').skip(1) {
                place = &mut object(place)[step];
            }
            object(place)[name] = value;
            assignment.initial_twin = to_raw_value(&twin).ok().map(Arc::from);
        }
        self
    }

    /// Says what the device itself is told, a JSON object. A decision that assigns nothing tells
    /// nothing.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Arc<RawValue>>) -> Self {
        if let Outcome::Assign(assignment) = &mut self.outcome {
            assignment.payload_first = assignment.initial_twin.is_none();
            assignment.payload = Some(payload.into());
        }
        self
    }

    /// Sets what the log says of the decision: by default rule and hub, or the sentence.
    #[must_use]
    pub fn log_line(mut self, line: impl Into<Text>) -> Self {
        self.log_line = Some(line.into());
        self
    }

    /// Sets how loud the decision is in the process's log: by default info, a warning behind a
    /// retry, an error behind a failure.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Adds lines to the invocation's log that tell how the decision was reached. They are shown
    /// where the log's level is debug, and must hold no secret.
    #[must_use]
    pub fn explain(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.explanation.extend(lines);
        self
    }

    /// Says that the log may show twin and payload as they are. Otherwise they are masked as the
    /// request is.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.may_hold_secrets = false;
        self
    }

    /// The name of the rule that has decided; empty where there is none.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What becomes of the device.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// How the decision was reached.
    #[must_use]
    pub fn explanation(&self) -> &[String] {
        &self.explanation
    }

    /// What the log says of the decision, where it does not say rule and hub, or the sentence.
    #[must_use]
    pub fn own_log_line(&self) -> Option<&str> {
        self.log_line.as_deref()
    }

    pub(crate) fn into_parts(self) -> Parts {
        Parts {
            rule: self.rule,
            outcome: self.outcome,
            log_line: self.log_line,
            level: self.level,
            explanation: self.explanation,
            may_hold_secrets: self.may_hold_secrets,
        }
    }
}

/// The value as an object, in the place of whatever else it is.
fn object(value: &mut Value) -> &mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dps::AllocationRequest;

    fn assign() -> Decision {
        let request = AllocationRequest::parse(r#"{"linkedHubs":["h"]}"#).unwrap();
        let hubs = request.linked_hubs.unwrap();
        Decision::assign("r", hubs.iter().next().unwrap())
    }

    #[track_caller]
    fn check(decision: &Decision, twin: Option<&str>, payload: Option<&str>) {
        let Outcome::Assign(assignment) = decision.outcome() else {
            panic!("it assigns: {decision:?}");
        };
        assert_eq!((decision.rule(), assignment.hub()), ("r", "h"));
        assert_eq!(assignment.initial_twin().map(RawValue::get), twin);
        assert_eq!(assignment.payload().map(RawValue::get), payload);
    }

    #[test]
    fn an_assignment_has_a_twin_and_a_payload_as_they_are_given() {
        let json = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        check(&assign(), None, None);
        check(
            &assign()
                .initial_twin(json(r#"{"tags":{ }}"#))
                .payload(json(r#"{"p": 1.0}"#)),
            Some(r#"{"tags":{ }}"#),
            Some(r#"{"p": 1.0}"#),
        );
        check(
            &assign().tag("a", "b").desired("c", 1).tag("d", true),
            Some(r#"{"properties":{"desired":{"c":1}},"tags":{"a":"b","d":true}}"#),
            None,
        );
        check(
            &assign()
                .initial_twin(json(r#"{"tags":{"a":1}}"#))
                .tag("b", 2),
            Some(r#"{"tags":{"a":1,"b":2}}"#),
            None,
        );
    }

    #[test]
    fn what_assigns_nothing_has_no_twin() {
        let twin = RawValue::from_string("{}".to_owned()).unwrap();
        let decision = Decision::refuse("No.")
            .tag("a", 1)
            .initial_twin(twin.clone())
            .payload(twin)
            .by_rule("r");
        assert!(matches!(decision.outcome(), Outcome::Refuse(sentence) if sentence == "No."));
        assert_eq!(decision.rule(), "r");
    }
}
