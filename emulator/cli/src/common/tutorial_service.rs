//! A provisioning service with the tutorial's enrollments, and devices of its group.

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::net::TcpListener;

use provisioning::{
    CertificateAuthority, Config, Endpoints, ID_SCOPE, KeyAlgorithm, Provisioning, Replace,
    Settings, TUTORIAL_GROUP_KEY, WebhookClient,
};
use simulated_device::connection::{Target, Transport, Trust};
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::{Assigned, Device, RegistrationError};

/// The devices are told to ask again after one second, the least there is.
const HURRIED: f64 = 0.1;

/// A provisioning service with the tutorial's enrollments, on free ports.
pub(crate) struct TutorialService {
    pub(crate) provisioning: Provisioning,
    target: Target,
    trust: Trust,
    _endpoints: Endpoints,
}

impl TutorialService {
    /// Starts it, with the webhook at this URL.
    pub(crate) async fn start(webhook_url: &SecretString) -> anyhow::Result<Self> {
        let mut config = Config::tutorial();
        config.set_webhook(webhook_url.expose_secret(), Replace::All);
        let webhook = WebhookClient::new().context("cannot use the system's certificates")?;
        let settings = Settings {
            time_scale: HURRIED,
            ..config.settings()?
        };
        let provisioning = Provisioning::in_memory(settings, webhook);
        let authority = CertificateAuthority::ephemeral(KeyAlgorithm::Ecdsa)?;
        let certificate = authority.issue(KeyAlgorithm::Ecdsa, &[])?;
        let (https, mqtt) = (free_port().await?, free_port().await?);
        let endpoints = Endpoints::serve(&provisioning, certificate, https, mqtt)?;
        let target = Target {
            host: "localhost".to_owned(),
            https_port: endpoints.https.port(),
            mqtt_port: endpoints.mqtt.port(),
            id_scope: ID_SCOPE.to_owned(),
        };
        Ok(Self {
            provisioning,
            target,
            trust: Trust::only(authority.pem())?,
            _endpoints: endpoints,
        })
    }

    /// Registers a device of the tutorial's group.
    ///
    /// # Errors
    /// The group's key can't be used.
    pub(crate) async fn register(
        &self,
        registration_id: &str,
        payload: Option<Value>,
        transport: Transport,
    ) -> anyhow::Result<Result<Assigned, RegistrationError>> {
        let group_key = SymmetricKey::parse(TUTORIAL_GROUP_KEY)?;
        let device = Device {
            registration_id: registration_id.to_owned(),
            credential: group_key.derive(registration_id).into(),
            payload,
        };
        Ok(device
            .register(transport, &self.target, &self.trust, |_| {})
            .await)
    }
}

async fn free_port() -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("there is no free port")
}
