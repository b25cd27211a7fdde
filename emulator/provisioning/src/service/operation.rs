//! An unfinished registration: the question that it puts to the webhook, and all that changes when
//! it is decided.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use serde_json::value::RawValue;

use crate::clock::{RequestContext, Timestamp};
use crate::enrollment::enrollments::{Allocation, Enrollment, Reprovisioning};
use crate::enrollment::registration_id::RegistrationId;
use crate::keys::wrapped_key::WrappedKey;
use crate::service::attestation::Attested;
use crate::service::registration::{Decision, Outcome, Progress, Proof, Registration};
use crate::service::reprovision::{Assignment, TwinSource, assign, candidates};
use crate::webhook::allocation_request::{AllocationRequest, DeviceAttestation};
use crate::webhook::outcome::CUSTOM_ALLOCATION_FAILED;
use iot_hub::{DeviceIdentity, DeviceTwin, HubChange, Hubs, InitialTwin, TwinError};

/// A registration that isn't finished.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) started: Timestamp,
    pub(crate) progress: Progress,
    registration_id: RegistrationId,
    enrollment: Arc<Enrollment>,
    proof: DeviceAttestation,
    hub_key: Option<WrappedKey>,
    payload: Option<Box<RawValue>>,
    candidates: Vec<String>,
}

/// All that a finished registration changes.
#[derive(Debug)]
pub struct Settlement {
    /// The new record.
    pub registration: Registration,
    /// The changes in the hubs.
    pub hub_changes: Vec<HubChange>,
}

impl Operation {
    /// Starts the registration of a device, of which there may be a `previous` record.
    pub(crate) fn start(
        at: &RequestContext,
        attested: Attested,
        payload: Option<Box<RawValue>>,
        previous: Option<&Registration>,
        linked_hubs: &[String],
    ) -> Self {
        let Attested {
            registration_id,
            enrollment,
            proof,
            hub_key,
        } = attested;
        let current = previous.and_then(Registration::assignment);
        let candidates = candidates(
            current,
            enrollment.reprovisioning,
            enrollment.hubs.as_deref(),
            linked_hubs,
        );
        Self {
            id: operation_id(&registration_id, at),
            started: at.now,
            progress: first_progress(&enrollment, current, &registration_id, &candidates),
            registration_id,
            enrollment,
            proof,
            hub_key,
            payload,
            candidates,
        }
    }

    /// The question to the webhook.
    pub(crate) fn allocation_request(&self, previous: Option<&Registration>) -> AllocationRequest {
        let request = AllocationRequest::new(
            self.registration_id.as_str(),
            &self.enrollment.shape,
            self.candidates.clone(),
        )
        .with_attestation(self.proof.clone())
        .with_payload(self.payload.clone());
        match previous.and_then(Registration::assignment) {
            Some(current) => request.with_current_assignment(&current.hub, &current.device_id),
            None => request,
        }
    }

    /// What the decision comes to.
    pub(crate) fn settle(
        &self,
        decision: &Decision,
        previous: Option<&Registration>,
        hubs: &Hubs,
        at: &RequestContext,
    ) -> Settlement {
        let current = previous.and_then(Registration::assignment);
        let mut earlier_hubs = previous.map_or_else(Vec::new, |record| record.earlier_hubs.clone());
        let mut hub_changes = Vec::new();
        let outcome = match decision {
            Decision::Assign {
                hub,
                initial_twin,
                payload,
            } => match self.place(current, &earlier_hubs, hubs, hub, initial_twin.as_deref()) {
                Ok((assignment, changes)) => {
                    hub_changes = changes;
                    let left = current
                        .map(|current| &current.hub)
                        .filter(|&left| *left != assignment.hub && !earlier_hubs.contains(left));
                    earlier_hubs.extend(left.cloned());
                    Outcome::Assigned {
                        assignment,
                        payload: payload.clone(),
                    }
                }
                Err(problem) => Outcome::Failed {
                    assignment: current.cloned(),
                    error_code: CUSTOM_ALLOCATION_FAILED,
                    message: format!(
                        "Custom allocation failed: the hub refuses the initial twin: {problem}"
                    ),
                },
            },
            Decision::Fail {
                error_code,
                message,
            } => Outcome::Failed {
                assignment: current.cloned(),
                error_code: *error_code,
                message: message.clone(),
            },
        };
        Settlement {
            registration: Registration {
                registration_id: self.registration_id.as_str().to_owned(),
                operation_id: self.id.clone(),
                created: previous.map_or(at.now, |record| record.created),
                last_updated: at.now,
                etag: STANDARD.encode(format!("\"{}\"", at.id)),
                proof: match self.proof {
                    DeviceAttestation::X509 { .. } => self
                        .enrollment
                        .group_id()
                        .map_or(Proof::X509, |group| Proof::X509Group(group.to_owned())),
                    DeviceAttestation::Tpm(_) => Proof::Tpm {
                        hub_key: self.hub_key.clone().unwrap_or_default(),
                    },
                    DeviceAttestation::SymmetricKey {} => {
                        Proof::SymmetricKey(self.enrollment.group_id().map(str::to_owned))
                    }
                },
                earlier_hubs,
                outcome,
            },
            hub_changes,
        }
    }

