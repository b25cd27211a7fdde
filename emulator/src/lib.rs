//! Microsoft's side of the wire, for development and tests.

pub mod dps;
