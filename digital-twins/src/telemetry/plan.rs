//! Which twins get which values from a batch.

use custom_handler::EventData;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

use super::mapping::{Kind, Mapping, Members, is_property_name};
use crate::adt::{JsonPatch, TwinId};

const DEVICE_ID: &str = "iothub-connection-device-id";
const MESSAGE_SOURCE: &str = "iothub-message-source";
const TELEMETRY: &str = "Telemetry";

/// The component of an IoT Plug and Play device that a message is from.
///
/// Source: <https://learn.microsoft.com/azure/iot/concepts-developer-guide-device#telemetry>.
const COMPONENT: &str = "dt-subject";

/// How an enrichment that could not be resolved begins: the hub stamps its literal text, such as
/// `$twin.tags.dtId`.
///
/// Source: <https://learn.microsoft.com/azure/iot-hub/iot-hub-message-enrichments-overview>.
const UNRESOLVED: &str = "$twin.";

/// How deep members are looked for that are only named. What is deeper is named by what holds it.
const NAMED_DEPTH: usize = 3;

/// What is to be written after a batch.
#[derive(Debug, Default)]
pub struct Plan {
    /// The newest values, twin by twin.
    pub updates: Vec<TwinUpdate>,
    /// Events that can't be used, now or later.
    pub unusable: Vec<EventProblem>,
    /// Events of which some members can't be used, and others can.
    pub partly_usable: Vec<EventProblem>,
    /// What events have that have no member that goes anywhere.
    pub unmapped: Unmapped,
    /// How many events have nothing for us: other messages of the hub, or no member that goes
    /// anywhere.
    pub skipped: usize,
}

/// The newest values of a twin.
#[derive(Clone, Debug, PartialEq)]
pub struct TwinUpdate {
    /// The twin.
    pub twin: TwinId,
    /// What goes where. There is something.
    pub values: BTreeMap<Target, Value>,
}

/// A property of a twin or of one of its components. Displayed as `Temperature` or
/// `thermostat1/Temperature`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The component; `None` is the twin itself.
    pub component: Option<String>,
    /// The property.
    pub property: String,
}

/// Members that no event's reader knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unmapped {
    /// How many events have no other members.
    pub events: usize,
    /// All of these members, nested ones with dots.
    pub members: BTreeSet<String>,
}

/// An event that can't be used, or not wholly.
#[derive(Debug, PartialEq, Eq)]
pub struct EventProblem {
    /// Its number in the partition, by which it can be found.
    pub sequence_number: String,
    /// Why.
    pub error: EventError,
}

/// Why an event can't be used. Shows nothing of its body.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EventError {
    /// The hub has not said which device it is from.
    #[error("it has no system property {DEVICE_ID}: is it from an IoT hub?")]
    NoDeviceId,
    /// The name of its twin is not a valid twin ID.
    #[error("its device or enrichment is not a valid twin ID")]
    NotATwinId,
    /// The name of its component is not valid.
    #[error("its system property {COMPONENT} is not a valid component name")]
    NotAComponent,
    /// The body is not a JSON object.
    #[error("its body is not a JSON object in UTF-8")]
    NotAnObject,
    /// Members that go to properties are of another kind than the setting says.
    #[error("{}", all(.0))]
    WrongKind(Vec<WrongKindError>),
}

/// A member of another kind than the setting says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{member} in its body is not a {kind}")]
pub struct WrongKindError {
    /// The member.
    pub member: String,
    /// What it must be.
    pub kind: Kind,
}

fn all(errors: &[WrongKindError]) -> String {
    let errors: Vec<_> = errors.iter().map(WrongKindError::to_string).collect();
    errors.join(", ")
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(component) = &self.component {
            write!(f, "{component}/")?;
        }
        f.write_str(&self.property)
    }
}

impl TwinUpdate {
    /// The change of the twin.
    #[must_use]
    pub fn patch(&self) -> JsonPatch {
        let mut patch = JsonPatch::default();
        for (target, value) in &self.values {
            target.add_to(&mut patch, value.clone());
        }
        patch
    }
}

impl Target {
    pub(super) fn add_to(&self, patch: &mut JsonPatch, value: Value) {
        match &self.component {
            None => patch.add(&self.property, value),
            Some(component) => patch.add_in(component, &self.property, value),
        }
    }
}

