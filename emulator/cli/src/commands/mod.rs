//! The subcommands: one file for each.

mod allocate;
mod certificates;
mod compute_device_key;
mod demo;
mod device;
mod dps;
mod fleet;
mod host;
mod rows;
mod twins;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Microsoft's side of the wire, for development and tests.
///
/// Plays the Azure Functions host in front of a custom handler, and the Device Provisioning Service
/// in front of devices, so that an allocation policy can be tried without Azure. Start with
/// `emulator demo`, then `emulator allocate` and `emulator dps`.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
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

/// Runs the command that the arguments name.
///
/// # Errors
/// When the command can't do what it is asked.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
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
    }
}
