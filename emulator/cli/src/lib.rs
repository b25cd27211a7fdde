//! Microsoft's side of the wire, for development and tests: the command line over the emulated
//! services. It is never deployed.
//!
//! What it does **not** do: it assigns nothing in Azure, connects to no IoT hub, and stands in for
//! no test against the real services. It shares no code with the handler; the specification alone
//! ties the two.
//!
//! # Layout
//!
//! - [`commands`]: one file for each subcommand
//! - `common`: what several of them need
//!
//! The services are crates of their own: `functions-host`, `provisioning`, `iot-hub`,
//! `digital-twins-instance` and `simulated-device`.

pub mod commands;
mod common;
