//! Microsoft's side of the wire, for development and tests. It is never deployed.
//!
//! What it does **not** do: it assigns nothing in Azure, connects to no IoT hub, and stands in for no test against the real
//! services. It shares no code with the handler; the specification alone ties the two.
//!
//! # Layout
//!
//! - [`functions_host`]: the Functions host, which starts a custom handler and sends it invocations
//! - [`dps`]: a local Device Provisioning Service, which device SDKs register against and which calls the webhook
//! - [`device`]: a simulated device
//! - [`twins`]: a local Digital Twins instance
//! - [`commands`]: the command line, one file for each subcommand

pub mod commands;
pub mod device;
pub mod dps;
pub mod functions_host;
mod printable;
pub mod twins;
