//! Why an enrollment can't be used, in a sentence that names it.

use std::fmt;

use crate::enrollment::registration_id::InvalidRegistrationId;
use crate::keys::symmetric_key::InvalidKey;
use iot_hub::twin::TwinError;

/// An enrollment that can't be used, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollmentError {
    enrollment: String,
    kind: EnrollmentErrorKind,
}

/// Why an enrollment can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnrollmentErrorKind {
    RegistrationId(InvalidRegistrationId),
    Attestation(String),
    NoKeys,
    Key(InvalidKey),
    NoThumbprints,
    Thumbprint,
    X509Group,
    AllocationPolicy(String),
    NoStaticHub,
    NoWebhook,
    WebhookUrl,
    ProvisioningStatus(String),
    TwinShape(String),
    Twin(TwinError),
}

impl EnrollmentErrorKind {
    pub(crate) fn of(self, enrollment: &str) -> EnrollmentError {
        EnrollmentError {
            enrollment: enrollment.to_owned(),
            kind: self,
        }
    }
}

impl fmt::Display for EnrollmentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "enrollment {}: {}", self.enrollment, self.kind)
    }
}

impl std::error::Error for EnrollmentError {}

impl fmt::Display for EnrollmentErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RegistrationId(error) => error.fmt(formatter),
            Self::Attestation(kind) => write!(
                formatter,
                "attestation.type is {kind:?}; symmetricKey, x509 and tpm are known"
            ),
            Self::NoKeys => write!(
                formatter,
                "attestation.symmetricKey is missing; print the enrollment with --show-keys"
            ),
            Self::Key(error) => write!(formatter, "attestation.symmetricKey: {error}"),
            Self::NoThumbprints => write!(
                formatter,
                "attestation.x509.clientCertificates.primary.info.sha256Thumbprint is missing"
            ),
            Self::Thumbprint => write!(
                formatter,
                "attestation.x509 has a sha256Thumbprint that isn't 64 hexadecimal digits"
            ),
            Self::X509Group => write!(
                formatter,
                "X.509 groups aren't emulated; make an individual enrollment for the device"
            ),
            Self::AllocationPolicy(policy) => write!(
                formatter,
                "allocationPolicy is {policy:?}; custom, hashed and static are emulated"
            ),
            Self::NoStaticHub => write!(
                formatter,
                "allocationPolicy static needs iotHubHostName, or a hub in iotHubs"
            ),
            Self::NoWebhook => write!(
                formatter,
                "allocationPolicy custom needs customAllocationDefinition.webhookUrl"
            ),
            // Without the URL, whose query is the function key.
            Self::WebhookUrl => write!(
                formatter,
                "customAllocationDefinition.webhookUrl must be an absolute http or https URL"
            ),
            Self::ProvisioningStatus(status) => write!(
                formatter,
                "provisioningStatus is {status:?}; it must be enabled or disabled"
            ),
            Self::TwinShape(problem) => write!(formatter, "initialTwin: {problem}"),
            Self::Twin(error) => write!(formatter, "initialTwin: {error}"),
        }
    }
}
