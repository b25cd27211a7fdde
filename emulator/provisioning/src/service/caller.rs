//! Who sent a request, as far as the request says.

use secrecy::SecretString;

use crate::keys::thumbprint::DeviceCertificate;

/// Who a request says it comes from, and with what proof.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The ID scope of the service that it wants.
    pub id_scope: String,
    /// Its registration id.
    pub registration_id: String,
    /// Its signature, as sent.
    pub sas_token: Option<SecretString>,
    /// The certificate that it presented in its TLS handshake.
    pub certificate: Option<DeviceCertificate>,
    /// The way that the request came.
    pub transport: Transport,
}

/// The way that a request came, as far as proofs depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The REST API.
    Https,
    /// MQTT, over TLS or a WebSocket.
    Mqtt,
}
