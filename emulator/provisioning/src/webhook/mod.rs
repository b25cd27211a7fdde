//! The custom allocation webhook: what it is sent, and what its answer means.

pub(crate) mod allocation_request;
pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod outcome;
pub(crate) mod tpm_attestation;
pub(crate) mod webhook_url;
pub(crate) mod x509_attestation;
