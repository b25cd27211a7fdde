//! The enrollment through which a device registers, as the service puts it into an allocation
//! request.
//!
//! Every member is optional: the service leaves out what is null, and captures show most of them
//! missing.
//!
//! Source: the service API's models in
//! <https://github.com/Azure/azure-rest-api-specs/tree/main/specification/deviceprovisioningservices>.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use custom_handler::json::Lazy;

/// The enrollment of a single device.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IndividualEnrollment<'a> {
    /// The registration id that this enrollment is for.
    pub registration_id: Option<String>,
    /// The device id in the hub; the registration id where there is none.
    pub device_id: Option<String>,
    /// Free-form information that the operator has attached.
    #[serde(borrow)]
    pub optional_device_information: Option<Lazy<'a, serde_json::Value>>,
    /// How the device proves who it is.
    #[serde(borrow)]
    pub attestation: Option<Attestation<'a>>,
    /// What the device can do.
    pub capabilities: Option<Capabilities>,
    /// The hub of a static allocation.
    pub iot_hub_host_name: Option<String>,
    /// The twin that a device gets where the webhook answers none.
    #[serde(borrow)]
    pub initial_twin: Option<TwinState<'a>>,
    /// The version of this record.
    pub etag: Option<String>,
    /// `enabled` or `disabled`.
    pub provisioning_status: Option<String>,
    /// What happens to a device that comes back.
    pub reprovision_policy: Option<ReprovisionPolicy>,
    /// When the record was made, ISO 8601 in UTC.
    pub created_date_time_utc: Option<String>,
    /// When it was last changed, ISO 8601 in UTC.
    pub last_updated_date_time_utc: Option<String>,
    /// `custom` where a webhook is called; else `hashed`, `geoLatency` or `static`.
    pub allocation_policy: Option<String>,
    /// The host names of the hubs that are selected on the enrollment.
    pub iot_hubs: Option<Vec<String>>,
    /// The webhook.
    pub custom_allocation_definition: Option<CustomAllocationDefinition>,
}

/// The enrollment of all devices that share an attestation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnrollmentGroup<'a> {
    /// The group's name.
    pub enrollment_group_id: Option<String>,
    /// How the devices prove who they are.
    #[serde(borrow)]
    pub attestation: Option<Attestation<'a>>,
    /// What the devices can do.
    pub capabilities: Option<Capabilities>,
    /// The hub of a static allocation.
    pub iot_hub_host_name: Option<String>,
    /// The twin that a device gets where the webhook answers none.
    #[serde(borrow)]
    pub initial_twin: Option<TwinState<'a>>,
    /// The version of this record.
    pub etag: Option<String>,
    /// `enabled` or `disabled`.
    pub provisioning_status: Option<String>,
    /// What happens to a device that comes back.
    pub reprovision_policy: Option<ReprovisionPolicy>,
    /// When the record was made, ISO 8601 in UTC.
    pub created_date_time_utc: Option<String>,
    /// When it was last changed, ISO 8601 in UTC.
    pub last_updated_date_time_utc: Option<String>,
    /// `custom` where a webhook is called; else `hashed`, `geoLatency` or `static`.
    pub allocation_policy: Option<String>,
    /// The host names of the hubs that are selected on the enrollment.
    pub iot_hubs: Option<Vec<String>>,
    /// The webhook.
    pub custom_allocation_definition: Option<CustomAllocationDefinition>,
}

/// How a device proves who it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attestation<'a> {
    /// `symmetricKey`, `x509`, `tpm` or `none`.
    pub r#type: Option<String>,
    /// The TPM's keys.
    #[serde(borrow)]
    pub tpm: Option<TpmAttestation<'a>>,
    /// The certificates that are accepted.
    #[serde(borrow)]
    pub x509: Option<X509Attestation<'a>>,
    /// The keys that are accepted; the service strips them from the request.
    #[serde(borrow)]
    pub symmetric_key: Option<SymmetricKeyAttestation<'a>>,
}

