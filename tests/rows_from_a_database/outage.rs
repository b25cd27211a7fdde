//! A store that is away when a device registers, and back when the Device Provisioning Service asks
//! again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use functions_host::FunctionsHost;
use provisioning::{
    CertificateAuthority, Config, Endpoints, ID_SCOPE, KeyAlgorithm, Provisioning, Replace,
    Settings, TUTORIAL_GROUP_KEY, WebhookClient,
};
use serde_json::{Value, json};
use simulated_device::connection::{Target, Transport, Trust};
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::Device;
use tokio::net::{TcpListener, TcpStream};

use crate::store::{CONNECTION, Store, azurite};

const HUB: &str = "contoso-toasters-hub-1098.azure-devices.net";
const DEVICE: &str = "press-01";

/// The way to Azurite's tables, on which connections end at once while there is an outage.
struct Way {
    address: SocketAddr,
    is_open: Arc<AtomicBool>,
}

impl Way {
    async fn closed_to(port: u16) -> Self {
        let listener = free_port().await;
        let address = listener.local_addr().unwrap();
        let is_open = Arc::new(AtomicBool::new(false));
        let open = Arc::clone(&is_open);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if open.load(Ordering::SeqCst) {
                    tokio::spawn(async move {
                        let mut store = TcpStream::connect(("127.0.0.1", port)).await?;
                        tokio::io::copy_bidirectional(&mut client, &mut store).await
                    });
                }
            }
        });
        Self { address, is_open }
    }
}

async fn free_port() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_came_during_an_outage_is_assigned_when_the_store_is_back() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let port = azurite.ports().table;
    let way = Way::closed_to(port).await;
    let app = Store::Table.app();
    let row = json!({"status": "active", "hub": HUB, "site": "Turin", "interval": 60});
    let options = Store::Table
        .fill(&app, Some(&azurite), &[(DEVICE, row)])
        .await;
    let connection = azurite.connection_string();
    let connection = connection.replace(
        &format!("127.0.0.1:{port}"),
        &format!("127.0.0.1:{}", way.address.port()),
    );
    let host = FunctionsHost::start(options.env(CONNECTION, connection))
        .await
        .unwrap();
    let listener = free_port().await;
    let url = format!("http://{}/api/HttpTrigger1", listener.local_addr().unwrap());
    let serving = host.clone();
    tokio::spawn(async move { serving.serve(listener).await });

    let mut config = Config::tutorial();
    config.set_webhook(&url, Replace::All);
    let settings = Settings {
        time_scale: 0.05,
        ..config.settings().unwrap()
    };
    let provisioning = Provisioning::in_memory(settings, WebhookClient::new().unwrap());
    let authority = CertificateAuthority::ephemeral(KeyAlgorithm::Ecdsa).unwrap();
    let certificate = authority.issue(KeyAlgorithm::Ecdsa, &[]).unwrap();
    let (https, mqtt) = (free_port().await, free_port().await);
    let endpoints = Endpoints::serve(&provisioning, certificate, https, mqtt).unwrap();
    let target = Target {
        host: "localhost".to_owned(),
        https_port: endpoints.https.port(),
        mqtt_port: endpoints.mqtt.port(),
        id_scope: ID_SCOPE.to_owned(),
    };
    let trust = Trust::only(authority.pem()).unwrap();
    let group_key = SymmetricKey::parse(TUTORIAL_GROUP_KEY).unwrap();
    let device = Device {
        registration_id: DEVICE.to_owned(),
        credential: group_key.derive(DEVICE).into(),
        payload: None,
    };
    let registering = tokio::spawn(async move {
        let registered = device.register(Transport::Https, &target, &trust, |_| {});
        registered.await
    });

    // The store's failure is told in the host's log, before the service is answered 500.
    host.wait_until(|host| host.log().iter().any(|record| record.exception.is_some()))
        .await;
    assert!(!registering.is_finished());
    way.is_open.store(true, Ordering::SeqCst);
    let assigned = registering.await.unwrap().unwrap();
    assert_eq!(
        (assigned.hub.as_str(), assigned.device_id.as_str()),
        (HUB, DEVICE)
    );
    assert_eq!(tags(&provisioning), json!([{"site": "Turin"}]));
    assert_eq!((host.starts(), host.violations()), (1, Vec::new()));
    host.stop().await;
    azurite.stop().await;
}

/// The tags of every device in the hubs.
fn tags(provisioning: &Provisioning) -> Value {
    let service = provisioning.service();
    let devices = service.hubs().iter().flat_map(|(_, devices)| devices);
    devices
        .map(|device| Value::Object(device.twin.tags.clone()))
        .collect()
}
