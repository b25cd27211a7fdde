//! The device API over MQTT and over MQTT in a WebSocket, with a simulated device and with the
//! packets of the SDKs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod device;
mod session;
#[path = "../support/mod.rs"]
mod support;

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
