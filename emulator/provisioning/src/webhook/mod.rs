//! The custom allocation webhook: what it is sent, and what its answer means.

pub mod allocation_request;
pub mod client;
pub mod outcome;
pub mod tpm_attestation;
pub mod x509_attestation;
