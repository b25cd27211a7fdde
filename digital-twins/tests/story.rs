//! The whole story, as `emulator demo --digital-twins` tells it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::ExitCode;

use clap::Parser;
use emulator::commands::demo::{self, Demo};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    demo: Demo,
}

#[tokio::test]
async fn a_thermostat_comes_reports_and_goes_and_its_twin_with_it() {
    let handler = env!("CARGO_BIN_EXE_digital-twins-handler");
    let words = [
        "emulator",
        "--digital-twins",
        "--app",
        env!("CARGO_MANIFEST_DIR"),
        "--handler",
        handler,
    ];
    let Arguments { demo } = Arguments::parse_from(words);
    assert_eq!(demo::run(demo).await.unwrap(), ExitCode::SUCCESS);
}
