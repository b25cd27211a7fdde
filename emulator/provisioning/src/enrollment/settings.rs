//! Service settings: its hubs, its enrollments, and how patient it is.

use std::time::Duration;

use crate::enrollment::enrollments::Enrollments;

/// The ID scope, unless a file names another.
pub const ID_SCOPE: &str = "0ne00LOCAL1";

/// Service settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What a device names to reach this service and no other.
    pub id_scope: String,
    /// The hubs, by host name.
    pub linked_hubs: Vec<String>,
    /// Who may register.
    pub enrollments: Enrollments,
    /// Whether rates are limited.
    pub throttled: bool,
    /// What waits are multiplied by: those between retries, and those of devices before they may
    /// and should ask again.
    pub time_scale: f64,
    /// The least time that an assignment takes, before it is multiplied.
    pub assign_after: Duration,
}
