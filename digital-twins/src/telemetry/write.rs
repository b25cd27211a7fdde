//! Writing a plan's values.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use reqwest::StatusCode;

use super::plan::{Plan, Target, TwinUpdate};
use crate::adt::{AdtError, Client, Deadline, JsonPatch, TwinId};

/// What has become of the twins of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many have been written, if only in part.
    pub written: usize,
    /// What the instance refused, and would again.
    pub refused: Vec<Refused>,
    /// Those that could not be written now.
    pub failed: Vec<(TwinId, AdtError)>,
    /// What components reported that a twin doesn't have.
    pub missing: Vec<MissingComponents>,
}

/// A write that the instance refused.
#[derive(Debug)]
pub struct Refused {
    /// The twin.
    pub twin: TwinId,
    /// The property, where others of the twin were written or refused apart from it.
    pub target: Option<Target>,
    /// Why.
    pub error: AdtError,
}

/// Components that have reported, and that their twin doesn't have.
#[derive(Debug, PartialEq, Eq)]
pub struct MissingComponents {
    /// The twin.
    pub twin: TwinId,
    /// Its model.
    pub model: String,
    /// The components.
    pub components: Vec<String>,
}

/// Writes the plan's values to their twins, at most `parallel` at once. A twin that fails doesn't
/// keep others from being written.
pub async fn write(adt: &Client, plan: Plan, parallel: usize, deadline: Deadline) -> Outcome {
    let writes = plan
        .updates
        .into_iter()
        .map(|update| write_twin(adt, update, deadline));
    let mut writes = stream::iter(writes).buffer_unordered(parallel);
    let mut outcome = Outcome::default();
    while let Some(of_twin) = writes.next().await {
        outcome.written += of_twin.written;
        outcome.refused.extend(of_twin.refused);
        outcome.failed.extend(of_twin.failed);
        outcome.missing.extend(of_twin.missing);
    }
    outcome
}

async fn write_twin(adt: &Client, mut update: TwinUpdate, deadline: Deadline) -> Outcome {
    let mut outcome = Outcome::default();
    match leave_out_missing(adt, &mut update, deadline).await {
        Ok(missing) => outcome.missing.extend(missing),
        Err(error) => {
            outcome.fail(update.twin, None, error);
            return outcome;
        }
    }
    if update.values.is_empty() {
        return outcome;
    }
    let written = adt.update(&update.twin, &update.patch(), deadline).await;
    match written {
        Ok(()) => outcome.written = 1,
        Err(error) if error.is_status(StatusCode::BAD_REQUEST) && update.values.len() > 1 => {
            one_by_one(adt, update, deadline, &mut outcome).await;
        }
        Err(error) => outcome.fail(update.twin, None, error),
    }
    outcome
}

/// Takes values out whose component the twin doesn't have. Only where components report is the twin
/// read at all.
async fn leave_out_missing(
    adt: &Client,
    update: &mut TwinUpdate,
    deadline: Deadline,
) -> Result<Option<MissingComponents>, AdtError> {
    let components = update.values.keys().filter_map(|to| to.component.clone());
    let components: BTreeSet<_> = components.collect();
    if components.is_empty() {
        return Ok(None);
    }
    // Where there is no twin, the write is told so.
    let Some(twin) = adt.get(&update.twin, deadline).await? else {
        return Ok(None);
    };
    update.values.retain(|to, _| {
        let component = to.component.as_deref();
        component.is_none_or(|name| twin.has_component(name))
    });
    let components = components.into_iter();
    let components: Vec<_> = components
        .filter(|name| !twin.has_component(name))
        .collect();
    Ok((!components.is_empty()).then(|| MissingComponents {
        twin: update.twin.clone(),
        model: twin.metadata.model,
        components,
    }))
}

/// Writes each value by itself, as the instance refuses a patch whole where the model doesn't take
/// one value of it.
async fn one_by_one(adt: &Client, update: TwinUpdate, deadline: Deadline, outcome: &mut Outcome) {
    for (target, value) in update.values {
        let mut patch = JsonPatch::default();
        target.add_to(&mut patch, value);
        match adt.update(&update.twin, &patch, deadline).await {
            Ok(()) => outcome.written = 1,
            Err(error) if error.is_transient() => {
                // The batch comes again.
                outcome.fail(update.twin, None, error);
                return;
            }
            Err(error) => outcome.fail(update.twin.clone(), Some(target), error),
        }
    }
}

impl Outcome {
    fn fail(&mut self, twin: TwinId, target: Option<Target>, error: AdtError) {
        if error.is_transient() {
            self.failed.push((twin, error));
        } else {
            self.refused.push(Refused {
                twin,
                target,
                error,
            });
        }
    }
}
