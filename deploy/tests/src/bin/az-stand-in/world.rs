//! What there is in Azure, in a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The world and what a test has planned for it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct World {
    /// By app and function the keys.
    pub(crate) apps: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    /// By service its records.
    pub(crate) services: BTreeMap<String, Service>,
    /// How often a function still answers 401 to a key that is new.
    pub(crate) unknown_for: usize,
    /// Whether the service hides the key in a webhook's URL.
    pub(crate) hides_keys: bool,
    /// Counts up with each record written.
    pub(crate) version: usize,
    pub(crate) plans: Vec<Plan>,
    /// The arguments of all calls.
    pub(crate) calls: Vec<String>,
}

/// A provisioning service.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Service {
    /// By collection (`enrollments` or `enrollmentGroups`) and id the records, with the keys of
    /// their attestation.
    pub(crate) records: BTreeMap<String, BTreeMap<String, Value>>,
}

/// What happens at a call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Plan {
    /// The call, counted from 1.
    pub(crate) call: usize,
    /// Answer this status, and do nothing.
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<String>,
    /// Kill the script `before` the call is carried out, or `after`.
    pub(crate) stop: Option<String>,
    /// What somebody else does at that moment: `touch`, `delete` or `make` the first group.
    pub(crate) change: Option<String>,
}

fn path() -> PathBuf {
    PathBuf::from(std::env::var_os("AZ_STAND_IN").unwrap_or_default()).join("world.json")
}

impl World {
    pub(crate) fn open() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("world.json: {error}"))
    }

    pub(crate) fn save(&self) {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        fs::write(path(), text).unwrap_or_else(|error| panic!("world.json: {error}"));
    }

    pub(crate) fn next_version(&mut self) -> usize {
        self.version += 1;
        self.version
    }

    /// What somebody else does.
    pub(crate) fn change(&mut self, change: &str) {
        let version = self.next_version();
        for service in self.services.values_mut() {
            let groups = service
                .records
                .entry("enrollmentGroups".to_owned())
                .or_default();
            match change {
                "touch" => {
                    for record in groups.values_mut() {
                        record["etag"] = json!(format!("e{version}"));
                        record["initialTwin"] = json!({"tags": {"touched": version}});
                    }
                }
                "delete" => groups.clear(),
                "make" => {
                    groups.entry("contoso-custom-allocated-devices".to_owned()).or_insert_with(|| {
                        json!({
                            "enrollmentGroupId": "contoso-custom-allocated-devices",
                            "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": "s3cr3t-other-1", "secondaryKey": "s3cr3t-other-2"}},
                            "allocationPolicy": "hashed",
                            "etag": format!("e{version}"),
                        })
                    });
                }
                other => panic!("no such change: {other}"),
            }
        }
    }
}
