//! Why a device has no hub.

use emulator_text::printable;

use crate::connection::{ConnectionError, TrustError};
use crate::tpm::TpmError;

/// Why a device has no hub.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The registration failed, for this reason.
    #[error("the registration failed {error_code}: {}", printable(.message))]
    Failed {
        /// The reason, as a number.
        error_code: u64,
        /// The reason, as a sentence.
        message: String,
    },
    /// The enrollment is disabled.
    #[error("the enrollment is disabled")]
    Disabled,
    /// The service refused the request.
    #[error("the service answered {status} {error_code}: {}", printable(.message))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason, as a number.
        error_code: u64,
        /// The reason, as a sentence.
        message: String,
    },
    /// The service gave no answer.
    #[error(transparent)]
    Unreachable(#[from] ConnectionError),
    /// The device's certificate can't be presented.
    #[error(transparent)]
    Certificate(#[from] TrustError),
    /// The answer says nothing that a device understands.
    #[error("the answer has neither a result nor an operationId")]
    NoProgress,
    /// The TPM can't read the nonce.
    #[error("the TPM can't unwrap the nonce")]
    Nonce(#[source] TpmError),
    /// The answer lacks the key with which a device with a TPM goes to its hub.
    #[error("the answer has no registrationState.tpm")]
    NoHubKey,
    /// The TPM can't read that key.
    #[error("the TPM can't unwrap its key for the hub")]
    HubKey(#[source] TpmError),
}

impl RegistrationError {
    /// What the C SDK calls it, its `PROV_DEVICE_RESULT`.
    ///
    /// Source:
    /// <https://github.com/Azure/azure-iot-sdk-c/blob/main/provisioning_client/src/prov_device_ll_client.c>.
    #[must_use]
    pub fn device_result(&self) -> &'static str {
        match self {
            Self::Failed {
                error_code: 400_208,
                ..
            } => "PROV_DEVICE_RESULT_HUB_NOT_SPECIFIED",
            Self::Failed {
                error_code: 400_209,
                ..
            } => "PROV_DEVICE_RESULT_UNAUTHORIZED",
            Self::Failed { .. } | Self::Refused { .. } => "PROV_DEVICE_RESULT_DEV_AUTH_ERROR",
            Self::Disabled => "PROV_DEVICE_RESULT_DISABLED",
            Self::Unreachable(_)
            | Self::Certificate(_)
            | Self::NoProgress
            | Self::Nonce(_)
            | Self::NoHubKey
            | Self::HubKey(_) => "PROV_DEVICE_RESULT_TRANSPORT",
        }
    }
}