impl Plan {
    /// Reads a batch. Later events are newer: a partition keeps the order of a device's messages.
    ///
    /// `enrichment` is the application property in which the hub names the twin.
    #[must_use]
    pub fn new(batch: &[EventData<'_>], mapping: &Mapping, enrichment: Option<&str>) -> Self {
        let mut newest: BTreeMap<TwinId, BTreeMap<Target, Value>> = BTreeMap::new();
        let mut plan = Self::default();
        for event in batch {
            let problem = |error| EventProblem {
                sequence_number: sequence_number(event),
                error,
            };
            let Reading {
                twin,
                values,
                wrong,
                unmapped,
            } = match Reading::of(event, mapping, enrichment) {
                Ok(Some(reading)) => reading,
                Ok(None) => {
                    plan.skipped += 1;
                    continue;
                }
                Err(error) => {
                    plan.unusable.push(problem(error));
                    continue;
                }
            };
            match (values.is_empty(), wrong.is_empty()) {
                (true, true) => {
                    plan.skipped += 1;
                    plan.unmapped.events += usize::from(!unmapped.is_empty());
                    plan.unmapped.members.extend(unmapped);
                }
                (true, false) => plan.unusable.push(problem(EventError::WrongKind(wrong))),
                (false, is_fine) => {
                    if !is_fine {
                        let problem = problem(EventError::WrongKind(wrong));
                        plan.partly_usable.push(problem);
                    }
                    newest.entry(twin).or_default().extend(values);
                }
            }
        }
        let updates = newest.into_iter();
        plan.updates = updates
            .map(|(twin, values)| TwinUpdate { twin, values })
            .collect();
        plan
    }
}

fn sequence_number(event: &EventData<'_>) -> String {
    let number = event.system_properties.get("SequenceNumber");
    number.map_or_else(|| "?".to_owned(), Cow::into_owned)
}

/// What one event says of a twin.
struct Reading {
    twin: TwinId,
    values: Vec<(Target, Value)>,
    wrong: Vec<WrongKindError>,
    /// The members, where none of them goes anywhere.
    unmapped: Vec<String>,
}

impl Reading {
    fn of(
        event: &EventData<'_>,
        mapping: &Mapping,
        enrichment: Option<&str>,
    ) -> Result<Option<Self>, EventError> {
        let source = event.system_properties.get(MESSAGE_SOURCE);
        if source.is_some_and(|source| source != TELEMETRY) {
            return Ok(None);
        }
        let device = event
            .system_properties
            .get(DEVICE_ID)
            .ok_or(EventError::NoDeviceId)?;
        let named = enrichment.and_then(|name| event.properties.get(name));
        let named = named.filter(|twin| !twin.is_empty() && !twin.starts_with(UNRESOLVED));
        let twin = TwinId::parse(&named.unwrap_or(device)).ok_or(EventError::NotATwinId)?;
        let component = event.system_properties.get(COMPONENT);
        let component = component.filter(|name| !name.is_empty());
        if component
            .as_deref()
            .is_some_and(|name| !is_property_name(name))
        {
            return Err(EventError::NotAComponent);
        }
        let body = event.body();
        let members: Members<'_> = Members::parse(&body).ok_or(EventError::NotAnObject)?;
        let (mut values, mut wrong) = (Vec::new(), Vec::new());
        let mut is_mapped = false;
        for pair in mapping.iter() {
            is_mapped |= pair.is_in(&members);
            let Some(value) = pair.value(&members) else {
                continue;
            };
            let Some(value) = pair.kind.value(value) else {
                wrong.push(WrongKindError {
                    member: pair.member.clone(),
                    kind: pair.kind,
                });
                continue;
            };
            let target = Target {
                component: component.as_deref().map(str::to_owned),
                property: pair.property.clone(),
            };
            values.push((target, value));
        }
        let mut unmapped = Vec::new();
        if !is_mapped {
            name_members(&members, "", NAMED_DEPTH, &mut unmapped);
        }
        Ok(Some(Self {
            twin,
            values,
            wrong,
            unmapped,
        }))
    }
}

/// Names members by the path that a mapping would use.
fn name_members(members: &Members<'_>, prefix: &str, depth: usize, names: &mut Vec<String>) {
    for (name, value) in members.iter() {
        let name = format!("{prefix}{name}");
        match Members::parse(value).filter(|nested| depth > 1 && !nested.is_empty()) {
            Some(nested) => name_members(&nested, &format!("{name}."), depth - 1, names),
            None => names.push(name),
        }
    }
}

#[cfg(test)]
mod tests;