/// Symmetric keys, base64.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SymmetricKeyAttestation<'a> {
    /// The primary key.
    #[serde(borrow)]
    pub primary_key: Option<Secret<'a>>,
    /// The secondary key.
    #[serde(borrow)]
    pub secondary_key: Option<Secret<'a>>,
}

/// The public keys of a TPM, base64.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TpmAttestation<'a> {
    /// The endorsement key.
    #[serde(borrow)]
    pub endorsement_key: Option<Secret<'a>>,
    /// The storage root key.
    #[serde(borrow)]
    pub storage_root_key: Option<Secret<'a>>,
}

/// The certificate with which a device has registered.
///
/// The service documents its type's name alone. The one member here is what a public sample reads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct X509DeviceAttestation<'a> {
    /// The certificate, base64 of its DER, without PEM armour.
    #[serde(borrow)]
    pub client_certificate: Option<Secret<'a>>,
}

/// The certificates that an enrollment accepts: one of the three.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct X509Attestation<'a> {
    /// The device's own.
    #[serde(borrow)]
    pub client_certificates: Option<X509Certificates<'a>>,
    /// Those that sign the devices'.
    #[serde(borrow)]
    pub signing_certificates: Option<X509Certificates<'a>>,
    /// The names of certificates that the service knows.
    pub ca_references: Option<CaReferences>,
}

/// A certificate and the one that will follow it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct X509Certificates<'a> {
    /// The one in use.
    #[serde(borrow)]
    pub primary: Option<X509Certificate<'a>>,
    /// The next.
    #[serde(borrow)]
    pub secondary: Option<X509Certificate<'a>>,
}

/// A certificate; the service gives `info` alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct X509Certificate<'a> {
    /// The certificate itself.
    #[serde(borrow)]
    pub certificate: Option<Secret<'a>>,
    /// What it says.
    pub info: Option<CertificateInfo>,
}

/// What a certificate says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateInfo {
    /// Whom it names, such as `CN=x509-dev-1`.
    pub subject_name: Option<String>,
    /// SHA-1 of its DER, hexadecimal.
    pub sha1_thumbprint: Option<String>,
    /// SHA-256 of its DER, hexadecimal.
    pub sha256_thumbprint: Option<String>,
    /// Who signed it.
    pub issuer_name: Option<String>,
    /// From when on it holds, ISO 8601 in UTC.
    pub not_before_utc: Option<String>,
    /// Until when it holds, ISO 8601 in UTC.
    pub not_after_utc: Option<String>,
    /// Its serial number, hexadecimal.
    pub serial_number: Option<String>,
    /// The version of X.509.
    pub version: Option<i64>,
}

/// The names of certificates that the service knows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CaReferences {
    /// The one in use.
    pub primary: Option<String>,
    /// The next.
    pub secondary: Option<String>,
}

/// What a device can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// Whether it is an IoT Edge device.
    pub iot_edge: bool,
}

/// The twin that an enrollment gives.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TwinState<'a> {
    /// `{"desired":{…}}`.
    #[serde(borrow)]
    pub properties: Option<Lazy<'a, serde_json::Value>>,
    /// The tags.
    #[serde(borrow)]
    pub tags: Option<Lazy<'a, serde_json::Value>>,
}

/// What happens to a device that comes back.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/concepts-device-reprovision>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReprovisionPolicy {
    /// Whether its hub may change. False means *Never reprovision*.
    pub update_hub_assignment: bool,
    /// Whether its twin moves along. False means *Reset to initial config*.
    pub migrate_device_data: bool,
}

impl Default for ReprovisionPolicy {
    /// *Reprovision and migrate data*, the service's default.
    fn default() -> Self {
        Self {
            update_hub_assignment: true,
            migrate_device_data: true,
        }
    }
}

/// The webhook of an enrollment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomAllocationDefinition {
    /// Its URL; the service masks the query, which holds the function key, as `?****`.
    pub webhook_url: Option<String>,
    /// The version of the shapes in the request, at least `2018-09-01-preview`.
    pub api_version: Option<String>,
}

/// A key or a certificate. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(****)")
    }
}
