//! A local Device Provisioning Service, which device SDKs register against and which calls the
//! allocation webhook.
//!
//! The core is pure: the service takes requests with a [`RequestContext`] and says what to do. Its
//! owner POSTs an [`AllocationRequest`] to the enrollment's webhook and hands the answer back.
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation>.
//!
//! # Layout
//! - `clock`: time and random ids, as values. `causes`: errors as one line of the log.
//! - `keys`: symmetric keys, SAS tokens, TPM keys and X.509 certificates.
//! - `wire`: what devices and the service say to each other, and the errors of the device API.
//! - `webhook`: what the webhook is sent, and what its answer means.
//! - `enrollment`: who may register, and the file that says so.
//! - `service`: the service itself, without sockets, files or clocks.
//! - `server`: the service on the network, with its state in a file.

mod causes;
mod clock;
mod enrollment;
mod keys;
mod server;
mod service;
mod webhook;
mod wire;

pub use clock::{RequestContext, Timestamp};
pub use enrollment::authorities::Authorities;
pub use enrollment::config::{Config, Replace, TUTORIAL_GROUP_KEY};
pub use enrollment::config_error::ConfigError;
pub use enrollment::enrollments::{Allocation, Enrollment, Enrollments};
pub use enrollment::error::EnrollmentError;
pub use enrollment::registration_id::{RegistrationId, RegistrationIdError};
pub use enrollment::settings::{ID_SCOPE, Settings};
pub use keys::certificates::{
    CertificateAuthority, CertificateAuthorityError, ServerCertificate, certificate_file,
    write_secret,
};
pub use keys::crypto_provider::use_ring;
pub use keys::key_pair::{KeyAlgorithm, KeyPairError};
pub use keys::sas_token::{SasToken, SasTokenError};
pub use keys::symmetric_key::{SymmetricKey, SymmetricKeyError};
pub use keys::thumbprint::DeviceCertificate;
pub use keys::tpm::{Seed, TpmKeyError, TpmPublicKey, activation_blob};
pub use keys::trial_certificates::{Period, TrialAuthority, TrialDevice};
pub use keys::x509::{Certificate, ParseCertificateError};
pub use server::endpoints::{Endpoints, ServeError};
pub use server::mqtt_session::{Reaction, Session};
pub use server::provisioning::Provisioning;
pub use server::state::{StateFile, StateFileError};
pub use server::websocket::PATH as WEBSOCKET_PATH;
pub use service::caller::{Caller, Transport};
pub use service::operation::Settlement;
pub use service::provisioning_service::{OperationKey, Service, Step};
pub use webhook::allocation_request::AllocationRequest;
pub use webhook::client::WebhookClient;
pub use webhook::outcome::WebhookOutcome;
pub use webhook::webhook_url::WebhookUrl;
pub use wire::certificate_error::CertificateError;
pub use wire::device_api::RegistrationOperationStatus;
pub use wire::request_error::{Missing, RequestError};
