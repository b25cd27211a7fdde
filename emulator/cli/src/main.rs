//! `emulator`: parses the command line and runs what it asks for.

use std::process::ExitCode;

use clap::Parser as _;
use emulator::commands::{self, Arguments};

#[tokio::main]
async fn main() -> ExitCode {
    let ended = commands::run(Arguments::parse()).await;
    ended.unwrap_or_else(|error| {
        anstream::eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
