//! A local Device Provisioning Service, which device SDKs register against and which calls the allocation webhook.
//!
//! The core is pure: [`service`] with the rules around it takes requests and a [`moment`](service::moment), and says what to do. The service
//! POSTs an `AllocationRequest` to the enrollment's webhook and decides from the answer what becomes of the device.
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation>.

pub mod enrollment;
pub mod keys;
pub mod server;
pub mod service;
pub mod webhook;
pub mod wire;
