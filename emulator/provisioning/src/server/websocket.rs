//! The device API over MQTT in a WebSocket.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>. The C SDK offers the
//! sub-protocol `MQTT`, the others `mqtt`; the answer echoes the spelling.

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::http::{HeaderMap, Response};
use axum::response::IntoResponse as _;

use crate::server::mqtt_session::Session;
use crate::wire::request_error::RequestError;

/// The path on the HTTPS port.
pub const PATH: &str = "/$iothub/websocket";

const MQTT: &str = "mqtt";

/// The biggest WebSocket message that is read; what is in it has its own limit.
const MAX_WEB_SOCKET_BYTES: usize = 1024 * 1024;

/// Turns a request into a conversation with a session.
///
/// # Errors
/// The request offers sub-protocols, and none is MQTT.
pub(crate) fn upgrade(
    upgrade: WebSocketUpgrade,
    headers: &HeaderMap,
    session: Session,
) -> Result<Response<Body>, RequestError> {
    let offered: Vec<&str> = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|protocols| protocols.to_str().ok())
        .flat_map(|protocols| protocols.split(','))
        .map(str::trim)
        .collect();
    let protocol = match offered
        .iter()
        .find(|protocol| protocol.eq_ignore_ascii_case(MQTT))
    {
        Some(&protocol) => protocol,
        None if offered.is_empty() => MQTT,
        None => {
            return Err(RequestError::Malformed(format!(
                "the WebSocket sub-protocol is {}, and must be {MQTT}; AMQP isn't emulated",
                offered.join(", ")
            )));
        }
    };
    Ok(upgrade
        .max_message_size(MAX_WEB_SOCKET_BYTES)
        .max_frame_size(MAX_WEB_SOCKET_BYTES)
        .protocols([protocol.to_owned()])
        .on_upgrade(|socket| async {
            if let Err(error) = converse(socket, session).await {
                log::debug!("a WebSocket broke off: {error}");
            }
        })
        .into_response())
}

/// Passes messages on between a socket and its session. How MQTT packets are cut into messages
/// doesn't matter.
async fn converse(mut socket: WebSocket, mut session: Session) -> Result<(), axum::Error> {
    loop {
        let received = tokio::select! {
            received = socket.recv() => received,
            () = session.ends() => return socket.send(Message::Close(None)).await,
        };
        let Some(message) = received else {
            return Ok(());
        };
        let reaction = match message? {
            Message::Binary(bytes) => session.receive(&bytes),
            Message::Text(_) => {
                let refused = CloseFrame {
                    code: close_code::UNSUPPORTED,
                    reason: "MQTT travels in binary messages".into(),
                };
                return socket.send(Message::Close(Some(refused))).await;
            }
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return Ok(()),
        };
        if !reaction.send.is_empty() {
            socket.send(Message::Binary(reaction.send.into())).await?;
        }
        if reaction.close {
            return socket.send(Message::Close(None)).await;
        }
    }
}
