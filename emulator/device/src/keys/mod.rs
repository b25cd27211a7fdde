//! The symmetric key of a device, and the token that it signs with it.

pub mod sas_token;
pub mod symmetric_key;
