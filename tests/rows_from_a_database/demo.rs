//! The one command that the README names.

use std::process::ExitCode;

use clap::Parser as _;
use emulator::commands::{self, Arguments};

use crate::store::{azurite, example};

/// The command fails unless the known device gets its row's hub and the others are refused.
#[tokio::test]
async fn one_command_shows_hub_and_refusals_from_the_database() {
    // Installs it, or says that it can't be.
    if azurite().await.is_none() {
        return;
    }
    let example = example();
    let words = [
        "emulator",
        "demo",
        "--rows",
        "--app",
        example.to_str().unwrap(),
        "--handler",
        env!("CARGO_BIN_EXE_handler"),
    ];
    let ended = commands::run(Arguments::parse_from(words)).await;
    assert_eq!(ended.unwrap(), ExitCode::SUCCESS);
}
