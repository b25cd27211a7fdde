//! The IoT hubs that devices are assigned to: identities and device twins.
//!
//! Pure. It does not let a device connect.
//!
//! # Layout
//! - `hubs`: which hub knows which devices.
//! - `twin`: device twins and their limits.
//! - `json_object`: the members of JSON objects, read as the services read them.

mod hubs;
mod json_object;
mod twin;

pub use hubs::{DeviceIdentity, HubChange, Hubs};
pub use json_object::Members;
pub use twin::{DeviceTwin, InitialTwin, TwinError};
