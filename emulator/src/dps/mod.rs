//! A local Device Provisioning Service, which device SDKs register against and which calls the allocation webhook.
//!
//! The core is pure: [`service`] with the rules around it takes requests and a [`moment`], and says what to do. The service
//! POSTs an `AllocationRequest` to the enrollment's webhook and decides from the answer what becomes of the device.
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation>.

pub mod allocation_request;
pub mod attestation;
pub mod certificates;
pub mod config;
pub mod device_api;
pub mod endpoints;
pub mod enrollment;
pub mod enrollment_error;
pub mod https;
pub mod hubs;
mod json_object;
pub mod moment;
pub mod mqtt;
mod mqtt_packet;
pub mod mqtt_session;
pub mod operation;
pub mod provisioning;
pub mod refusal;
pub mod registration;
pub mod registration_id;
pub mod reprovision;
pub mod sas_token;
pub mod service;
pub mod state;
pub mod symmetric_key;
pub mod throttle;
pub mod thumbprint;
pub mod tls;
pub mod topic;
pub mod twin;
pub mod webhook;
pub mod webhook_outcome;
pub mod websocket;
