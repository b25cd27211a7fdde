//! What a device with a TPM is answered that hasn't signed with a nonce yet.
//!
//! The Node and C# SDKs read these three members of the body of a 401.

use serde::Serialize;

use crate::keys::wrapped_key::WrappedKey;

/// A nonce for a device's TPM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TpmChallenge {
    message: &'static str,
    authentication_key: WrappedKey,
    key_name: &'static str,
    /// Why the device is challenged, for the log.
    #[serde(skip)]
    pub reason: &'static str,
}

impl TpmChallenge {
    /// A challenge with this nonce, in base64 and wrapped for the TPM.
    #[must_use]
    pub fn new(authentication_key: WrappedKey, reason: &'static str) -> Self {
        Self {
            message: "Unauthorized",
            authentication_key,
            key_name: "registration",
            reason,
        }
    }
}
