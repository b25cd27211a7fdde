//! How the service and its tools write an X.509 attestation.
//!
//! Source:
//! <https://learn.microsoft.com/rest/api/iot-dps/service/enrollment-group/get#x509attestation>. The
//! service takes a certificate and afterwards tells its info alone; so it is also what a webhook
//! gets.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::keys::x509::X509CertificateInfo;

/// An X.509 attestation: one of the three.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct X509Attestation {
    /// A device's own certificates, of an individual enrollment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificates: Option<X509Certificates>,
    /// The certificates that sign those of a group's devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_certificates: Option<X509Certificates>,
    /// The names of uploaded certificates that sign those of a group's devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_references: Option<X509CaReferences>,
}

impl X509Attestation {
    /// The certificates in it, each with its place.
    pub fn certificates_mut(&mut self) -> impl Iterator<Item = &mut X509CertificateWithInfo> {
        let pairs = [
            self.client_certificates.as_mut(),
            self.signing_certificates.as_mut(),
        ];
        pairs
            .into_iter()
            .flatten()
            .flat_map(|pair| [pair.primary.as_mut(), pair.secondary.as_mut()])
            .flatten()
    }
}

/// Two certificates, of which the second stands in while the first is rolled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct X509Certificates {
    /// The one that is normally used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<X509CertificateWithInfo>,
    /// The other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary: Option<X509CertificateWithInfo>,
}

/// A certificate, or what the service tells of it, or both.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct X509CertificateWithInfo {
    /// The certificate: PEM, or base64 of DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// What the service tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<X509CertificateInfo>,
}

impl fmt::Debug for X509CertificateWithInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509CertificateWithInfo")
            .finish_non_exhaustive()
    }
}

/// The names of two uploaded certificates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct X509CaReferences {
    /// The one that is normally used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// The other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary: Option<String>,
}
