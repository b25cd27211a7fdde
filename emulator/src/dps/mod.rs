//! The Device Provisioning Service's side of custom allocation.
//!
//! The service POSTs an `AllocationRequest` to the enrollment's webhook and decides from the answer what becomes of the device.
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation>.

pub mod allocation_request;
pub mod webhook_outcome;
