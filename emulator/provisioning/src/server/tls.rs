//! TLS 1.2 and 1.3 for the device API, with client certificates for those who have one.
//!
//! A client certificate is taken whoever issued it: the handshake proves that the device has its
//! key, and its enrollment decides whether it is the right one.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{self, CryptoProvider};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::keys::certificates::ServerCertificate;
use crate::keys::thumbprint::DeviceCertificate;
use crate::server::client_verifier::AnyClientCertificate;

/// How many connections may wait for somebody to serve them.
const BACKLOG: usize = 1_024;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait when a connection can't be accepted, as when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A device's connection.
pub(crate) type Connection = TlsStream<TcpStream>;

/// What a server with this certificate negotiates.
///
/// # Errors
/// The certificate and its key don't fit.
pub(crate) fn server_config(server: ServerCertificate) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let verifier = AnyClientCertificate::new(provider.signature_verification_algorithms);
    ServerConfig::builder_with_provider(Arc::<CryptoProvider>::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(vec![server.certificate], server.key)
}

/// Accepts connections on a listener. A handshake that fails or never ends holds up no other.
#[must_use]
pub(crate) fn accept(
    listener: TcpListener,
    config: Arc<ServerConfig>,
) -> mpsc::Receiver<(Connection, SocketAddr)> {
    let (connections, accepted) = mpsc::channel(BACKLOG);
    let acceptor = TlsAcceptor::from(config);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = connections.closed() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let handshake = handshake(acceptor.clone(), stream, peer, connections.clone());
                    tokio::spawn(handshake);
                }
                Err(error) => {
                    log::error!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    });
    accepted
}

async fn handshake(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    connections: mpsc::Sender<(Connection, SocketAddr)>,
) {
    let connection = async {
        stream.set_nodelay(true)?;
        acceptor.accept(stream).await
    };
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, connection).await {
        Ok(Ok(connection)) => {
            // Nobody serves any more when the emulator is going down.
            let _ = connections.send((connection, peer)).await;
        }
        Ok(Err(error)) => log::info!("{peer}: the TLS handshake failed: {}", hint(&error)),
        Err(_) => log::info!("{peer}: the TLS handshake took too long"),
    }
}

/// The error, with what to do about those that devices meet.
fn hint(error: &io::Error) -> String {
    const HINTS: [(&[&str], &str); 4] = [
        (
            &["UnknownCA", "BadCertificate"],
            "the device must trust the emulator's CA file",
        ),
        (
            &["InvalidContentType"],
            "the device doesn't speak TLS, which every port here asks for",
        ),
        (
            &["NoCipherSuitesInCommon", "NoSignatureSchemesInCommon"],
            "the device must offer a suite with ECDHE and AES-GCM or ChaCha20 for the server key, which is RSA unless \
             --certificate-key says ecdsa",
        ),
        (
            &[
                "Tls12NotOffered",
                "NoKxGroupsInCommon",
                "SignatureAlgorithmsExtensionRequired",
            ],
            "the device must offer TLS 1.2 or 1.3, and ECDHE with the curve X25519, P-256 or P-384",
        ),
    ];
    let text = error.to_string();
    let hint = HINTS
        .iter()
        .find(|(marks, _)| marks.iter().any(|mark| text.contains(mark)));
    hint.map_or_else(|| text.clone(), |(_, hint)| format!("{text}; {hint}"))
}

/// The certificates that the device presented, if it did.
#[must_use]
pub(crate) fn device_certificate(connection: &Connection) -> Option<DeviceCertificate> {
    let (_, session) = connection.get_ref();
    DeviceCertificate::from_chain(session.peer_certificates()?)
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};

    use super::*;

    #[test]
    fn a_failed_handshake_says_what_to_do() {
        const TRUST: &str = "; the device must trust the emulator's CA file";
        const TLS: &str = "; the device doesn't speak TLS, which every port here asks for";
        const SUITE: &str = "; the device must offer a suite with ECDHE and AES-GCM or ChaCha20 for the server key, which \
                             is RSA unless --certificate-key says ecdsa";
        const VERSION: &str = "; the device must offer TLS 1.2 or 1.3, and ECDHE with the curve X25519, P-256 or P-384";
        for (error, remedy) in [
            (Error::AlertReceived(AlertDescription::UnknownCA), TRUST),
            (
                Error::AlertReceived(AlertDescription::BadCertificate),
                TRUST,
            ),
            (InvalidMessage::InvalidContentType.into(), TLS),
            (PeerIncompatible::NoCipherSuitesInCommon.into(), SUITE),
            (PeerIncompatible::NoSignatureSchemesInCommon.into(), SUITE),
            (PeerIncompatible::Tls12NotOffered.into(), VERSION),
            (PeerIncompatible::NoKxGroupsInCommon.into(), VERSION),
            (
                PeerIncompatible::SignatureAlgorithmsExtensionRequired.into(),
                VERSION,
            ),
            (PeerMisbehaved::BadCertChainExtensions.into(), ""),
        ] {
            let said = error.to_string();
            assert_eq!(hint(&io::Error::other(error)), format!("{said}{remedy}"));
        }
    }
}
