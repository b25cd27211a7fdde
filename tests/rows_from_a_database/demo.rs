//! The one command that the README names.

use std::process::ExitCode;

use clap::Parser;
use emulator::commands::demo::{self, Demo};

use crate::store::{azurite, example};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    demo: Demo,
}

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
        "--rows",
        "--app",
        example.to_str().unwrap(),
        "--handler",
        env!("CARGO_BIN_EXE_handler"),
    ];
    let Arguments { demo } = Arguments::parse_from(words);
    assert_eq!(demo::run(demo).await.unwrap(), ExitCode::SUCCESS);
}
