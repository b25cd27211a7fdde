//! The command line: one file for each subcommand, which is the only place that prints.

pub mod allocate;
pub mod compute_device_key;
pub mod demo;
pub mod device;
pub mod dps;
pub mod fleet;
pub mod functions_app;
pub mod host;
mod output;
pub mod service;
pub mod twins;
mod twins_story;
mod webhook_host;
