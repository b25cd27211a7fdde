//! Symmetric keys, SAS tokens, thumbprints and certificates.

pub(crate) mod certificates;
pub(crate) mod chain;
pub(crate) mod crypto_provider;
pub(crate) mod key_pair;
pub(crate) mod sas_token;
pub(crate) mod symmetric_key;
pub(crate) mod thumbprint;
pub(crate) mod tpm;
pub(crate) mod trial_certificates;
pub(crate) mod wrapped_key;
pub(crate) mod x509;
