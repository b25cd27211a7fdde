//! Client certificates in the TLS handshake: taken whoever issued them.
//!
//! The handshake proves that the device has the certificate's key. Whether the certificate is good
//! enough is for the enrollment, which can say what is wrong with it; a broken handshake can't.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{self, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use webpki::RawPublicKeyEntity;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::x509::X509Version;

/// Takes every client certificate whose key the device has.
#[derive(Debug)]
pub(super) struct AnyClientCertificate(WebPkiSupportedAlgorithms);

impl AnyClientCertificate {
    pub(super) fn new(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self(algorithms)
    }

    /// Verifies with the key alone, as webpki reads no certificate of X.509 version 1, which
    /// `openssl x509 -req` makes.
    fn verify_with_key(
        &self,
        message: &[u8],
        key: &SubjectPublicKeyInfoDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let bad = || Error::InvalidCertificate(CertificateError::BadSignature);
        let key = RawPublicKeyEntity::try_from(key).map_err(|_| bad())?;
        let algorithms = self
            .0
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == signature.scheme)
            .map_or(&[][..], |(_, algorithms)| algorithms);
        let verified = algorithms.iter().any(|algorithm| {
            key.verify_signature(*algorithm, message, signature.signature())
                .is_ok()
        });
        verified
            .then(HandshakeSignatureValid::assertion)
            .ok_or_else(bad)
    }
}

/// The key of a certificate of X.509 version 1 or 2; `None` for what webpki reads.
fn key_of_old_certificate(
    certificate: &CertificateDer<'_>,
) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let old = certificate.version() != X509Version::V3;
    old.then(|| SubjectPublicKeyInfoDer::from(certificate.public_key().raw.to_vec()))
}

impl ClientCertVerifier for AnyClientCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match key_of_old_certificate(certificate) {
            Some(key) => self.verify_with_key(message, &key, signature),
            None => crypto::verify_tls12_signature(message, certificate, signature, &self.0),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match key_of_old_certificate(certificate) {
            Some(key) => self.verify_with_key(message, &key, signature),
            None => crypto::verify_tls13_signature(message, certificate, signature, &self.0),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
