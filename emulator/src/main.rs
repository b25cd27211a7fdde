//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use emulator::commands::{allocate, host};

/// Microsoft's side of the wire, for development and tests.
///
/// Plays the Azure Functions host in front of a custom handler, so that an allocation policy can be tried without Azure.
/// Start with `emulator allocate`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Allocate(allocate::Allocate),
    Host(host::Host),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Allocate(arguments) => allocate::run(arguments).await,
        Command::Host(arguments) => host::run(arguments).await,
    }
}
