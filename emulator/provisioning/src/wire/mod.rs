//! What devices and the service say to each other: shapes, topics and refusals.

pub(crate) mod certificate_error;
pub(crate) mod device_api;
pub(crate) mod device_registration;
pub(crate) mod mqtt_packet;
pub(crate) mod request_error;
pub(crate) mod topic;
pub(crate) mod tpm_challenge;
