//! A custom allocation webhook for the IoT Hub Device Provisioning Service, as a custom handler for Azure Functions.

pub mod allocation;
pub mod dps;
pub mod host;
pub mod json;
