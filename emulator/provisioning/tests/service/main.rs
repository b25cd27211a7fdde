//! The provisioning service as a value: requests go in, the clock is turned by hand, and webhooks
//! answer when the test says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;
mod pace;
mod registration;
mod reprovisioning;
mod webhook;
