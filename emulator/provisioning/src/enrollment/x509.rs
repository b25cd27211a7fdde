//! The certificates of an enrollment with X.509 attestation, parsed.
//!
//! An individual enrollment names its device's certificate, for which a thumbprint is enough. A
//! group names those that sign its devices' certificates, and a signature is verified with the
//! whole certificate: its info, which is all that the service prints, isn't enough.

use crate::enrollment::authorities::Authorities;
use crate::enrollment::error::EnrollmentErrorKind;
use crate::keys::thumbprint::Thumbprint;
use crate::keys::x509::{Certificate, X509CertificateInfo};
use crate::webhook::x509_attestation::{
    X509Attestation, X509CertificateWithInfo, X509Certificates,
};

/// The thumbprints of an individual enrollment's certificates.
pub(crate) fn client_certificates(
    attestation: Option<&X509Attestation>,
) -> Result<Vec<Thumbprint>, EnrollmentErrorKind> {
    let certificates = attestation.and_then(|x509| x509.client_certificates.as_ref());
    let thumbprints: Vec<Thumbprint> = places(certificates)
        .map(|(place, certificate)| {
            if let Some(text) = &certificate.certificate {
                let place = format!("attestation.x509.clientCertificates.{place}.certificate");
                return read(&place, text).map(|certificate| Some(certificate.thumbprint()));
            }
            let info = certificate.info.as_ref();
            let thumbprint = info.and_then(|info| info.sha256_thumbprint.as_deref());
            thumbprint
                .map(|text| Thumbprint::parse(text).ok_or(EnrollmentErrorKind::Thumbprint))
                .transpose()
        })
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    if thumbprints.is_empty() {
        return Err(EnrollmentErrorKind::NoThumbprints);
    }
    Ok(thumbprints)
}

/// The certificates that sign those of a group's devices.
pub(crate) fn signing_certificates(
    attestation: Option<&X509Attestation>,
    authorities: &Authorities,
) -> Result<Vec<Certificate>, EnrollmentErrorKind> {
    let signing = attestation.and_then(|x509| x509.signing_certificates.as_ref());
    let mut certificates: Vec<Certificate> = places(signing)
        .map(|(place, certificate)| {
            let place = format!("attestation.x509.signingCertificates.{place}.certificate");
            match &certificate.certificate {
                Some(text) => read(&place, text),
                None => Err(EnrollmentErrorKind::NoCertificate(place)),
            }
        })
        .collect::<Result<_, _>>()?;
    let references = attestation.and_then(|x509| x509.ca_references.as_ref());
    let names = references.map(|names| [names.primary.as_deref(), names.secondary.as_deref()]);
    for name in names.into_iter().flatten().flatten() {
        certificates.push(authorities.named(name)?.clone());
    }
    if certificates.is_empty() {
        return Err(EnrollmentErrorKind::NoSigningCertificates);
    }
    Ok(certificates)
}

/// Adds what the service tells of certificates, where an enrollment holds the certificates alone.
pub(crate) fn add_info(attestation: Option<&mut X509Attestation>) {
    for certificate in attestation
        .into_iter()
        .flat_map(X509Attestation::certificates_mut)
    {
        let text = certificate.certificate.as_deref();
        let read = text.and_then(|text| Certificate::parse(text).ok());
        if let Some(read) = read
            && certificate
                .info
                .as_ref()
                .is_none_or(|info| *info == X509CertificateInfo::default())
        {
            certificate.info = Some(read.info());
        }
    }
}

fn places(
    certificates: Option<&X509Certificates>,
) -> impl Iterator<Item = (&'static str, &X509CertificateWithInfo)> {
    let pair = certificates.map(|pair| {
        [
            ("primary", pair.primary.as_ref()),
            ("secondary", pair.secondary.as_ref()),
        ]
    });
    pair.into_iter()
        .flatten()
        .filter_map(|(place, certificate)| Some((place, certificate?)))
}

fn read(place: &str, text: &str) -> Result<Certificate, EnrollmentErrorKind> {
    Certificate::parse(text)
        .map_err(|error| EnrollmentErrorKind::Certificate(place.to_owned(), error))
}
