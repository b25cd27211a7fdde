//! Why an enrollment can't be used, in a sentence that names it.

use std::fmt;

use crate::enrollment::registration_id::RegistrationIdError;
use crate::keys::symmetric_key::SymmetricKeyError;
use crate::keys::tpm::TpmKeyError;
use crate::keys::x509::ParseCertificateError;
use iot_hub::{InitialTwin, TwinError};

/// An enrollment that can't be used, by its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("enrollment {enrollment}: {kind}")]
pub struct EnrollmentError {
    enrollment: String,
    kind: EnrollmentErrorKind,
}

/// What a device's id may hold beside letters and digits.
///
/// Source:
/// <https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry#device-identity-properties>.
pub(crate) const DEVICE_ID_MARKS: &str = "-.%_*?!(),:=@$'";

/// Why an enrollment can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnrollmentErrorKind {
    RegistrationId(RegistrationIdError),
    DeviceId(String),
    Attestation(String),
    NoKeys,
    Key(SymmetricKeyError),
    NoThumbprints,
    Thumbprint,
    Certificate(String, ParseCertificateError),
    NoCertificate(String),
    NoSigningCertificates,
    NoSuchCertificate(String),
    Unverified(String),
    TpmGroup,
    NoEndorsementKey,
    TpmKey(&'static str, TpmKeyError),
    AllocationPolicy(String),
    NoStaticHub,
    NoWebhook,
    WebhookUrl,
    ProvisioningStatus(String),
    TwinShape(String),
    TwinMember(String),
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

impl fmt::Display for EnrollmentErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RegistrationId(error) => error.fmt(f),
            Self::DeviceId(id) => write!(
                f,
                "deviceId is {id:?}; 1 to 128 letters, digits and characters of {DEVICE_ID_MARKS} are allowed"
            ),
            Self::Attestation(kind) => write!(
                f,
                "attestation.type is {kind:?}; symmetricKey, x509 and tpm are known"
            ),
            Self::NoKeys => write!(
                f,
                "attestation.symmetricKey needs primaryKey and secondaryKey, which az prints with --show-keys alone"
            ),
            Self::Key(error) => write!(f, "attestation.symmetricKey: {error}"),
            Self::NoThumbprints => write!(
                f,
                "attestation.x509.clientCertificates.primary needs the device's certificate, or its info.sha256Thumbprint"
            ),
            Self::Thumbprint => write!(
                f,
                "attestation.x509 has a sha256Thumbprint that isn't 64 hexadecimal digits"
            ),
            Self::Certificate(place, error) => write!(f, "{place}: {error}"),
            Self::NoCertificate(place) => write!(
                f,
                "{place} is missing, as the service prints its info alone, and signatures are verified with the certificate \
                 itself; put there the text of the file that the group was made with (az iot dps enrollment-group create \
                 --certificate-path FILE), PEM or base64"
            ),
            Self::NoSigningCertificates => write!(
                f,
                "attestation.x509 of a group needs signingCertificates.primary.certificate or caReferences.primary"
            ),
            Self::NoSuchCertificate(name) => write!(
                f,
                "attestation.x509.caReferences names {name:?}; add it to the configuration's \"certificates\", as \
                 {{\"name\": {name:?}, \"certificate\": \"…\"}} or as az iot dps certificate show prints it"
            ),
            Self::Unverified(name) => write!(
                f,
                "attestation.x509.caReferences names {name:?}, which isn't verified; the service takes verified certificates only"
            ),
            Self::AllocationPolicy(policy) if policy.eq_ignore_ascii_case("geoLatency") => write!(
                f,
                "allocationPolicy geoLatency isn't emulated, as no latency to a hub can be measured here; use hashed, which \
                 spreads devices over the hubs, or static with the hub to be expected in iotHubHostName"
            ),
            Self::TpmGroup => write!(
                f,
                "attestation.type is tpm, which only an individual enrollment can have"
            ),
            Self::NoEndorsementKey => write!(
                f,
                "attestation.tpm.endorsementKey is missing, which is the TPM's own"
            ),
            Self::TpmKey(member, error) => {
                write!(f, "attestation.tpm.{member} can't be used: {error}")
            }
            Self::AllocationPolicy(policy) => write!(
                f,
                "allocationPolicy is {policy:?}; custom, hashed and static are emulated"
            ),
            Self::NoStaticHub => write!(
                f,
                "allocationPolicy static needs iotHubHostName, or a hub in iotHubs"
            ),
            Self::NoWebhook => write!(
                f,
                "allocationPolicy custom needs customAllocationDefinition.webhookUrl"
            ),
            // Without the URL, whose query is the function key.
            Self::WebhookUrl => write!(
                f,
                "customAllocationDefinition.webhookUrl must be an absolute http or https URL"
            ),
            Self::ProvisioningStatus(status) => write!(
                f,
                "provisioningStatus is {status:?}; it must be enabled or disabled"
            ),
            Self::TwinShape(problem) => write!(f, "initialTwin: {problem}"),
            Self::TwinMember(name) => write!(
                f,
                "initialTwin.{name} is not a twin's member; {}",
                InitialTwin::members_beside(name)
            ),
            Self::Twin(error) => write!(f, "initialTwin: {error}"),
        }
    }
}
