//! What carries MQTT's bytes: TLS, or a WebSocket on it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::body::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;

use super::connection::{Target, Trust};
use provisioning::server::websocket;

const BUFFER_BYTES: usize = 4 * 1024;

/// A way for bytes to the service and back.
#[derive(Debug)]
pub(super) enum Link {
    Tls(Box<TlsStream<TcpStream>>),
    WebSocket(Box<WebSocketStream<TlsStream<TcpStream>>>),
}

impl Link {
    /// Connects to the MQTT port.
    pub(super) async fn tls(target: &Target, trust: &Trust) -> anyhow::Result<Self> {
        let stream = connect(&target.host, target.mqtt_port, trust).await?;
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Connects to the HTTPS port and opens a WebSocket.
    pub(super) async fn web_socket(target: &Target, trust: &Trust) -> anyhow::Result<Self> {
        let Target {
            host, https_port, ..
        } = target;
        let stream = connect(host, *https_port, trust).await?;
        let url = format!("wss://{host}:{https_port}{}", websocket::PATH);
        let mut request = url.into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mqtt"));
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .context("cannot open a WebSocket")?;
        Ok(Self::WebSocket(Box::new(socket)))
    }

    pub(super) async fn send(&mut self, bytes: Vec<u8>) -> anyhow::Result<()> {
        match self {
            Self::Tls(stream) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
            }
            Self::WebSocket(socket) => socket.send(Message::Binary(bytes.into())).await?,
        }
        Ok(())
    }

    /// The next bytes that come; none at the end is an error.
    pub(super) async fn receive(&mut self) -> anyhow::Result<Bytes> {
        match self {
            Self::Tls(stream) => {
                let mut buffer = vec![0; BUFFER_BYTES];
                let length = stream.read(&mut buffer).await?;
                buffer.truncate(length);
                if buffer.is_empty() {
                    bail!("the service hung up");
                }
                Ok(buffer.into())
            }
            Self::WebSocket(socket) => loop {
                match socket.next().await.transpose()? {
                    Some(Message::Binary(bytes)) => return Ok(bytes),
                    Some(Message::Ping(_) | Message::Pong(_)) => {}
                    _ => bail!("the service hung up"),
                }
            },
        }
    }
}

async fn connect(host: &str, port: u16, trust: &Trust) -> anyhow::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect((host, port))
        .await
        .with_context(|| format!("cannot reach {host}:{port}"))?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from(host.to_owned())?;
    TlsConnector::from(Arc::clone(&trust.tls))
        .connect(name, tcp)
        .await
        .with_context(|| format!("cannot trust {host}:{port}"))
}
