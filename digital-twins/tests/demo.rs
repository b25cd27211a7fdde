//! The whole life of a digital twin, as `emulator demo --digital-twins` shows it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::ExitCode;

use clap::Parser as _;
use emulator::commands::{self, Arguments};

#[tokio::test]
async fn a_thermostat_comes_reports_and_goes_and_its_twin_with_it() {
    let handler = env!("CARGO_BIN_EXE_digital-twins-handler");
    let words = [
        "emulator",
        "demo",
        "--digital-twins",
        "--app",
        env!("CARGO_MANIFEST_DIR"),
        "--handler",
        handler,
    ];
    let ended = commands::run(Arguments::parse_from(words)).await;
    assert_eq!(ended.unwrap(), ExitCode::SUCCESS);
}
