//! Microsoft's side of the wire, for development and tests.

pub mod dps;
pub mod functions_host;
