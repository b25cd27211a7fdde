//! What an enrollment comes down to: who may register, with what proof, and where to.
//!
//! The shapes that the service and its tools write are in
//! [`allocation_request`](crate::webhook::allocation_request), because a webhook gets them too.
//! Here they are parsed once, so that the rest of the service trusts its types. An enrollment that
//! asks for what isn't emulated is refused here, and not when its first device comes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::enrollment::authorities::Authorities;
use crate::enrollment::error::{DEVICE_ID_MARKS, EnrollmentError, EnrollmentErrorKind};
use crate::enrollment::registration_id::RegistrationId;
use crate::enrollment::x509::{add_info, client_certificates, signing_certificates};
use crate::keys::symmetric_key::SymmetricKey;
use crate::keys::thumbprint::Thumbprint;
use crate::keys::tpm::TpmPublicKey;
use crate::keys::x509::Certificate;
use crate::webhook::allocation_request::{self as shape, AttestationMechanism, EnrollmentSettings};
use crate::webhook::tpm_attestation::TpmAttestation;
use crate::webhook::webhook_url::WebhookUrl;
use iot_hub::{DeviceTwin, InitialTwin};

/// An enrollment, ready to use.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// The record, as a webhook gets it.
    pub shape: shape::Enrollment,
    /// The proof that a device owes.
    pub attestation: Attestation,
    /// Who chooses the hub.
    pub allocation: Allocation,
    /// The hubs selected on it; `None` means all that the service is linked to.
    pub hubs: Option<Vec<String>>,
    /// What happens when an assigned device registers again.
    pub reprovisioning: Reprovisioning,
    /// The twin of a device, unless a webhook gives one.
    pub initial_twin: DeviceTwin,
    /// Whether a device is an IoT Edge device.
    pub iot_edge: bool,
    /// Whether its devices are refused as disabled.
    pub disabled: bool,
}

/// The proof that a device owes.
#[derive(Clone, Debug)]
pub enum Attestation {
    /// A signature with one of these keys, or with a key derived from one when the enrollment is a
    /// group.
    SymmetricKey(Vec<SymmetricKey>),
    /// One of these certificates.
    X509(Vec<Thumbprint>),
    /// A certificate that one of these signed, directly or through others.
    SigningCertificates(Vec<Certificate>),
    /// The trusted platform module that has these keys.
    Tpm(TpmKeys),
}

/// The keys by which a device's TPM is known.
#[derive(Clone, Debug)]
pub struct TpmKeys {
    /// The key that no other TPM has.
    pub endorsement_key: TpmPublicKey,
    /// The key under which it keeps others, where the enrollment names it.
    pub storage_root_key: Option<TpmPublicKey>,
}

/// Who chooses the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// The service, evenly over the hubs.
    Hashed,
    /// The enrollment: this hub for all.
    Static(String),
    /// The webhook at this URL.
    Custom(WebhookUrl),
}

/// What happens when an assigned device registers again.
///
/// Source:
/// <https://learn.microsoft.com/azure/iot-dps/concepts-device-reprovision#reprovision-policies>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reprovisioning {
    /// It may get another hub, and its twin moves there.
    Migrate,
    /// It may get another hub, and starts there afresh.
    Reset,
    /// It keeps its hub.
    Never,
}

impl Enrollment {
    /// Parses an enrollment group, which may name one of the `authorities`.
    ///
    /// # Errors
    /// What in it is wrong, or isn't emulated.
    pub fn group(
        mut group: shape::EnrollmentGroup,
        authorities: &Authorities,
    ) -> Result<Self, EnrollmentError> {
        let name = group.enrollment_group_id.clone();
        let mechanism = &group.attestation;
        let attestation = match mechanism.kind.as_str() {
            "x509" => signing_certificates(mechanism.x509.as_ref(), authorities)
                .map(Attestation::SigningCertificates),
            "tpm" => Err(EnrollmentErrorKind::TpmGroup),
            _ => attestation(mechanism),
        }
        .map_err(|error| error.of(&name))?;
        add_info(group.attestation.x509.as_mut());
        let settings = group.settings.clone();
        Self::new(shape::Enrollment::Group(group), attestation, settings)
            .map_err(|error| error.of(&name))
    }

