//! A device's way to the service: where it is, whom to trust, and which transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::credential::ClientCertificate;
use super::https::HttpsConnection;
use super::link::Link;
use super::mqtt::MqttConnection;
use provisioning::server::tls;
use provisioning::wire::topic::Ask;

/// The version of the API that the device speaks.
pub(super) const API_VERSION: &str = "2021-06-01";

/// How long a device waits for an answer.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    /// The REST API.
    Https,
    /// MQTT over TLS.
    Mqtt,
    /// MQTT over WebSocket.
    Ws,
}

impl fmt::Display for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Https => "HTTPS",
            Self::Mqtt => "MQTT",
            Self::Ws => "MQTT over WebSocket",
        })
    }
}

/// A provisioning service, as devices are told of it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its host name.
    pub host: String,
    /// The port of its REST API and of MQTT over WebSocket.
    pub https_port: u16,
    /// The port of MQTT.
    pub mqtt_port: u16,
    /// Its ID scope.
    pub id_scope: String,
}

/// Whom devices trust, and what they share.
#[derive(Clone, Debug)]
pub struct Trust {
    pub(super) http: reqwest::Client,
    pub(super) tls: Arc<ClientConfig>,
    roots: Arc<RootCertStore>,
}

impl Trust {
    /// Trusts the authority of a CA file's text and nobody else.
    ///
    /// # Errors
    /// The text holds no certificate.
    pub fn only(ca_pem: &str) -> anyhow::Result<Self> {
        tls::use_ring();
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(ca_pem.as_bytes())
            .context("the CA file holds no certificate")?;
        roots.add(certificate)?;
        let roots = Arc::new(roots);
        let config = ClientConfig::builder()
            .with_root_certificates(Arc::clone(&roots))
            .with_no_client_auth();
        Self::new(roots, config)
    }

    /// The same trust, of a device that presents a certificate.
    ///
    /// # Errors
    /// The certificate and its key don't fit.
    pub fn presenting(&self, certificate: &ClientCertificate) -> anyhow::Result<Self> {
        let config = ClientConfig::builder()
            .with_root_certificates(Arc::clone(&self.roots))
            .with_client_auth_cert(certificate.chain(), certificate.key())
            .context("the certificate and the private key can't be used together")?;
        Self::new(Arc::clone(&self.roots), config)
    }

    fn new(roots: Arc<RootCertStore>, config: ClientConfig) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config.clone())
            .no_proxy()
            .timeout(ANSWER_TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            tls: Arc::new(config),
            roots,
        })
    }
}

/// Who a device is, to a transport.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its registration id.
    pub registration_id: String,
    /// Its signature, unless it presents a certificate.
    pub sas_token: Option<String>,
}

/// What the service answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status, or its equal in a topic.
    pub status: u16,
    /// When to ask again, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Value,
}

/// A connection to the service.
#[derive(Debug)]
pub enum Connection {
    /// The REST API.
    Https(HttpsConnection),
    /// MQTT, over TLS or a WebSocket.
    Mqtt(Box<MqttConnection>),
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The service can't be reached, or isn't trusted.
    pub async fn open(
        transport: Transport,
        target: &Target,
        trust: &Trust,
        identity: Identity,
    ) -> anyhow::Result<Self> {
        let link = match transport {
            Transport::Https => {
                return Ok(Self::Https(HttpsConnection::new(target, trust, identity)));
            }
            Transport::Mqtt => Link::tls(target, trust).await?,
            Transport::Ws => Link::web_socket(target, trust).await?,
        };
        let connection = MqttConnection::open(link, &target.id_scope, identity).await?;
        Ok(Self::Mqtt(Box::new(connection)))
    }

    /// Sends this token from now on. MQTT sent its own when it connected.
    pub(super) fn set_token(&mut self, token: String) {
        if let Self::Https(connection) = self {
            connection.set_token(token);
        }
    }

    /// Registers.
    ///
    /// # Errors
    /// No answer came.
    pub async fn register(&mut self, body: &str) -> anyhow::Result<Reply> {
        match self {
            Self::Https(connection) => connection.register(body).await,
            Self::Mqtt(connection) => connection.ask(Ask::Register, body).await,
        }
    }

    /// Asks how far an operation has come.
    ///
    /// # Errors
    /// No answer came.
    pub async fn operation_status(&mut self, operation_id: &str) -> anyhow::Result<Reply> {
        match self {
            Self::Https(connection) => connection.operation_status(operation_id).await,
            Self::Mqtt(connection) => {
                let ask = Ask::OperationStatus(operation_id.to_owned());
                connection.ask(ask, " ").await
            }
        }
    }
}
