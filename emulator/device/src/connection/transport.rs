//! One way to ask, over any transport.

use secrecy::SecretString;

use super::error::ConnectionError;
use super::exchange::{Identity, Reply};
use super::https::HttpsConnection;
use super::link::Link;
use super::mqtt::MqttConnection;
use super::target::{Target, Transport};
use super::trust::Trust;

/// A connection to the service.
#[derive(Debug)]
pub(crate) enum Connection {
    /// The REST API.
    Https(HttpsConnection),
    /// MQTT, over TLS or a WebSocket.
    Mqtt(Box<MqttConnection>),
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(
        transport: Transport,
        target: &Target,
        trust: &Trust,
        identity: Identity,
    ) -> Result<Self, ConnectionError> {
        let link = match transport {
            Transport::Https => {
                return Ok(Self::Https(HttpsConnection::new(target, trust, identity)));
            }
            Transport::Mqtt => Link::tls(target, trust).await?,
            Transport::Ws => Link::web_socket(target, trust).await?,
        };
        let connection = MqttConnection::open(link, &target.id_scope, &identity).await?;
        Ok(Self::Mqtt(Box::new(connection)))
    }

    /// Sends this token from now on. MQTT sent its own when it connected.
    pub(crate) fn set_token(&mut self, token: SecretString) {
        if let Self::Https(connection) = self {
            connection.set_token(token);
        }
    }

    /// Registers.
    pub(crate) async fn register(&mut self, body: &str) -> Result<Reply, ConnectionError> {
        match self {
            Self::Https(connection) => connection.register(body).await,
            Self::Mqtt(connection) => connection.register(body).await,
        }
    }

    /// Asks how far an operation has come.
    pub(crate) async fn operation_status(
        &mut self,
        operation_id: &str,
    ) -> Result<Reply, ConnectionError> {
        match self {
            Self::Https(connection) => connection.operation_status(operation_id).await,
            Self::Mqtt(connection) => connection.operation_status(operation_id).await,
        }
    }
}
