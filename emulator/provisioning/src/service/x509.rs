//! The proof of a device that presents a certificate.
//!
//! Sources: <https://learn.microsoft.com/azure/iot-dps/concepts-x509-attestation> for the rules, of
//! which this is the order: the registration id is the certificate's common name; the chain that
//! the device sends ends at an uploaded certificate; and of the groups whose certificates are in
//! the chain the one nearest to the device decides, also when it is disabled.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::enrollment::enrollments::{Attestation, Enrollment, Enrollments};
use crate::keys::chain::{ChainError, distance};
use crate::keys::thumbprint::{DeviceCertificate, Thumbprint};
use crate::keys::x509::{Certificate, Validity};
use crate::service::caller::Caller;
use crate::webhook::allocation_request::DeviceAttestation;
use crate::wire::certificate_error::CertificateError;

/// Checks the certificate that an individual enrollment names.
///
/// # Errors
/// It is missing, another, doesn't hold now, or names another device.
pub(crate) fn individual(
    enrolled: &[Thumbprint],
    caller: &Caller,
    now: Timestamp,
) -> Result<DeviceAttestation, CertificateError> {
    let presented = presented(caller)?;
    let thumbprint = presented.thumbprint();
    if !enrolled.contains(&thumbprint) {
        let enrolled: Vec<String> = enrolled.iter().map(ToString::to_string).collect();
        return Err(CertificateError::Invalid(format!(
            "the certificate's SHA-256 is {thumbprint}, and the enrollment names {}",
            enrolled.join(" and ")
        )));
    }
    check(presented, caller, now)?;
    Ok(proof(presented))
}

/// Finds the group that the caller's certificate belongs to.
///
/// # Errors
/// The certificate is missing, doesn't hold now, names another device, or belongs to no group.
pub(crate) fn group(
    enrollments: &Enrollments,
    caller: &Caller,
    now: Timestamp,
) -> Result<(Arc<Enrollment>, DeviceAttestation), CertificateError> {
    let presented = presented(caller)?;
    let leaf = check(presented, caller, now)?;
    let signing = signing_certificates(enrollments);
    if let Some((group, _)) = signing
        .iter()
        .find(|(_, certificate)| certificate.thumbprint() == presented.thumbprint())
    {
        return Err(CertificateError::NoGroup(format!(
            "the device presents the certificate of {group}; issue one for the device itself"
        )));
    }
    let mut nearest: Option<(usize, &Arc<Enrollment>)> = None;
    let mut broken = None;
    for (group, certificate) in &signing {
        match distance(presented, certificate, now) {
            Ok(steps) if nearest.is_none_or(|(fewest, _)| steps < fewest) => {
                nearest = Some((steps, group));
            }
            Ok(_) | Err(ChainError::NotIssued) => {}
            Err(ChainError::Broken(reason)) => {
                broken
                    .get_or_insert_with(|| CertificateError::Invalid(format!("{group}: {reason}")));
            }
        }
    }
    let ends = end_of_chain(enrollments, presented, now);
    match (nearest, ends) {
        (Some((_, group)), None | Some(true)) => Ok((Arc::clone(group), proof(presented))),
        (Some((_, group)), Some(false)) => Err(CertificateError::AuthorityNotFound(format!(
            "the certificate was issued for {group}, and the chain that the device sent ends at no verified certificate of the \
             configuration's \"certificates\"; send all intermediate certificates behind the device's own, or list one of them"
        ))),
        (None, _) if broken.is_some() => Err(broken.unwrap_or_else(|| not_issued(&leaf))),
        (None, Some(true)) => Err(CertificateError::NoGroup(format!(
            "the chain of {} ends at a certificate of the configuration's \"certificates\", and no group's certificate is in it",
            leaf.subject()
        ))),
        (None, None | Some(false)) => Err(not_issued(&leaf)),
    }
}

fn not_issued(leaf: &Certificate) -> CertificateError {
    CertificateError::AuthorityNotFound(format!(
        "no group's certificate leads to the device's, which {} issued; enroll a group with that certificate or one above it, \
         and send all certificates in between behind the device's own",
        leaf.issuer()
    ))
}

/// Whether the chain ends at an uploaded certificate; `None` where it isn't known which were
/// uploaded.
fn end_of_chain(
    enrollments: &Enrollments,
    presented: &DeviceCertificate,
    now: Timestamp,
) -> Option<bool> {
    let mut verified = enrollments.authorities().verified()?;
    Some(verified.any(|authority| distance(presented, authority, now).is_ok()))
}

fn signing_certificates(enrollments: &Enrollments) -> Vec<(&Arc<Enrollment>, &Certificate)> {
    enrollments
        .groups()
        .filter_map(|group| match &group.attestation {
            Attestation::SigningCertificates(certificates) => Some((group, certificates)),
            Attestation::SymmetricKey(_) | Attestation::X509(_) | Attestation::Tpm(_) => None,
        })
        .flat_map(|(group, certificates)| {
            certificates
                .iter()
                .map(move |certificate| (group, certificate))
        })
        .collect()
}

fn presented(caller: &Caller) -> Result<&DeviceCertificate, CertificateError> {
    caller.certificate.as_ref().ok_or_else(|| {
        CertificateError::Invalid(
            "the enrollment wants a certificate, and the device presented none in its TLS handshake".to_owned(),
        )
    })
}

/// Checks what holds for every certificate: its dates, and whose it is.
fn check(
    presented: &DeviceCertificate,
    caller: &Caller,
    now: Timestamp,
) -> Result<Certificate, CertificateError> {
    let invalid = CertificateError::Invalid;
    let leaf = Certificate::from_der(presented.der())
        .map_err(|error| invalid(format!("the device's certificate can't be read: {error}")))?;
    match leaf.validity(now) {
        Validity::Valid => {}
        Validity::NotYet => {
            return Err(invalid(format!(
                "the device's certificate holds from {} on; mind this computer's clock",
                leaf.not_before()
            )));
        }
        Validity::Expired => {
            return Err(invalid(format!(
                "the device's certificate expired at {}; issue a new one",
                leaf.not_after()
            )));
        }
    }
    let id = &caller.registration_id;
    match leaf.common_name() {
        Some(name) if name.eq_ignore_ascii_case(id) => Ok(leaf),
        Some(name) => Err(invalid(format!(
            "the registration id must be the common name of the device's certificate, which is {name:?}; register as {name:?}, or \
             issue a certificate with the common name {id:?}"
        ))),
        None => Err(invalid(format!(
            "the device's certificate has no common name; issue one whose common name is the registration id, {id:?}"
        ))),
    }
}

fn proof(presented: &DeviceCertificate) -> DeviceAttestation {
    DeviceAttestation::X509 {
        client_certificate: presented.to_base64(),
    }
}

#[cfg(test)]
mod tests;