    /// Parses an individual enrollment.
    ///
    /// # Errors
    /// What in it is wrong, or isn't emulated.
    pub fn individual(
        mut enrollment: shape::IndividualEnrollment,
    ) -> Result<Self, EnrollmentError> {
        let name = enrollment.registration_id.clone();
        RegistrationId::parse(&name)
            .map_err(|error| EnrollmentErrorKind::RegistrationId(error).of(&name))?;
        if let Some(id) = enrollment.device_id.as_ref().filter(|id| !is_device_id(id)) {
            return Err(EnrollmentErrorKind::DeviceId(id.clone()).of(&name));
        }
        let attestation = attestation(&enrollment.attestation).map_err(|error| error.of(&name))?;
        add_info(enrollment.attestation.x509.as_mut());
        let settings = enrollment.settings.clone();
        Self::new(
            shape::Enrollment::Individual(enrollment),
            attestation,
            settings,
        )
        .map_err(|error| error.of(&name))
    }

    fn new(
        shape: shape::Enrollment,
        attestation: Attestation,
        settings: EnrollmentSettings,
    ) -> Result<Self, EnrollmentErrorKind> {
        Ok(Self {
            shape,
            attestation,
            allocation: allocation(&settings)?,
            hubs: settings.iot_hubs.filter(|hubs| !hubs.is_empty()),
            reprovisioning: match settings.reprovision_policy {
                None => Reprovisioning::Never,
                Some(policy) if !policy.update_hub_assignment => Reprovisioning::Never,
                Some(policy) if policy.migrate_device_data => Reprovisioning::Migrate,
                Some(_) => Reprovisioning::Reset,
            },
            initial_twin: initial_twin(settings.initial_twin)?,
            iot_edge: settings
                .capabilities
                .is_some_and(|capabilities| capabilities.iot_edge),
            disabled: match settings.provisioning_status.as_deref() {
                None | Some("enabled") => false,
                Some("disabled") => true,
                Some(other) => {
                    return Err(EnrollmentErrorKind::ProvisioningStatus(other.to_owned()));
                }
            },
        })
    }

    /// The name of the group, or `None` for an individual enrollment.
    #[must_use]
    pub fn group_id(&self) -> Option<&str> {
        match &self.shape {
            shape::Enrollment::Group(group) => Some(&group.enrollment_group_id),
            shape::Enrollment::Individual(_) => None,
        }
    }

    /// The registration id of an individual enrollment, or `None` for a group.
    #[must_use]
    pub fn registration_id(&self) -> Option<&str> {
        match &self.shape {
            shape::Enrollment::Group(_) => None,
            shape::Enrollment::Individual(individual) => Some(&individual.registration_id),
        }
    }

    /// The id in its hub of the device that registers as `registration_id`.
    #[must_use]
    pub fn device_id(&self, registration_id: &RegistrationId) -> String {
        match &self.shape {
            shape::Enrollment::Group(_) => None,
            shape::Enrollment::Individual(individual) => individual.device_id.clone(),
        }
        .unwrap_or_else(|| registration_id.as_str().to_owned())
    }
}

impl fmt::Display for Enrollment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            shape::Enrollment::Group(group) => {
                write!(f, "group {}", group.enrollment_group_id)
            }
            shape::Enrollment::Individual(individual) => {
                write!(f, "device {}", individual.registration_id)
            }
        }
    }
}

fn is_device_id(id: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || DEVICE_ID_MARKS.contains(c);
    (1..=128).contains(&id.len()) && id.chars().all(is_allowed)
}

fn attestation(mechanism: &AttestationMechanism) -> Result<Attestation, EnrollmentErrorKind> {
    match mechanism.kind.as_str() {
        "symmetricKey" => {
            let keys = mechanism
                .symmetric_key
                .as_ref()
                .ok_or(EnrollmentErrorKind::NoKeys)?;
            [&keys.primary_key, &keys.secondary_key]
                .into_iter()
                .map(|key| SymmetricKey::parse(key.expose_secret()))
                .collect::<Result<_, _>>()
                .map(Attestation::SymmetricKey)
                .map_err(EnrollmentErrorKind::Key)
        }
        "x509" => client_certificates(mechanism.x509.as_ref()).map(Attestation::X509),
        "tpm" => tpm(mechanism.tpm.as_ref()).map(Attestation::Tpm),
        other => Err(EnrollmentErrorKind::Attestation(other.to_owned())),
    }
}

