//! The service on the network: HTTPS, MQTT, WebSocket, TLS, and its state in a file.

mod client_verifier;
pub(crate) mod endpoints;
pub(crate) mod https;
pub(crate) mod mqtt;
mod mqtt_clients;
pub(crate) mod mqtt_session;
pub(crate) mod provisioning;
pub(crate) mod state;
pub(crate) mod tls;
pub(crate) mod websocket;
