//! Certificates for trying X.509 attestation out: a root, what it signs, and devices at the end.
//!
//! They are as real ones are, and nobody guards their keys; so they are for a local service alone.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use secrecy::SecretString;
use time::{Duration, OffsetDateTime};

/// From when to when a certificate holds.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// The first moment.
    pub not_before: OffsetDateTime,
    /// The last moment.
    pub not_after: OffsetDateTime,
}

impl Period {
    /// From yesterday on, for devices whose clocks are behind, and for so many days.
    #[must_use]
    pub fn of_days(days: i64) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            not_before: now - Duration::DAY,
            not_after: now.saturating_add(Duration::days(days)),
        }
    }
}

/// An authority that signs other certificates.
#[derive(Debug)]
pub struct TrialAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A device's certificate with its key.
#[derive(Debug)]
pub struct TrialDevice {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl TrialAuthority {
    /// A root, which signed itself.
    ///
    /// # Errors
    /// No key can be made, or the name can't be written down.
    pub fn root(common_name: &str, period: Period) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = authority(common_name, period);
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
        })
    }

    /// An authority that this one signs.
    ///
    /// # Errors
    /// No key can be made, or the name can't be written down.
    pub fn intermediate(&self, common_name: &str, period: Period) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = authority(common_name, period);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
        })
    }

    /// The certificate of the device that registers as `registration_id`.
    ///
    /// # Errors
    /// No key can be made, or the name can't be written down.
    pub fn device(
        &self,
        registration_id: &str,
        period: Period,
    ) -> Result<TrialDevice, rcgen::Error> {
        let mut params = params(registration_id, period);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        Ok(TrialDevice {
            certificate: params.signed_by(&key, &self.issuer)?,
            key,
        })
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// Its certificate, in DER.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// Its private key, in PEM.
    #[must_use]
    pub fn key_pem(&self) -> SecretString {
        self.issuer.key().serialize_pem().into()
    }
}

impl TrialDevice {
    /// A device whose certificate signed itself, for an individual enrollment.
    ///
    /// # Errors
    /// No key can be made, or the name can't be written down.
    pub fn self_signed(registration_id: &str, period: Period) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        Ok(Self {
            certificate: params(registration_id, period).self_signed(&key)?,
            key,
        })
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// Its certificate, in DER.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// Its private key, in PEM.
    #[must_use]
    pub fn key_pem(&self) -> SecretString {
        self.key.serialize_pem().into()
    }
}

fn authority(common_name: &str, period: Period) -> CertificateParams {
    let mut params = params(common_name, period);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn params(common_name: &str, period: Period) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    (params.not_before, params.not_after) = (period.not_before, period.not_after);
    params.use_authority_key_identifier_extension = true;
    params
}
