//! Devices come: each finds its twin, or gets one, while it is provisioned.
//!
//! [`Wanted`] is read from the request, and [`judge`] compares a twin with it, both without any
//! I/O; [`find_or_create`] asks the instance. It changes no property that is there but the two that
//! say whose twin it is, and the model where that may be upgraded, so the service may ask as often
//! as it likes.

mod judgement;
mod wanted;

use std::fmt;

use reqwest::StatusCode;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::adt::{AdtError, Client, Deadline, DigitalTwin, TwinId};

pub use judgement::{Judgement, judge};
pub use wanted::{RegistrationError, Wanted};

/// The property of a twin that names the registration that it belongs to.
pub const HUB_REGISTRATION_ID: &str = "HubRegistrationId";

/// How often we look again after others have made or deleted the twin.
const ATTEMPTS: u32 = 3;

/// How twins are made and kept.
#[derive(Clone, Copy, Debug)]
pub struct TwinRules<'a> {
    /// What a new twin starts with.
    pub initial_properties: &'a Map<String, Value>,
    /// The property that records the device's hub.
    pub hub_property: Option<&'a str>,
    /// Whether a twin gets the newer version of its model that its device says it is.
    pub upgrade_models: bool,
}

/// The device's twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// Its id.
    pub twin: TwinId,
    /// How it came about.
    pub origin: Origin,
    /// The model that it was of before it got the device's newer version.
    pub upgraded_from: Option<String>,
}

/// Where a device's twin comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is named like the registration.
    FoundById,
    /// It says that it belongs to the registration.
    FoundByRegistration,
    /// It has been made.
    Created,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FoundById => "found by its id",
            Self::FoundByRegistration => "found by its HubRegistrationId",
            Self::Created => "created",
        })
    }
}

/// Why a device gets no twin.
#[derive(Debug, Error)]
pub enum ProvisioningError {
    /// The device is wrong, and would be again.
    #[error(transparent)]
    Refused(#[from] RegistrationError),
    /// The instance does not do what we ask.
    #[error(transparent)]
    Adt(#[from] AdtError),
}

/// Finds the device's twin by its id, else by its registration, else makes it.
///
/// # Errors
/// When the device is refused, or the instance is temporarily unavailable.
pub async fn find_or_create(
    adt: &Client,
    wanted: &Wanted<'_>,
    rules: TwinRules<'_>,
    deadline: Deadline,
) -> Result<Provisioned, ProvisioningError> {
    for _ in 0..ATTEMPTS {
        let found = match adt.get(&wanted.twin_id, deadline).await? {
            Some(twin) => match judge(&twin, wanted, rules)? {
                Judgement::OfAnother { registration_id } => {
                    match by_registration(adt, wanted, deadline).await? {
                        Some(twin) => Some((twin, Origin::FoundByRegistration)),
                        None => {
                            return Err(RegistrationError::TwinTaken {
                                twin: twin.id,
                                registration_id,
                            }
                            .into());
                        }
                    }
                }
                Judgement::Fits { .. } | Judgement::Outdated { .. } => {
                    Some((twin, Origin::FoundById))
                }
            },
            None => by_registration(adt, wanted, deadline)
                .await?
                .map(|twin| (twin, Origin::FoundByRegistration)),
        };
        match found {
            Some((twin, origin)) => {
                if let Some(linked) = link(adt, twin, origin, wanted, rules, deadline).await? {
                    return Ok(linked);
                }
            }
            None => {
                if create(adt, wanted, rules, deadline).await? {
                    return Ok(Provisioned {
                        twin: wanted.twin_id.clone(),
                        origin: Origin::Created,
                        upgraded_from: None,
                    });
                }
            }
        }
    }
    Err(AdtError::Contended.into())
}

async fn by_registration(
    adt: &Client,
    wanted: &Wanted<'_>,
    deadline: Deadline,
) -> Result<Option<DigitalTwin>, ProvisioningError> {
    let mut found = adt
        .find(HUB_REGISTRATION_ID, wanted.twin_id.as_str(), deadline)
        .await?;
    if found.len() > 1 {
        let twins = found.into_iter().map(|twin| twin.id).collect();
        return Err(RegistrationError::Ambiguous { twins }.into());
    }
    Ok(found.pop())
}

/// Writes to a twin whose it is, where it doesn't say so yet, and upgrades its model. `None` means
/// that it has gone or changed meanwhile.
async fn link(
    adt: &Client,
    twin: DigitalTwin,
    origin: Origin,
    wanted: &Wanted<'_>,
    rules: TwinRules<'_>,
    deadline: Deadline,
) -> Result<Option<Provisioned>, ProvisioningError> {
    let Some(id) = TwinId::parse(&twin.id) else {
        return Ok(None);
    };
    let (patch, is_outdated) = match judge(&twin, wanted, rules)? {
        Judgement::Fits { patch } => (patch, false),
        Judgement::Outdated { patch } => (patch, true),
        Judgement::OfAnother { .. } => return Ok(None),
    };
    let written = if is_outdated {
        // Another registration of the device may have brought a still newer model.
        adt.update_if_match(&id, &twin.etag, &patch, deadline).await
    } else if patch.is_empty() {
        Ok(())
    } else {
        adt.update(&id, &patch, deadline).await
    };
    match written {
        Ok(()) => Ok(Some(Provisioned {
            twin: id,
            origin,
            upgraded_from: is_outdated.then_some(twin.metadata.model),
        })),
        Err(error)
            if error.is_status(StatusCode::NOT_FOUND)
                || error.is_status(StatusCode::PRECONDITION_FAILED) =>
        {
            Ok(None)
        }
        Err(error) => Err(unusable(wanted, error)),
    }
}

/// Makes the twin. `false` means that somebody else has made it meanwhile.
async fn create(
    adt: &Client,
    wanted: &Wanted<'_>,
    rules: TwinRules<'_>,
    deadline: Deadline,
) -> Result<bool, ProvisioningError> {
    let mut properties = rules.initial_properties.clone();
    properties.insert(
        HUB_REGISTRATION_ID.to_owned(),
        wanted.twin_id.as_str().into(),
    );
    if let Some(property) = rules.hub_property {
        properties.insert(property.to_owned(), wanted.hub.host_name().into());
    }
    let created = adt
        .create(&wanted.twin_id, &wanted.model, &properties, deadline)
        .await;
    created.map_err(|error| unusable(wanted, error))
}

/// The instance's own refusal of a twin is one of the device, as it chose the model.
fn unusable(wanted: &Wanted<'_>, error: AdtError) -> ProvisioningError {
    match error {
        AdtError::Status {
            status: StatusCode::BAD_REQUEST,
            code,
            message,
        } => RegistrationError::UnusableModel {
            model: wanted.model.to_string(),
            reason: format!("{code}: {}", message.trim_end_matches('.')),
        }
        .into(),
        error => error.into(),
    }
}
