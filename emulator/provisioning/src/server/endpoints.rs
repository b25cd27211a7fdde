//! The service's addresses: what listens, and serves until it is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{https, mqtt, tls};
use crate::keys::certificates::ServerCertificate;
use crate::server::provisioning::Provisioning;

/// Why the service isn't served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener has no address.
    #[error("a listener has no address")]
    Address(#[source] io::Error),
    /// The server's certificate can't be used.
    #[error(transparent)]
    Certificate(#[from] rustls::Error),
    /// An endpoint can't go on.
    #[error(transparent)]
    Endpoint(#[from] io::Error),
    /// An endpoint panicked.
    #[error(transparent)]
    Panic(#[from] tokio::task::JoinError),
}

/// Where devices reach the service. Nothing is served any more when it is dropped.
#[derive(Debug)]
pub struct Endpoints {
    /// The REST API and MQTT over WebSocket.
    pub https: SocketAddr,
    /// MQTT.
    pub mqtt: SocketAddr,
    serving: JoinSet<io::Result<()>>,
}

impl Endpoints {
    /// Serves a provisioning service on two listeners, under this certificate.
    ///
    /// # Errors
    /// A listener has no address, or the certificate can't be used.
    pub fn serve(
        provisioning: &Provisioning,
        certificate: ServerCertificate,
        https: TcpListener,
        mqtt: TcpListener,
    ) -> Result<Self, ServeError> {
        let config = Arc::new(tls::server_config(certificate)?);
        let address = |listener: &TcpListener| listener.local_addr().map_err(ServeError::Address);
        let (https_address, mqtt_address) = (address(&https)?, address(&mqtt)?);
        let mut serving = JoinSet::new();
        serving.spawn(https::serve(
            tls::accept(https, Arc::clone(&config)),
            https_address,
            provisioning.clone(),
        ));
        let connections = tls::accept(mqtt, config);
        let provisioning = provisioning.clone();
        serving.spawn(async {
            mqtt::serve(connections, provisioning).await;
            Ok(())
        });
        Ok(Self {
            https: https_address,
            mqtt: mqtt_address,
            serving,
        })
    }

    /// Waits until an endpoint can't go on, which is never in normal work.
    ///
    /// # Errors
    /// Why it can't go on.
    pub async fn failed(&mut self) -> Result<(), ServeError> {
        match self.serving.join_next().await {
            Some(ended) => Ok(ended??),
            None => Ok(()),
        }
    }
}