    /// Where the device goes in `hub`, and with which twin; an error is why the hub refuses the
    /// twin.
    fn place(
        &self,
        current: Option<&Assignment>,
        earlier_hubs: &[String],
        hubs: &Hubs,
        hub: &str,
        initial_twin: Option<&RawValue>,
    ) -> Result<(Assignment, Vec<HubChange>), InitialTwinError> {
        let moved = assign(current, earlier_hubs, self.enrollment.reprovisioning, hub);
        if let (TwinSource::Unchanged, Some(current)) = (moved.twin, current) {
            return Ok((current.clone(), Vec::new()));
        }
        let device_id = self.enrollment.device_id(&self.registration_id);
        let known = current
            .filter(|_| moved.twin == TwinSource::Migrated)
            .and_then(|left| hubs.device(&left.hub, &left.device_id));
        let identity = match known {
            Some(known) => DeviceIdentity {
                device_id: device_id.clone(),
                ..known.clone()
            },
            None => DeviceIdentity {
                device_id: device_id.clone(),
                iot_edge: self.enrollment.iot_edge,
                twin: first_twin(&self.enrollment, initial_twin)?,
            },
        };
        let removal = current.map(|left| HubChange::Remove {
            hub: left.hub.clone(),
            device_id: left.device_id.clone(),
        });
        let put = HubChange::Put {
            hub: hub.to_owned(),
            identity,
        };
        let assignment = Assignment {
            hub: hub.to_owned(),
            device_id,
            substatus: moved.substatus,
        };
        Ok((assignment, removal.into_iter().chain([put]).collect()))
    }
}

/// A webhook has to be asked; every other policy decides at once.
fn first_progress(
    enrollment: &Enrollment,
    current: Option<&Assignment>,
    registration_id: &RegistrationId,
    candidates: &[String],
) -> Progress {
    let kept = current.filter(|_| enrollment.reprovisioning == Reprovisioning::Never);
    let hub = match (&enrollment.allocation, kept) {
        (Allocation::Custom(url), _) => {
            return Progress::Asking {
                retries: 0,
                url: url.clone(),
            };
        }
        (Allocation::Static(_) | Allocation::Hashed, Some(kept)) => kept.hub.clone(),
        (Allocation::Static(hub), None) => hub.clone(),
        (Allocation::Hashed, None) => hashed(registration_id, candidates).to_owned(),
    };
    Progress::Decided(Decision::Assign {
        hub,
        initial_twin: None,
        payload: None,
    })
}

/// Why the hub refuses an initial twin.
#[derive(Debug, thiserror::Error)]
enum InitialTwinError {
    #[error(transparent)]
    Shape(#[from] serde_json::Error),
    #[error(transparent)]
    Limit(#[from] TwinError),
}

fn first_twin(
    enrollment: &Enrollment,
    wanted: Option<&RawValue>,
) -> Result<DeviceTwin, InitialTwinError> {
    let Some(wanted) = wanted else {
        return Ok(enrollment.initial_twin.clone());
    };
    let twin: InitialTwin = serde_json::from_str(wanted.get())?;
    Ok(DeviceTwin::try_from(twin)?)
}

/// An id that looks like the service's: a digit, sixteen hexadecimal digits and a UUID.
fn operation_id(registration_id: &RegistrationId, at: &RequestContext) -> String {
    format!("5.{:016x}.{}", hash(registration_id), at.id)
}

/// The same hub for the same device, and evenly many devices for each.
fn hashed<'a>(registration_id: &RegistrationId, hubs: &'a [String]) -> &'a str {
    let count = u64::try_from(hubs.len()).unwrap_or(u64::MAX).max(1);
    let index = usize::try_from(hash(registration_id) % count).unwrap_or_default();
    hubs.get(index).map_or("", String::as_str)
}

fn hash(registration_id: &RegistrationId) -> u64 {
    let digest = digest::digest(&digest::SHA256, registration_id.key().as_bytes());
    let head = digest.as_ref().iter().take(8);
    head.fold(0, |hash, &byte| hash << 8 | u64::from(byte))
}
