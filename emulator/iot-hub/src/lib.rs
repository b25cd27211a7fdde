//! The IoT hubs that devices are assigned to: identities and device twins.
//!
//! Pure. It does not let a device connect.

pub mod hubs;
pub mod json_object;
pub mod twin;
