//! Why a configuration can't be used.

use crate::enrollment::error::EnrollmentError;
use crate::enrollment::settings::ID_SCOPE;
use crate::keys::x509::ParseCertificateError;

/// Why a configuration can't be used, with its place.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text isn't JSON.
    #[error("the configuration isn't JSON")]
    Json(#[source] serde_json::Error),
    /// It is what a tool prints of enrollments; the sentence says what to do with it.
    #[error("{0}")]
    BareRecord(String),
    /// An enrollment lets the service issue certificates.
    #[error(
        "enrollment {0}: credentialPolicyName lets the service issue certificates (api-version 2025-07-01-preview), \
         which isn't emulated; leave it out"
    )]
    CertificateIssuance(String),
    /// It has another shape, at these places.
    #[error("the configuration doesn't keep its schema:{0}")]
    Schema(String),
    /// It keeps the schema and can't be read all the same.
    #[error(transparent)]
    Shape(#[from] serde_json::Error),
    /// The schema itself is broken.
    #[error("the schema can't be used")]
    OwnSchema(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The ID scope has other characters than letters and digits.
    #[error("idScope is {0:?}; it must be letters and digits, such as {ID_SCOPE}")]
    IdScope(String),
    /// A linked hub isn't a host name.
    #[error(
        "linkedHubs names {0:?}; it must be a host name alone, such as my-hub.azure-devices.net or localhost"
    )]
    HostName(String),
    /// The uploaded certificate of this name can't be read.
    #[error("certificate {0}: {1}")]
    Certificate(String, ParseCertificateError),
    /// An enrollment can't be used.
    #[error(transparent)]
    Enrollment(#[from] EnrollmentError),
    /// Two enrollments have the same name.
    #[error("{0} is enrolled twice")]
    EnrolledTwice(String),
    /// An enrollment names a hub that the service isn't linked to.
    #[error("{enrollment} names {hub}, which isn't one of linkedHubs")]
    UnlinkedHub {
        /// The enrollment.
        enrollment: String,
        /// The hub.
        hub: String,
    },
}
