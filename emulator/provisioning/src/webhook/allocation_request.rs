//! The `AllocationRequest`, as the service writes it.
//!
//! Members come in the order of the service's captured requests, members without a value are left
//! out, symmetric keys are stripped, and the query of the webhook's URL, which holds the function
//! key, is masked. Nothing is validated here: whether the device may register at all is decided
//! before a request is built.
//!
//! Sources: <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation> for the request,
//! <https://learn.microsoft.com/rest/api/iot-dps/service/enrollment-group/get> and
//! <https://learn.microsoft.com/rest/api/iot-dps/service/individual-enrollment/get> for the
//! enrollments in it.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::webhook::tpm_attestation::{TpmAttestation, TpmDevice};
use crate::webhook::webhook_url::WebhookUrl;
use crate::webhook::x509_attestation::X509Attestation;

/// What the service POSTs to a custom allocation webhook.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllocationRequest {
    #[serde(flatten)]
    enrollment: Enrollment,
    device_runtime_context: DeviceRuntimeContext,
    linked_hubs: Vec<String>,
}

impl AllocationRequest {
    /// The request for a device that registers for the first time, with a symmetric key and no
    /// payload.
    ///
    /// `linked_hubs` are the hubs that the service offers: those of the enrollment, or all that are
    /// linked to the service when the enrollment names none, or only the current one when the
    /// enrollment never re-provisions.
    #[must_use]
    pub fn new(
        registration_id: impl Into<String>,
        enrollment: &Enrollment,
        linked_hubs: Vec<String>,
    ) -> Self {
        Self {
            enrollment: enrollment.as_sent(),
            device_runtime_context: DeviceRuntimeContext {
                registration_id: registration_id.into(),
                current_iot_hub_host_name: None,
                current_device_id: None,
                attestation: DeviceAttestation::SymmetricKey {},
                payload: None,
            },
            linked_hubs,
        }
    }

    /// The request that the tutorial's enrollment group makes for `registration_id`.
    ///
    /// The group, its hubs and its timestamps are those of the function log in
    /// <https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies>.
    #[must_use]
    pub fn tutorial(registration_id: impl Into<String>) -> Self {
        let group = EnrollmentGroup::tutorial();
        let linked_hubs = group.settings.iot_hubs.clone().unwrap_or_default();
        Self::new(registration_id, &Enrollment::Group(group), linked_hubs)
    }

    /// The same request with the payload that the device sent. An absent payload and `null` are the
    /// same to the service.
    #[must_use]
    pub fn with_payload(mut self, payload: Option<Box<RawValue>>) -> Self {
        self.device_runtime_context.payload = payload.filter(|payload| payload.get() != "null");
        self
    }

    /// The same request for a device that was assigned before.
    #[must_use]
    pub fn with_current_assignment(
        mut self,
        iot_hub_host_name: impl Into<String>,
        device_id: impl Into<String>,
    ) -> Self {
        self.device_runtime_context.current_iot_hub_host_name = Some(iot_hub_host_name.into());
        self.device_runtime_context.current_device_id = Some(device_id.into());
        self
    }

    /// The same request for a device that attested itself in another way than with a symmetric key.
    #[must_use]
    pub fn with_attestation(mut self, attestation: DeviceAttestation) -> Self {
        self.device_runtime_context.attestation = attestation;
        self
    }

    /// The device's registration id.
    #[must_use]
    pub fn registration_id(&self) -> &str {
        &self.device_runtime_context.registration_id
    }

    /// The hubs that the answer may choose from.
    #[must_use]
    pub fn linked_hubs(&self) -> &[String] {
        &self.linked_hubs
    }

