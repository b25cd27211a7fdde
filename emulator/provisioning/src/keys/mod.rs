//! Symmetric keys, SAS tokens, thumbprints and certificates.

pub mod certificates;
pub mod chain;
pub mod key_pair;
pub mod sas_token;
pub mod symmetric_key;
pub mod thumbprint;
pub mod tpm;
pub mod trial_certificates;
pub mod x509;
