//! Microsoft's side of the wire, for development and tests. It is never deployed.
//!
//! What it does **not** do: it assigns nothing in Azure, connects to no IoT hub, and stands in for no test against the real services. Of
//! the Functions host it emulates HTTP triggers of a custom handler alone. It shares no code with the handler; the specifications alone
//! tie the two, so that a misspelt member can't agree with itself.
//!
//! # Layout
//!
//! - [`functions_host`]: starts a custom handler as the Functions host does, invokes its functions and reports what breaks the protocol
//! - [`dps`]: the Device Provisioning Service's side of custom allocation
//! - [`commands`]: the command line, one file for each subcommand

pub mod commands;
pub mod dps;
pub mod functions_host;
