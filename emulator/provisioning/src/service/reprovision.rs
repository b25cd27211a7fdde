//! What becomes of a device and its twin when it is assigned: for the first time, again, or to
//! another hub.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-device-reprovision>.

use serde::{Deserialize, Serialize};

use crate::enrollment::enrollments::Reprovisioning;
use crate::wire::device_api::Substatus;

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Assignment {
    /// Its hub.
    pub hub: String,
    /// Its id in the hub.
    pub device_id: String,
    /// How it came there.
    pub substatus: Substatus,
}

/// What an assignment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// What the device is told.
    pub substatus: Substatus,
    /// Where its twin comes from.
    pub twin: TwinSource,
}

/// Where the twin in the new hub comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TwinSource {
    /// From the webhook, or else the enrollment.
    Initial,
    /// It stays as it is.
    Unchanged,
    /// From the hub that the device leaves.
    Migrated,
}

/// What it does to a device to be assigned to `hub`.
///
/// `earlier_hubs` are those that it had before its `current` one.
#[must_use]
pub(crate) fn assign(
    current: Option<&Assignment>,
    earlier_hubs: &[String],
    policy: Reprovisioning,
    hub: &str,
) -> Move {
    let Some(current) = current else {
        return Move {
            substatus: Substatus::InitialAssignment,
            twin: TwinSource::Initial,
        };
    };
    if current.hub.eq_ignore_ascii_case(hub) {
        return Move {
            substatus: current.substatus,
            twin: TwinSource::Unchanged,
        };
    }
    let returns = earlier_hubs
        .iter()
        .any(|earlier| earlier.eq_ignore_ascii_case(hub));
    let (substatus, twin) = match policy {
        Reprovisioning::Migrate | Reprovisioning::Never => {
            (Substatus::DeviceDataMigrated, TwinSource::Migrated)
        }
        Reprovisioning::Reset => (Substatus::DeviceDataReset, TwinSource::Initial),
    };
    Move {
        substatus: if returns {
            Substatus::ReprovisionedToInitialAssignment
        } else {
            substatus
        },
        twin,
    }
}

/// The hubs that may be chosen: those of the enrollment, or all that the service is linked to, and
/// only the current one for a device that must keep it.
#[must_use]
pub(crate) fn candidates(
    current: Option<&Assignment>,
    policy: Reprovisioning,
    enrollment_hubs: Option<&[String]>,
    linked_hubs: &[String],
) -> Vec<String> {
    match (current, policy) {
        (Some(current), Reprovisioning::Never) => vec![current.hub.clone()],
        _ => enrollment_hubs.unwrap_or(linked_hubs).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hub: &str) -> Assignment {
        Assignment {
            hub: hub.to_owned(),
            device_id: "toaster".to_owned(),
            substatus: Substatus::DeviceDataReset,
        }
    }

    #[track_caller]
    fn check(
        current: Option<&str>,
        policy: Reprovisioning,
        hub: &str,
        substatus: Substatus,
        twin: TwinSource,
    ) {
        let earlier = ["first.azure-devices.net".to_owned()];
        let current = current.map(at);
        let actual = assign(current.as_ref(), &earlier, policy, hub);
        assert_eq!(actual, Move { substatus, twin }, "{current:?} to {hub}");
    }

    #[test]
    fn a_first_assignment_starts_with_the_initial_twin_under_every_policy() {
        for policy in [
            Reprovisioning::Migrate,
            Reprovisioning::Reset,
            Reprovisioning::Never,
        ] {
            let initial = Substatus::InitialAssignment;
            check(None, policy, "b", initial, TwinSource::Initial);
        }
    }

    #[test]
    fn the_same_hub_changes_nothing_under_every_policy() {
        for policy in [
            Reprovisioning::Migrate,
            Reprovisioning::Reset,
            Reprovisioning::Never,
        ] {
            let kept = Substatus::DeviceDataReset;
            check(Some("b"), policy, "B", kept, TwinSource::Unchanged);
        }
    }

    #[test]
    fn another_hub_takes_the_twin_or_starts_afresh() {
        check(
            Some("a"),
            Reprovisioning::Migrate,
            "b",
            Substatus::DeviceDataMigrated,
            TwinSource::Migrated,
        );
        check(
            Some("a"),
            Reprovisioning::Reset,
            "b",
            Substatus::DeviceDataReset,
            TwinSource::Initial,
        );
    }

    #[test]
    fn a_hub_that_the_device_had_before_has_a_substatus_of_its_own() {
        let returned = Substatus::ReprovisionedToInitialAssignment;
        let first = "first.azure-devices.net";
        let (migrate, reset) = (Reprovisioning::Migrate, Reprovisioning::Reset);
        check(Some("a"), migrate, first, returned, TwinSource::Migrated);
        check(Some("a"), reset, first, returned, TwinSource::Initial);
    }

    #[test]
    fn the_hubs_to_choose_from_follow_three_rules() {
        let linked = ["a".to_owned(), "b".to_owned()];
        let selected = ["b".to_owned()];
        let migrate = Reprovisioning::Migrate;
        let current = at("c");
        assert_eq!(candidates(None, migrate, Some(&selected), &linked), ["b"]);
        assert_eq!(candidates(None, migrate, None, &linked), ["a", "b"]);
        assert_eq!(
            candidates(
                Some(&current),
                Reprovisioning::Never,
                Some(&selected),
                &linked
            ),
            ["c"]
        );
        assert_eq!(
            candidates(None, Reprovisioning::Never, Some(&selected), &linked),
            ["b"]
        );
        assert_eq!(
            candidates(Some(&current), Reprovisioning::Reset, None, &linked),
            ["a", "b"]
        );
    }
}
