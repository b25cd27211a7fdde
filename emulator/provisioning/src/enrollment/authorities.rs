//! The certificate authorities that a provisioning service knows by name.
//!
//! A certificate that was uploaded and verified ends the chain that a device has to send, and a
//! group can name it instead of holding it. Source:
//! <https://learn.microsoft.com/azure/iot-dps/concepts-x509-attestation#dps-device-chain-requirements>.

use std::fmt;

use serde::Deserialize;

use crate::enrollment::error::EnrollmentErrorKind;
use crate::keys::x509::{Certificate, ParseCertificateError};

/// An uploaded certificate: `{"name": …, "certificate": …}`, or what `az iot dps certificate show`
/// prints.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedCertificate {
    name: String,
    #[serde(flatten)]
    content: Content,
    #[serde(default)]
    properties: Content,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    certificate: Option<String>,
    is_verified: Option<bool>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("is_verified", &self.is_verified)
            .finish_non_exhaustive()
    }
}

impl UploadedCertificate {
    fn certificate(&self) -> Result<Certificate, ParseCertificateError> {
        let content = self.content.certificate.as_ref();
        let text = content.or(self.properties.certificate.as_ref());
        Certificate::parse(text.map_or("", String::as_str))
    }

    fn is_verified(&self) -> bool {
        let verified = self.content.is_verified.or(self.properties.is_verified);
        verified.unwrap_or(true)
    }
}

/// The uploaded certificates, or `None` where a configuration doesn't list them.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Option<Vec<Authority>>);

#[derive(Clone, Debug)]
struct Authority {
    name: String,
    certificate: Certificate,
    verified: bool,
}

impl Authorities {
    /// Reads what a configuration lists.
    ///
    /// # Errors
    /// The name of a certificate that can't be read, and why.
    pub fn parse(
        uploaded: Option<&[UploadedCertificate]>,
    ) -> Result<Self, (String, ParseCertificateError)> {
        let Some(uploaded) = uploaded else {
            return Ok(Self(None));
        };
        uploaded
            .iter()
            .map(|uploaded| {
                Ok(Authority {
                    name: uploaded.name.clone(),
                    certificate: uploaded
                        .certificate()
                        .map_err(|error| (uploaded.name.clone(), error))?,
                    verified: uploaded.is_verified(),
                })
            })
            .collect::<Result<_, _>>()
            .map(|authorities| Self(Some(authorities)))
    }

    /// The certificate that a group names.
    pub(crate) fn named(&self, name: &str) -> Result<&Certificate, EnrollmentErrorKind> {
        let authorities = self.0.iter().flatten();
        let found = authorities
            .filter(|authority| authority.name.eq_ignore_ascii_case(name))
            .max_by_key(|authority| authority.verified)
            .ok_or_else(|| EnrollmentErrorKind::NoSuchCertificate(name.to_owned()))?;
        if found.verified {
            Ok(&found.certificate)
        } else {
            Err(EnrollmentErrorKind::Unverified(name.to_owned()))
        }
    }

    /// The certificates that may end a device's chain; `None` where it isn't known which they are.
    #[must_use]
    pub fn verified(&self) -> Option<impl Iterator<Item = &Certificate>> {
        let authorities = self.0.as_ref()?.iter();
        Some(
            authorities
                .filter(|authority| authority.verified)
                .map(|authority| &authority.certificate),
        )
    }
}
