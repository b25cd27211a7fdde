//! Devices go: the deletion of a device deletes its twin.
//!
//! [`Deletion`]s are read from a batch without any I/O, and [`may_delete`] judges a twin;
//! [`delete`] carries them out. Handling a batch twice deletes nothing more than handling it once.

mod plan;

use futures_util::stream::{self, StreamExt};
use reqwest::StatusCode;

use crate::adt::{AdtError, Client, Deadline, DigitalTwin, TwinId};
use crate::provisioning::HUB_REGISTRATION_ID;

pub use plan::{Deletion, Keep, may_delete, plan};

/// How often a twin is read anew after others have changed it.
const ATTEMPTS: u32 = 5;

/// What has become of the twin of a deleted device.
#[derive(Debug)]
pub enum Outcome {
    /// It has been deleted, with its relationships.
    Deleted(TwinId),
    /// There is no such twin, or it has been deleted meanwhile.
    NotFound,
    /// It stays.
    Kept(TwinId, Keep),
    /// The instance refused, and would again.
    Refused(AdtError),
    /// It could not be deleted now.
    Failed(AdtError),
}

/// Deletes the twins of these devices, at most `parallel` at once.
pub async fn delete(
    adt: &Client,
    deletions: Vec<Deletion>,
    hub_property: Option<&str>,
    parallel: usize,
    deadline: Deadline,
) -> Vec<(Deletion, Outcome)> {
    let work = deletions.into_iter().map(|deletion| async move {
        let outcome = delete_one(adt, &deletion, hub_property, deadline)
            .await
            .unwrap_or_else(|error| {
                if error.is_transient() {
                    Outcome::Failed(error)
                } else {
                    Outcome::Refused(error)
                }
            });
        (deletion, outcome)
    });
    stream::iter(work)
        .buffer_unordered(parallel)
        .collect()
        .await
}

async fn delete_one(
    adt: &Client,
    deletion: &Deletion,
    hub_property: Option<&str>,
    deadline: Deadline,
) -> Result<Outcome, AdtError> {
    for _ in 0..ATTEMPTS {
        let Some(twin) = find(adt, deletion, deadline).await? else {
            return Ok(Outcome::NotFound);
        };
        // The service's own id of a twin is always one.
        let Some(id) = TwinId::parse(&twin.id) else {
            return Ok(Outcome::NotFound);
        };
        if let Err(keep) = may_delete(&twin, deletion, hub_property) {
            return Ok(Outcome::Kept(id, keep));
        }
        match delete_with_relationships(adt, &id, &twin.etag, deadline).await {
            Err(error) if error.is_status(StatusCode::NOT_FOUND) => return Ok(Outcome::NotFound),
            // Telemetry, a new relationship, or the device's return to another hub: look again.
            Err(error)
                if error.is_status(StatusCode::PRECONDITION_FAILED)
                    || error.is_code("RelationshipsNotDeleted") => {}
            result => return result.map(|()| Outcome::Deleted(id)),
        }
    }
    Err(AdtError::Contended)
}

/// The device's twin: the one that the hub's twin of the device names, else the one of the device's
/// name, else the one that says that it is the device's.
async fn find(
    adt: &Client,
    deletion: &Deletion,
    deadline: Deadline,
) -> Result<Option<DigitalTwin>, AdtError> {
    let device = TwinId::parse(&deletion.device_id);
    for id in [deletion.twin_id.as_ref(), device.as_ref()]
        .into_iter()
        .flatten()
    {
        if let Some(twin) = adt.get(id, deadline).await? {
            return Ok(Some(twin));
        }
    }
    let found = adt
        .find(HUB_REGISTRATION_ID, &deletion.device_id, deadline)
        .await?;
    Ok(found.into_iter().next())
}

async fn delete_with_relationships(
    adt: &Client,
    id: &TwinId,
    etag: &str,
    deadline: Deadline,
) -> Result<(), AdtError> {
    for relationship in adt.relationships(id, deadline).await? {
        adt.delete_relationship(id.as_str(), &relationship.id, deadline)
            .await?;
    }
    for relationship in adt.incoming_relationships(id, deadline).await? {
        adt.delete_relationship(&relationship.source, &relationship.id, deadline)
            .await?;
    }
    adt.delete(id, etag, deadline).await
}
