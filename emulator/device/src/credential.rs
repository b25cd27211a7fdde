//! How a device proves who it is.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use secrecy::{ExposeSecret as _, SecretString};

use crate::keys::symmetric_key::SymmetricKey;
use crate::tpm::SoftwareTpm;

/// What a device proves itself with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A key that it signs its token with.
    SymmetricKey(SymmetricKey),
    /// A certificate that it presents in its TLS handshake.
    Certificate(ClientCertificate),
    /// A TPM, which gives it the key that it signs its token with.
    Tpm(SoftwareTpm),
}

impl From<SymmetricKey> for Credential {
    fn from(key: SymmetricKey) -> Self {
        Self::SymmetricKey(key)
    }
}

impl From<SoftwareTpm> for Credential {
    fn from(tpm: SoftwareTpm) -> Self {
        Self::Tpm(tpm)
    }
}

impl From<ClientCertificate> for Credential {
    fn from(certificate: ClientCertificate) -> Self {
        Self::Certificate(certificate)
    }
}

/// A device's certificate, those that lead from it to its root, and its private key. Its `Debug`
/// shows nothing of them.
#[derive(Clone)]
pub struct ClientCertificate(Arc<Inner>);

struct Inner {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The text of the certificates can't be read.
    #[error("the certificates aren't PEM")]
    NotPem(#[source] pem::Error),
    /// The text contains no certificate.
    #[error("there is no certificate in PEM")]
    NoCertificate,
    /// The private key is encrypted.
    #[error("the private key has a pass phrase; remove it with `openssl pkey -in KEY -out NEW`")]
    PassPhrase,
    /// The text contains no private key. The cause is left out, as it may quote the text.
    #[error("there is no private key in PEM")]
    NoKey,
}

impl ClientCertificate {
    /// Reads both from PEM. The device's own certificate comes first.
    ///
    /// # Errors
    /// There is no certificate, or no private key that can be used.
    pub fn from_pem(certificates: &str, key: &SecretString) -> Result<Self, CertificateError> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(certificates.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(CertificateError::NotPem)?;
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let key = key.expose_secret();
        if key.contains("ENCRYPTED") {
            return Err(CertificateError::PassPhrase);
        }
        let key =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| CertificateError::NoKey)?;
        Ok(Self(Arc::new(Inner { chain, key })))
    }

    /// The device's own certificate.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.0.chain.first().map_or(&[], |leaf| leaf.as_ref())
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.0.chain.clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        self.0.key.clone_key()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(…)")
    }
}

#[cfg(test)]
mod tests {
    use provisioning::{Period, TrialDevice};

    use super::*;

    #[test]
    fn what_cannot_be_used_says_so() {
        let device = TrialDevice::self_signed("toaster", Period::of_days(1)).unwrap();
        let (certificate, key) = (device.pem(), device.key_pem().expose_secret().to_owned());
        let taken = ClientCertificate::from_pem(&certificate, &key.as_str().into()).unwrap();
        assert_eq!(taken.leaf(), device.der().as_ref());
        let broken = certificate.replacen("-----END", "?-----END", 1);
        for (certificate, key, sentence) in [
            (&key, &key, "there is no certificate in PEM"),
            (&broken, &key, "the certificates aren't PEM"),
            (&certificate, &certificate, "there is no private key in PEM"),
            (
                &certificate,
                &key.replace("PRIVATE", "ENCRYPTED PRIVATE"),
                "the private key has a pass phrase; remove it with `openssl pkey -in KEY -out NEW`",
            ),
        ] {
            let key = key.as_str().into();
            let error = ClientCertificate::from_pem(certificate, &key).unwrap_err();
            assert_eq!(error.to_string(), sentence);
        }
    }
}
