//! The subcommands: one file for each, which is the only place that prints.

pub mod allocate;
pub mod certificates;
pub mod compute_device_key;
pub mod demo;
pub mod device;
pub mod dps;
pub mod fleet;
pub mod host;
pub mod rows;
mod rows_story;
pub mod twins;
mod twins_story;
