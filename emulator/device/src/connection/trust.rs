//! Whom a device trusts, and what it presents itself.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, pem};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::exchange::ANSWER_TIMEOUT;
use crate::credential::ClientCertificate;

/// Whom devices trust, and what they share: the pool of HTTP connections, and the TLS settings.
#[derive(Clone, Debug)]
pub struct Trust {
    pub(super) http: reqwest::Client,
    pub(super) tls: Arc<ClientConfig>,
    roots: Arc<RootCertStore>,
}

/// Why a device can't trust or present a certificate.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The CA file isn't one.
    #[error("the CA file holds no certificate")]
    NoCertificate(#[source] pem::Error),
    /// The certificate in the CA file can't be a root.
    #[error("the certificate in the CA file can't be used")]
    Root(#[source] rustls::Error),
    /// The provider of cryptography lacks what TLS 1.2 and 1.3 need.
    #[error("TLS can't be set up")]
    Tls(#[source] rustls::Error),
    /// The device's certificate is not that of its key.
    #[error("the certificate and the private key can't be used together")]
    Mismatch(#[source] rustls::Error),
    /// There can be no HTTP client.
    #[error("HTTPS can't be set up")]
    Https(#[source] reqwest::Error),
}

impl Trust {
    /// Trusts the authority of a CA file's text and nobody else.
    ///
    /// # Errors
    /// The text contains no certificate.
    pub fn only(ca_pem: &str) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        let certificate =
            CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(TrustError::NoCertificate)?;
        roots.add(certificate).map_err(TrustError::Root)?;
        let roots = Arc::new(roots);
        let config = trusting(&roots)?.with_no_client_auth();
        Self::new(roots, config)
    }

    /// The same trust, of a device that presents a certificate.
    ///
    /// # Errors
    /// The certificate and its key don't fit.
    pub fn presenting(&self, certificate: &ClientCertificate) -> Result<Self, TrustError> {
        let config = trusting(&self.roots)?
            .with_client_auth_cert(certificate.chain(), certificate.key())
            .map_err(TrustError::Mismatch)?;
        Self::new(Arc::clone(&self.roots), config)
    }

    fn new(roots: Arc<RootCertStore>, config: ClientConfig) -> Result<Self, TrustError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config.clone())
            .no_proxy()
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(TrustError::Https)?;
        Ok(Self {
            http,
            tls: Arc::new(config),
            roots,
        })
    }
}

fn trusting(
    roots: &Arc<RootCertStore>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TrustError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Tls)?;
    Ok(builder.with_root_certificates(Arc::clone(roots)))
}

#[cfg(test)]
mod tests {
    use provisioning::{Period, TrialDevice};

    use super::*;

    fn device(name: &str) -> TrialDevice {
        TrialDevice::self_signed(name, Period::of_days(1)).unwrap()
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let error = Trust::only("?").unwrap_err();
        assert_eq!(error.to_string(), "the CA file holds no certificate");
    }

    #[test]
    fn a_certificate_needs_its_own_key() {
        let (device, another) = (device("toaster"), device("lamp"));
        let trust = Trust::only(&device.pem()).unwrap();
        let key = another.key_pem();
        let mismatched = ClientCertificate::from_pem(&device.pem(), &key).unwrap();
        let error = trust.presenting(&mismatched).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the certificate and the private key can't be used together"
        );
    }
}
