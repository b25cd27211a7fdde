//! The IoT hubs that the service is linked to: which devices they know, and the devices' twins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::twin::DeviceTwin;

/// A device as its hub knows it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceIdentity {
    /// Its id.
    pub device_id: String,
    /// Whether it is an IoT Edge device.
    pub iot_edge: bool,
    /// Its twin.
    pub twin: DeviceTwin,
}

/// What a registration changes in one hub.
#[derive(Clone, Debug, PartialEq)]
pub enum HubChange {
    /// The hub knows the device from now on, like this.
    Put {
        /// The hub's host name.
        hub: String,
        /// The device.
        identity: DeviceIdentity,
    },
    /// The hub knows the device no more.
    Remove {
        /// The hub's host name.
        hub: String,
        /// The device's id.
        device_id: String,
    },
}

/// All hubs.
#[derive(Clone, Debug, Default)]
pub struct Hubs(BTreeMap<String, BTreeMap<String, DeviceIdentity>>);

impl Hubs {
    /// The linked hubs, empty.
    pub fn linked<'a>(hubs: impl IntoIterator<Item = &'a String>) -> Self {
        let empty = |hub: &String| (hub.clone(), BTreeMap::new());
        Self(hubs.into_iter().map(empty).collect())
    }

    /// Makes a change.
    pub fn apply(&mut self, change: HubChange) {
        match change {
            HubChange::Put { hub, identity } => {
                let devices = self.0.entry(hub).or_default();
                devices.insert(identity.device_id.clone(), identity);
            }
            HubChange::Remove { hub, device_id } => {
                if let Some(devices) = self.0.get_mut(&hub) {
                    devices.remove(&device_id);
                }
            }
        }
    }

    /// A device of a hub. Device ids are compared with their case, as hubs do.
    #[must_use]
    pub fn device(&self, hub: &str, device_id: &str) -> Option<&DeviceIdentity> {
        self.0.get(hub)?.get(device_id)
    }

    /// The hubs by name, with their devices by id.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = (&str, impl ExactSizeIterator<Item = &DeviceIdentity>)> {
        self.0
            .iter()
            .map(|(hub, devices)| (hub.as_str(), devices.values()))
    }
}
