//! A provisioning service on free ports, with a webhook that answers as a test says.
#![allow(dead_code, reason = "each test crate uses its part of it")]

pub(crate) mod packets;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use provisioning::{
    CertificateAuthority, Config, Endpoints, KeyAlgorithm, Provisioning, Replace, Settings,
    TUTORIAL_GROUP_KEY, Timestamp, WebhookClient,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use simulated_device::connection::{Target, Transport, Trust};
use simulated_device::keys::sas_token::sas_token;
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::{Assigned, Device, RegistrationError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The tutorial's hubs.
pub(crate) const TOASTERS: &str = "contoso-toasters-hub-1098.azure-devices.net";
pub(crate) const HEAT_PUMPS: &str = "contoso-heatpumps-hub-1098.azure-devices.net";

/// Status and body of a webhook's answer.
pub(crate) type Answer = (u16, String);

/// What a webhook was sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) query: Option<String>,
    pub(crate) body: Value,
}

/// A webhook on a free port.
pub(crate) struct TestWebhook {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

type Answering = Arc<dyn Fn(usize, &Value) -> Answer + Send + Sync>;

#[derive(Clone)]
struct Behind {
    calls: Arc<Mutex<Vec<Call>>>,
    answering: Answering,
}

impl TestWebhook {
    /// Starts a webhook that answers by the number of calls before and by the request.
    pub(crate) async fn start(
        answering: impl Fn(usize, &Value) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let calls = Arc::default();
        let behind = Behind {
            calls: Arc::clone(&calls),
            answering: Arc::new(answering),
        };
        let app = Router::new().fallback(called).with_state(behind);
        let listener = free_port().await;
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            url: format!("http://{address}/api/HttpTrigger1?code=s3cr3t"),
            calls,
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

async fn called(
    State(behind): State<Behind>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let body: Value = serde_json::from_str(&body).unwrap();
    let before = {
        let mut calls = behind.calls.lock().unwrap();
        calls.push(Call {
            headers,
            query: uri.query().map(str::to_owned),
            body: body.clone(),
        });
        calls.len() - 1
    };
    let (status, answer) = (behind.answering)(before, &body);
    (StatusCode::from_u16(status).unwrap(), answer)
}

/// An answer that assigns to a hub.
pub(crate) fn assign(hub: &str) -> Answer {
    (
        200,
        serde_json::json!({ "iotHubHostName": hub }).to_string(),
    )
}

pub(crate) async fn free_port() -> TcpListener {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap()
}

/// The tutorial's service, hurried, with this webhook.
pub(crate) fn tutorial(webhook: &TestWebhook) -> Settings {
    hurried(Config::tutorial(), webhook)
}

/// A configuration's service, hurried, with this webhook.
pub(crate) fn hurried(mut config: Config, webhook: &TestWebhook) -> Settings {
    config.set_webhook(&webhook.url, Replace::All);
    Settings {
        throttled: false,
        time_scale: 0.001,
        assign_after: std::time::Duration::ZERO,
        ..config.settings().unwrap()
    }
}

/// A provisioning service that serves.
pub(crate) struct TestService {
    pub(crate) provisioning: Provisioning,
    pub(crate) endpoints: Endpoints,
    pub(crate) authority: CertificateAuthority,
}

impl TestService {
    pub(crate) async fn start(settings: Settings) -> Self {
        let provisioning = Provisioning::in_memory(settings, WebhookClient::new().unwrap());
        Self::serve(provisioning).await
    }

    pub(crate) async fn serve(provisioning: Provisioning) -> Self {
        Self::serve_with(provisioning, KeyAlgorithm::Ecdsa, &[]).await
    }

    /// Serves under a certificate of that algorithm, for these names beside its own.
    pub(crate) async fn serve_with(
        provisioning: Provisioning,
        algorithm: KeyAlgorithm,
        names: &[String],
    ) -> Self {
        let authority = CertificateAuthority::ephemeral(algorithm).unwrap();
        let certificate = authority.issue(algorithm, names).unwrap();
        let (https, mqtt) = (free_port().await, free_port().await);
        let endpoints = Endpoints::serve(&provisioning, certificate, https, mqtt).unwrap();
        Self {
            provisioning,
            endpoints,
            authority,
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            host: "localhost".to_owned(),
            https_port: self.endpoints.https.port(),
            mqtt_port: self.endpoints.mqtt.port(),
            id_scope: "0ne00LOCAL1".to_owned(),
        }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::only(self.authority.pem()).unwrap()
    }

    /// Registers a device over HTTPS.
    pub(crate) async fn register(&self, device: &Device) -> Result<Assigned, RegistrationError> {
        let (target, trust) = (self.target(), self.trust());
        let told = |_| {};
        device
            .register(Transport::Https, &target, &trust, told)
            .await
    }
}

/// A connection to one of the service's ports, for a device that presents what `client` says.
pub(crate) async fn connect(
    service: &TestService,
    port: SocketAddr,
    client: Option<rcgen::CertifiedKey<rcgen::KeyPair>>,
) -> TlsStream<TcpStream> {
    connect_with(service, port, client, rustls::ALL_VERSIONS).await
}

/// The same, for a device that speaks these versions of TLS.
pub(crate) async fn connect_with(
    service: &TestService,
    port: SocketAddr,
    client: Option<rcgen::CertifiedKey<rcgen::KeyPair>>,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(service.authority.pem().as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let config =
        ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some(client) => {
            let key = PrivateKeyDer::try_from(client.signing_key.serialize_der()).unwrap();
            config
                .with_client_auth_cert(vec![client.cert.der().clone()], key)
                .unwrap()
        }
    };
    let tcp = TcpStream::connect(port).await.unwrap();
    let name = ServerName::try_from("global.azure-devices-provisioning.net").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, tcp).await.unwrap()
}

/// An answer, as it came over the wire.
pub(crate) struct RawAnswer {
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl RawAnswer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn status_line(&self) -> &str {
        self.head.lines().next().unwrap()
    }
}

/// Sends one request, as text, and reads the answer.
pub(crate) async fn exchange(
    mut tls: TlsStream<TcpStream>,
    request: &str,
    body: &str,
) -> RawAnswer {
    let request = format!(
        "{request}\r\nHost: global.azure-devices-provisioning.net\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tls.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    RawAnswer {
        head: head.to_owned(),
        body: serde_json::from_str(body).unwrap(),
    }
}

/// The key of a device of the tutorial's group.
pub(crate) fn device_key(registration_id: &str) -> SymmetricKey {
    let group_key = SymmetricKey::parse(TUTORIAL_GROUP_KEY).unwrap();
    group_key.derive(registration_id)
}

/// What a device with this key signs, good for an hour.
pub(crate) fn token(key: &SymmetricKey, registration_id: &str) -> String {
    let expiry = Timestamp::now().unix() + 3_600;
    let expiry = expiry.try_into().unwrap();
    let token = sas_token(key, "0ne00LOCAL1", registration_id, expiry);
    token.expose_secret().to_owned()
}

/// A device of the tutorial's group.
pub(crate) fn device(registration_id: &str) -> Device {
    Device {
        registration_id: registration_id.to_owned(),
        credential: device_key(registration_id).into(),
        payload: None,
    }
}

/// A file of `fixtures/field/`.
pub(crate) fn field(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/field");
    std::fs::read_to_string(std::path::Path::new(folder).join(name)).unwrap()
}