    /// The text that travels: compact JSON.
    ///
    /// # Errors
    /// Never for requests that were built here; serde's signature allows it.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// The enrollment that the device registers through. It is a member of the request under its kind's
/// name.
#[derive(Clone, Debug, Serialize)]
pub enum Enrollment {
    /// `enrollmentGroup`.
    #[serde(rename = "enrollmentGroup")]
    Group(EnrollmentGroup),
    /// `individualEnrollment`.
    #[serde(rename = "individualEnrollment")]
    Individual(IndividualEnrollment),
}

impl Enrollment {
    /// The enrollment as it stands in a request: without keys and certificates.
    fn as_sent(&self) -> Self {
        let mut enrollment = self.clone();
        let attestation = match &mut enrollment {
            Self::Group(group) => &mut group.attestation,
            Self::Individual(individual) => &mut individual.attestation,
        };
        attestation.symmetric_key = None;
        for certificate in attestation
            .x509
            .iter_mut()
            .flat_map(X509Attestation::certificates_mut)
        {
            certificate.certificate = None;
        }
        enrollment
    }
}

/// An enrollment group, as `az iot dps enrollment-group show` prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the service's")]
pub struct EnrollmentGroup {
    /// The group's name.
    pub enrollment_group_id: String,
    /// How its devices prove who they are.
    pub attestation: AttestationMechanism,
    /// What groups and individual enrollments have in common.
    #[serde(flatten)]
    pub settings: EnrollmentSettings,
}

impl EnrollmentGroup {
    /// The tutorial's group `contoso-custom-allocated-devices`.
    #[must_use]
    pub fn tutorial() -> Self {
        let created = "2022-08-03T17:15:10.8464255Z";
        Self {
            enrollment_group_id: "contoso-custom-allocated-devices".to_owned(),
            attestation: AttestationMechanism {
                kind: "symmetricKey".to_owned(),
                tpm: None,
                x509: None,
                symmetric_key: None,
            },
            settings: EnrollmentSettings {
                capabilities: Some(DeviceCapabilities { iot_edge: false }),
                iot_hub_host_name: None,
                initial_twin: None,
                etag: Some("\"0000f176-0000-0700-0000-62eaad1e0000\"".to_owned()),
                provisioning_status: Some("enabled".to_owned()),
                reprovision_policy: Some(ReprovisionPolicy {
                    update_hub_assignment: true,
                    migrate_device_data: true,
                }),
                created_date_time_utc: Some(created.to_owned()),
                last_updated_date_time_utc: Some(created.to_owned()),
                allocation_policy: Some("custom".to_owned()),
                iot_hubs: Some(vec![
                    "contoso-toasters-hub-1098.azure-devices.net".to_owned(),
                    "contoso-heatpumps-hub-1098.azure-devices.net".to_owned(),
                ]),
                custom_allocation_definition: Some(CustomAllocationDefinition {
                    webhook_url:
                        "https://contoso-function-app-1098.azurewebsites.net/api/HttpTrigger1?****"
                            .into(),
                    api_version: "2021-10-01".to_owned(),
                }),
            },
        }
    }
}

/// An individual enrollment, as `az iot dps enrollment show` prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndividualEnrollment {
    /// The id that the device registers with.
    pub registration_id: String,
    /// The id that it gets in the hub, when that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// How the device proves who it is.
    pub attestation: AttestationMechanism,
    /// What groups and individual enrollments have in common.
    #[serde(flatten)]
    pub settings: EnrollmentSettings,
}

/// The members that both kinds of enrollment share, in the service's order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollmentSettings {
    /// Whether the device runs the Edge runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<DeviceCapabilities>,
    /// The hub of a `static` allocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iot_hub_host_name: Option<String>,
    /// The twin that a new device starts with, unless the webhook names another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_twin: Option<serde_json::Value>,
    /// The record's version, in quotes of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `enabled` or `disabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_status: Option<String>,
    /// What happens when the device registers again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reprovision_policy: Option<ReprovisionPolicy>,
    /// When the enrollment was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<String>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<String>,
    /// `hashed`, `geoLatency`, `static` or `custom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_policy: Option<String>,
    /// The hubs that the enrollment may assign to; all of the service's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iot_hubs: Option<Vec<String>>,
    /// The webhook of a `custom` allocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_allocation_definition: Option<CustomAllocationDefinition>,
}

/// How devices of an enrollment prove who they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationMechanism {
    /// `symmetricKey`, `x509`, `tpm` or `none`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Endorsement and storage root key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmAttestation>,
    /// Certificates, of which the service keeps the `info` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x509: Option<X509Attestation>,
    /// The keys, which never travel to the webhook.
    #[serde(skip_serializing)]
    pub symmetric_key: Option<SymmetricKeys>,
}

/// The two keys of a symmetric key attestation, in base64.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymmetricKeys {
    /// The key that is normally used.
    pub primary_key: SecretString,
    /// The one that stands in while the first is rolled.
    pub secondary_key: SecretString,
}

/// Capabilities of the device identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceCapabilities {
    /// Whether the device runs the Edge runtime.
    pub iot_edge: bool,
}

/// What happens to hub and twin when a device registers again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReprovisionPolicy {
    /// Whether the device may move to another hub.
    pub update_hub_assignment: bool,
    /// Whether its twin moves along.
    pub migrate_device_data: bool,
}

/// Where the service finds the webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomAllocationDefinition {
    /// The function's URL.
    pub webhook_url: WebhookUrl,
    /// The version of the types in the request.
    pub api_version: String,
}

/// How the device proved who it is: exactly one of three members.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DeviceAttestation {
    /// Always `{}`: the keys are stripped.
    SymmetricKey {},
    /// The device's TPM.
    Tpm(TpmDevice),
    /// The device's certificate. The shape of this member is not documented; one public sample
    /// reads it like this.
    X509 {
        /// The certificate as base64 of its DER form.
        client_certificate: String,
    },
}

impl fmt::Debug for DeviceAttestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SymmetricKey {} => "SymmetricKey",
            Self::Tpm(_) => "Tpm(…)",
            Self::X509 { .. } => "X509(…)",
        })
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceRuntimeContext {
    registration_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_iot_hub_host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_device_id: Option<String>,
    #[serde(flatten)]
    attestation: DeviceAttestation,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
}

#[cfg(test)]
mod tests;
