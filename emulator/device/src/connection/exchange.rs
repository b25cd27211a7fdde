//! What a device and the service say to each other, whatever carries it.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

/// The version of the API that the device speaks.
pub(super) const API_VERSION: &str = "2021-06-01";

/// How long a device waits for an answer.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Who a device is, to a transport.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Its registration id.
    pub(crate) registration_id: String,
    /// Its token, unless it presents a certificate, or has a TPM and no nonce yet.
    pub(crate) sas_token: Option<SecretString>,
}

/// What the service answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The HTTP status, or its equal in a topic.
    pub(crate) status: u16,
    /// When to ask again, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The body.
    pub(crate) body: Value,
}
