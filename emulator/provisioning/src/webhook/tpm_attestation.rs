//! How the service and its tools write the public keys of a TPM.
//!
//! Source:
//! <https://learn.microsoft.com/rest/api/iot-dps/service/individual-enrollment/get#tpmattestation>.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The keys that an enrollment names, in base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TpmAttestation {
    /// The key that no other TPM has.
    pub endorsement_key: String,
    /// The key under which it keeps others, where the enrollment names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_root_key: Option<String>,
}

/// The keys that a device has shown, in base64.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TpmDevice {
    /// The key that no other TPM has.
    pub endorsement_key: String,
    /// The key under which it keeps others.
    pub storage_root_key: String,
}

impl fmt::Debug for TpmAttestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TpmAttestation(…)")
    }
}

impl fmt::Debug for TpmDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TpmDevice(…)")
    }
}
