//! Telemetry moves properties: a batch of messages becomes at most one PATCH for each twin.
//!
//! [`Plan`] is pure: which twins get which values, and which events can't be used. [`write()`]
//! carries it out. Handling a batch twice leaves the twins as handling it once.

mod mapping;
mod plan;
mod write;

pub use mapping::{Kind, Mapping, MappingError, Pair, is_property_name};
pub use plan::{EventError, EventProblem, Plan, Target, TwinUpdate, Unmapped, WrongKindError};
pub use write::{MissingComponents, Outcome, Refused, write};
