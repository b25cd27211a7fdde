//! The command line: one file for each subcommand, which is the only place that prints.

pub mod allocate;
pub mod functions_app;
pub mod host;
mod output;
