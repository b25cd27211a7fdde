//! Why a question gets no answer.

use std::io;

use emulator_text::printable;
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, MqttError};
use rustls::pki_types::InvalidDnsNameError;
use tokio_tungstenite::tungstenite;

/// Why the service can't be reached, or gives no answer that a device reads.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The service's name is not one that a certificate can hold.
    #[error("{host:?} is not a host name")]
    HostName {
        /// The name.
        host: String,
        /// What is wrong with it.
        source: InvalidDnsNameError,
    },
    /// Nothing listens there.
    #[error("cannot reach {host}:{port}")]
    Reach {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The TLS handshake failed.
    #[error("cannot trust {host}:{port}")]
    Trust {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What TLS says.
        source: io::Error,
    },
    /// The service opens no WebSocket.
    #[error("cannot open a WebSocket")]
    WebSocket(#[source] Box<tungstenite::Error>),
    /// The WebSocket ended in the middle.
    #[error("the WebSocket broke off")]
    WebSocketBroke(#[source] Box<tungstenite::Error>),
    /// The connection ended in the middle.
    #[error("the connection broke off")]
    Broke(#[source] io::Error),
    /// The service closed the connection.
    #[error("the service hung up")]
    HungUp,
    /// The service kept silent.
    #[error("the service gave no answer")]
    NoAnswer,
    /// The packet can't be built, as when the registration id is too long for one.
    #[error("cannot write the MQTT packet")]
    Packet(#[source] MqttError),
    /// What came is not MQTT.
    #[error("MQTT went wrong")]
    Mqtt(#[source] MqttError),
    /// CONNACK has a return code other than 0.
    #[error("the service refused the connection: {0:?}")]
    Refused(ConnectReturnCode),
    /// SUBACK grants nothing.
    #[error("the service refused the subscription")]
    SubscriptionRefused,
    /// What the service sent has a topic that no answer has.
    #[error("no answer has the topic {}", printable(.0))]
    Topic(String),
    /// No HTTP answer came.
    #[error("cannot reach the service")]
    Https(#[source] reqwest::Error),
    /// The HTTP answer ended in the middle.
    #[error("the answer broke off")]
    AnswerBroke(#[source] reqwest::Error),
    /// The body is something else.
    #[error("the answer isn't JSON")]
    NotJson(#[source] serde_json::Error),
}
