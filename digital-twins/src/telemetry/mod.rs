//! Telemetry moves properties: a batch of messages becomes at most one PATCH for each twin.
//!
//! [`Plan`] is pure: which twins get which values, and which events can't be used. [`write()`] carries it out. Handling a batch
//! twice leaves the twins as handling it once.

mod mapping;
mod plan;

use futures_util::stream::{self, StreamExt};

use crate::adt::{AdtError, Client, Deadline, TwinId};

pub use mapping::{Mapping, MappingError, is_property_name};
pub use plan::{EventError, Plan, UnusableEvent};

/// What has become of the twins of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many have been written.
    pub written: usize,
    /// Those that the instance refused, and would again.
    pub refused: Vec<(TwinId, AdtError)>,
    /// Those that could not be written now.
    pub failed: Vec<(TwinId, AdtError)>,
}

/// Writes the plan's values to their twins, at most `parallel` at once. A twin that fails doesn't keep others from being written.
pub async fn write(adt: &Client, plan: Plan, parallel: usize, deadline: Deadline) -> Outcome {
    let writes = plan.patches.into_iter().map(|(twin, patch)| async move {
        let result = adt.update(&twin, &patch, deadline).await;
        (twin, result)
    });
    let mut writes = stream::iter(writes).buffer_unordered(parallel);
    let mut outcome = Outcome::default();
    while let Some((twin, result)) = writes.next().await {
        match result {
            Ok(()) => outcome.written += 1,
            Err(error) if error.is_transient() => outcome.failed.push((twin, error)),
            Err(error) => outcome.refused.push((twin, error)),
        }
    }
    outcome
}
