//! Whether a device's certificate was issued by an authority, directly or through others.
//!
//! The signatures, dates and constraints of a path are for webpki, which browsers and rustls trust
//! with the same question. What it leaves to its caller, the dates of the authority itself, is
//! checked here.

use rustls::crypto;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::clock::Timestamp;
use crate::keys::thumbprint::DeviceCertificate;
use crate::keys::x509::{Certificate, Validity};

/// Why there is no valid path from a device's certificate to an authority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChainError {
    /// No path leads there: another authority issued it, or an intermediate certificate is missing.
    #[error("the authority did not issue the certificate")]
    NotIssued,
    /// There is a path, and this is wrong with it.
    #[error("{0}")]
    Broken(String),
}

/// How many certificates lie between a device's certificate and `authority`.
///
/// # Errors
/// No valid path leads from one to the other.
pub(crate) fn distance(
    device: &DeviceCertificate,
    authority: &Certificate,
    now: Timestamp,
) -> Result<usize, ChainError> {
    let leaf = CertificateDer::from(device.der());
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| broken(&error))?;
    let anchor = anchor_from_trusted_cert(authority.der()).map_err(|error| broken(&error))?;
    let anchors = [anchor];
    let seconds = u64::try_from(now.unix()).unwrap_or_default();
    let path = leaf
        .verify_for_usage(
            crypto::ring::default_provider()
                .signature_verification_algorithms
                .all,
            &anchors,
            device.intermediates(),
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(|error| broken(&error))?;
    match authority.validity(now) {
        Validity::Valid => Ok(path.intermediate_certificates().count()),
        Validity::NotYet => Err(ChainError::Broken(format!(
            "the authority's certificate {} holds from {} on; mind this computer's clock",
            authority.subject(),
            authority.not_before()
        ))),
        Validity::Expired => Err(ChainError::Broken(format!(
            "the authority's certificate {} expired at {}; issue a new one",
            authority.subject(),
            authority.not_after()
        ))),
    }
}

fn broken(error: &webpki::Error) -> ChainError {
    use webpki::Error as E;

    ChainError::Broken(
        match error {
            E::UnknownIssuer | E::InvalidSignatureForPublicKey => return ChainError::NotIssued,
            E::CertExpired { .. } => {
                "an intermediate certificate that the device sent has expired; issue a new one"
            }
            E::CertNotValidYet { .. } => {
                "an intermediate certificate that the device sent doesn't hold yet; mind this computer's clock"
            }
            E::RequiredEkuNotFoundContext(_) => {
                "a certificate of the chain isn't for TLS clients; issue it with extendedKeyUsage clientAuth, or without \
                 any extendedKeyUsage"
            }
            E::CaUsedAsEndEntity => {
                "the device's certificate is an authority's; issue it with basicConstraints CA:FALSE"
            }
            E::EndEntityUsedAsCa => {
                "an intermediate certificate isn't an authority's; issue it with basicConstraints CA:TRUE and keyUsage \
                 keyCertSign"
            }
            E::PathLenConstraintViolated => {
                "there are more intermediate certificates than basicConstraints pathlen allows"
            }
            E::UnsupportedCertVersion => {
                "a certificate of the chain is of X.509 version 1; issue it with extensions (openssl x509 -extfile)"
            }
            other => return ChainError::Broken(format!("the chain can't be verified: {other}")),
        }
        .to_owned(),
    )
}
