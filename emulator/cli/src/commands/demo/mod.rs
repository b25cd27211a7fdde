//! `emulator demo`: the whole tutorial in one command.
//!
//! # Layout
//!
//! - `tutorial`, `rows`, `digital_twins`: a demonstration each
//! - `registration`: a device that registers, and what it must come to

mod digital_twins;
mod registration;
mod rows;
mod tutorial;

use std::process::ExitCode;

use clap::Args;

use crate::common::functions_app::FunctionsApp;

/// Run the whole tutorial: start the handler and a provisioning service, register a toaster, a heat
/// pump and a stranger, and show the hubs.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Tell the story of the digital-twins app instead: a thermostat registers, its twin appears,
    /// telemetry moves the temperature, the device is deleted, and the twin and its relationships
    /// go.
    #[arg(long)]
    digital_twins: bool,
    /// Tell the story of rows in a database instead: Azurite is started and filled from the
    /// example's CSV file, and a known, a decommissioned and an unknown device register. npm
    /// installs Azurite into target/ when it is missing.
    #[arg(long, conflicts_with = "digital_twins")]
    rows: bool,
    #[command(flatten)]
    app: FunctionsApp,
}

/// Runs the command.
///
/// # Errors
/// Something can't be started.
pub(super) async fn run(arguments: Demo) -> anyhow::Result<ExitCode> {
    let app = &arguments.app;
    match (arguments.digital_twins, arguments.rows) {
        (true, _) => digital_twins::run(app).await,
        (false, true) => rows::run(app).await,
        (false, false) => tutorial::run(app).await,
    }
}
