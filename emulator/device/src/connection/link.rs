//! What carries MQTT's bytes: TLS, or a WebSocket on it.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use super::error::ConnectionError;
use super::target::Target;
use super::trust::Trust;

/// The path of the WebSocket, on the HTTPS port.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>.
const WEB_SOCKET_PATH: &str = "/$iothub/websocket";

/// The sub-protocol that says which language the WebSocket carries.
const SUB_PROTOCOL: HeaderValue = HeaderValue::from_static("mqtt");

const BUFFER_BYTES: usize = 4 * 1024;

/// A way for bytes to the service and back.
#[derive(Debug)]
pub(super) enum Link {
    Tls(Box<TlsStream<TcpStream>>),
    WebSocket(Box<WebSocketStream<TlsStream<TcpStream>>>),
}

impl Link {
    /// Connects to the MQTT port.
    pub(super) async fn tls(target: &Target, trust: &Trust) -> Result<Self, ConnectionError> {
        let stream = connect(&target.host, target.mqtt_port, trust).await?;
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Connects to the HTTPS port and opens a WebSocket.
    pub(super) async fn web_socket(
        target: &Target,
        trust: &Trust,
    ) -> Result<Self, ConnectionError> {
        let Target {
            host, https_port, ..
        } = target;
        let stream = connect(host, *https_port, trust).await?;
        let not_opened = |error| ConnectionError::WebSocket(Box::new(error));
        let mut request = format!("wss://{host}:{https_port}{WEB_SOCKET_PATH}")
            .into_client_request()
            .map_err(not_opened)?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, SUB_PROTOCOL);
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .map_err(not_opened)?;
        Ok(Self::WebSocket(Box::new(socket)))
    }

    pub(super) async fn send(&mut self, bytes: Vec<u8>) -> Result<(), ConnectionError> {
        match self {
            Self::Tls(stream) => {
                let sent = async {
                    stream.write_all(&bytes).await?;
                    stream.flush().await
                };
                sent.await.map_err(ConnectionError::Broke)
            }
            Self::WebSocket(socket) => socket
                .send(Message::Binary(bytes.into()))
                .await
                .map_err(web_socket_broke),
        }
    }

    /// The next bytes that come; the end is an error.
    pub(super) async fn receive(&mut self) -> Result<Bytes, ConnectionError> {
        match self {
            Self::Tls(stream) => {
                let mut buffer = vec![0; BUFFER_BYTES];
                let length = stream
                    .read(&mut buffer)
                    .await
                    .map_err(ConnectionError::Broke)?;
                buffer.truncate(length);
                if buffer.is_empty() {
                    return Err(ConnectionError::HungUp);
                }
                Ok(buffer.into())
            }
            Self::WebSocket(socket) => loop {
                match socket.next().await.transpose().map_err(web_socket_broke)? {
                    Some(Message::Binary(bytes)) => return Ok(bytes),
                    Some(Message::Ping(_) | Message::Pong(_)) => {}
                    _ => return Err(ConnectionError::HungUp),
                }
            },
        }
    }
}

fn web_socket_broke(error: tungstenite::Error) -> ConnectionError {
    ConnectionError::WebSocketBroke(Box::new(error))
}

async fn connect(
    host: &str,
    port: u16,
    trust: &Trust,
) -> Result<TlsStream<TcpStream>, ConnectionError> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|source| ConnectionError::HostName {
            host: host.to_owned(),
            source,
        })?;
    let stream = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let stream = stream.await.map_err(|source| ConnectionError::Reach {
        host: host.to_owned(),
        port,
        source,
    })?;
    TlsConnector::from(Arc::clone(&trust.tls))
        .connect(name, stream)
        .await
        .map_err(|source| ConnectionError::Trust {
            host: host.to_owned(),
            port,
            source,
        })
}
