//! The device API over MQTT on TLS.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use crate::server::mqtt_session::Session;
use crate::server::provisioning::Provisioning;
use crate::server::tls::{self, Connection};

const BUFFER_BYTES: usize = 4 * 1024;

/// Serves connections until no more come.
pub(crate) async fn serve(
    mut connections: mpsc::Receiver<(Connection, SocketAddr)>,
    provisioning: Provisioning,
) {
    while let Some((connection, peer)) = connections.recv().await {
        let session = Session::new(
            provisioning.clone(),
            peer,
            tls::device_certificate(&connection),
        );
        tokio::spawn(async move {
            if let Err(error) = converse(connection, session).await {
                log::debug!("{peer}: the MQTT connection broke off: {error}");
            }
        });
    }
}

/// Passes bytes on between a connection and its session.
async fn converse(mut connection: Connection, mut session: Session) -> io::Result<()> {
    let mut buffer = [0; BUFFER_BYTES];
    loop {
        let length = tokio::select! {
            length = connection.read(&mut buffer) => length?,
            () = session.ends() => 0,
        };
        let Some(received) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else {
            return connection.shutdown().await;
        };
        let reaction = session.receive(received);
        connection.write_all(&reaction.send).await?;
        connection.flush().await?;
        if reaction.close {
            return connection.shutdown().await;
        }
    }
}
