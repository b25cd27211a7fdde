//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use emulator::commands::{
    allocate, certificates, compute_device_key, demo, device, dps, fleet, host, rows, twins,
};

/// Microsoft's side of the wire, for development and tests.
///
/// Plays the Azure Functions host in front of a custom handler, and the Device Provisioning Service in front of devices, so that
/// an allocation policy can be tried without Azure. Start with `emulator demo`, then `emulator allocate` and `emulator dps`.
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
    Dps(dps::LocalDps),
    Device(device::SimulatedDevice),
    Fleet(fleet::Fleet),
    Demo(demo::Demo),
    Certificates(certificates::Certificates),
    ComputeDeviceKey(compute_device_key::ComputeDeviceKey),
    Rows(rows::Rows),
    Twins(twins::Twins),
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Allocate(arguments) => allocate::run(arguments).await,
        Command::Host(arguments) => host::run(arguments).await,
        Command::Dps(arguments) => dps::run(arguments).await,
        Command::Device(arguments) => device::run(arguments).await,
        Command::Fleet(arguments) => fleet::run(arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Certificates(arguments) => certificates::run(&arguments),
        Command::ComputeDeviceKey(arguments) => compute_device_key::run(&arguments),
        Command::Rows(arguments) => rows::run(arguments).await,
        Command::Twins(arguments) => twins::run(arguments).await,
    };
    ended.unwrap_or_else(|error| {
        anstream::eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
