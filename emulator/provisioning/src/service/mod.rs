//! The service itself, pure: requests and a moment come in, decisions go out.

pub mod attestation;
pub mod moment;
pub mod operation;
pub mod provisioning_service;
pub mod registration;
pub mod reprovision;
pub mod throttle;
mod tpm;
mod x509;
