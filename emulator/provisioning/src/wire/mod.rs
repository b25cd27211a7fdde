//! What devices and the service say to each other: shapes, topics and refusals.

pub mod certificate_refusal;
pub mod device_api;
pub mod device_registration;
pub mod mqtt_packet;
pub mod refusal;
pub mod topic;
pub mod tpm_challenge;
