//! Why a device's certificate is refused: what the device hears, and what the log says to do.
//!
//! The sentences for the device are captured ones, all with the code 401002:
//! <https://github.com/Azure/azure-iot-sdk-java/issues/573>,
//! <https://github.com/Azure/azure-iot-sdk-node/issues/532>. When the service says which isn't
//! documented; the emulator's README tells what is assumed.

/// Why a certificate is refused, each with a reason for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is missing, isn't the enrolled one, doesn't hold now, or names another device.
    #[error("Invalid certificate.")]
    Invalid(String),
    /// No certificate that the service knows ends its chain.
    #[error("CA certificate not found.")]
    AuthorityNotFound(String),
    /// Its chain is good, and no group holds one of the chain's certificates.
    #[error("Signing certificate info did not match chain elements")]
    NoGroup(String),
}

impl CertificateError {
    /// What is wrong and what to do about it. It is for the log; the device isn't told.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Invalid(reason) | Self::AuthorityNotFound(reason) | Self::NoGroup(reason) => {
                reason
            }
        }
    }
}