fn tpm(attestation: Option<&TpmAttestation>) -> Result<TpmKeys, EnrollmentErrorKind> {
    let keys = attestation.ok_or(EnrollmentErrorKind::NoEndorsementKey)?;
    let parse = |member, text: &str| {
        TpmPublicKey::parse(text).map_err(|error| EnrollmentErrorKind::TpmKey(member, error))
    };
    let storage_root_key = keys.storage_root_key.as_deref();
    Ok(TpmKeys {
        endorsement_key: parse("endorsementKey", &keys.endorsement_key)?,
        storage_root_key: storage_root_key
            .filter(|text| !text.is_empty())
            .map(|text| parse("storageRootKey", text))
            .transpose()?,
    })
}

fn allocation(settings: &EnrollmentSettings) -> Result<Allocation, EnrollmentErrorKind> {
    match settings.allocation_policy.as_deref() {
        None | Some("hashed") => Ok(Allocation::Hashed),
        Some("static") => {
            let selected = settings.iot_hubs.iter().flatten().next();
            let hub = settings.iot_hub_host_name.as_ref().or(selected);
            hub.cloned()
                .map(Allocation::Static)
                .ok_or(EnrollmentErrorKind::NoStaticHub)
        }
        Some("custom") => {
            let definition = settings.custom_allocation_definition.as_ref();
            let url = &definition
                .ok_or(EnrollmentErrorKind::NoWebhook)?
                .webhook_url;
            if url.is_http() {
                Ok(Allocation::Custom(url.clone()))
            } else {
                Err(EnrollmentErrorKind::WebhookUrl)
            }
        }
        Some(other) => Err(EnrollmentErrorKind::AllocationPolicy(other.to_owned())),
    }
}

fn initial_twin(twin: Option<serde_json::Value>) -> Result<DeviceTwin, EnrollmentErrorKind> {
    let Some(twin) = twin else {
        return Ok(DeviceTwin::default());
    };
    let twin: InitialTwin = serde_json::from_value(twin)
        .map_err(|error| EnrollmentErrorKind::TwinShape(error.to_string()))?;
    if let Some(name) = twin.ignored.first() {
        return Err(EnrollmentErrorKind::TwinMember(name.clone()));
    }
    DeviceTwin::try_from(twin).map_err(EnrollmentErrorKind::Twin)
}

/// All enrollments of a provisioning service.
#[derive(Clone, Debug, Default)]
pub struct Enrollments {
    individual: HashMap<String, Arc<Enrollment>>,
    groups: Vec<Arc<Enrollment>>,
    authorities: Authorities,
}

impl Enrollments {
    /// The same enrollments, of a service that knows these certificates.
    #[must_use]
    pub fn with_authorities(mut self, authorities: Authorities) -> Self {
        self.authorities = authorities;
        self
    }

    /// The certificates that were uploaded to the service.
    #[must_use]
    pub fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// The individual enrollment of a device.
    #[must_use]
    pub fn of_device(&self, id: &RegistrationId) -> Option<&Arc<Enrollment>> {
        self.individual.get(&id.key())
    }

    /// The groups, in the order of the configuration.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Enrollment>> {
        self.groups.iter()
    }

    /// Every enrollment, groups first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Enrollment>> {
        self.groups.iter().chain(self.individual.values())
    }
}

impl FromIterator<Enrollment> for Enrollments {
    fn from_iter<I: IntoIterator<Item = Enrollment>>(enrollments: I) -> Self {
        let mut all = Self::default();
        for enrollment in enrollments {
            match enrollment.registration_id().map(str::to_ascii_lowercase) {
                Some(key) => drop(all.individual.insert(key, Arc::new(enrollment))),
                None => all.groups.push(Arc::new(enrollment)),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
