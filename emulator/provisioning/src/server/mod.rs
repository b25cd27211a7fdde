//! The service on the network: HTTPS, MQTT, WebSocket, TLS, and its state in a file.

mod client_verifier;
pub mod endpoints;
pub mod https;
pub mod mqtt;
pub mod mqtt_session;
pub mod provisioning;
pub mod state;
pub mod tls;
pub mod websocket;
