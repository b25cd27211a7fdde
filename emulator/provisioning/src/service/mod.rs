//! The service itself, pure: requests and a moment come in, decisions go out.

pub(crate) mod attestation;
pub(crate) mod caller;
pub(crate) mod operation;
pub(crate) mod provisioning_service;
pub(crate) mod registration;
pub(crate) mod reprovision;
pub(crate) mod throttle;
mod tpm;
mod x509;
