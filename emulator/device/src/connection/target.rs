//! Where the service is, and how to speak to it.

use std::fmt;

/// The transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    /// The REST API.
    Https,
    /// MQTT over TLS.
    Mqtt,
    /// MQTT over WebSocket.
    Ws,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Https => "HTTPS",
            Self::Mqtt => "MQTT",
            Self::Ws => "MQTT over WebSocket",
        })
    }
}

/// A provisioning service, as devices are told of it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its host name.
    pub host: String,
    /// The port of its REST API and of MQTT over WebSocket.
    pub https_port: u16,
    /// The port of MQTT.
    pub mqtt_port: u16,
    /// Its ID scope.
    pub id_scope: String,
}
