//! `emulator compute-device-key`: what `az iot dps enrollment-group compute-device-key` prints.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use provisioning::SymmetricKey;

/// Print the key of a device in a group, which is derived from the group's key.
#[derive(Debug, Args)]
pub(super) struct ComputeDeviceKey {
    /// The device's registration id, in the spelling that the device uses.
    #[arg(long, visible_alias = "rid")]
    registration_id: String,
    /// The group's primary or secondary key.
    #[arg(long, visible_alias = "symmetric-key", value_name = "KEY")]
    // Read by the command, as a complaint of clap's would show the key.
    key: SecretString,
}

/// Runs the command.
///
/// # Errors
/// The key is not valid base64.
pub(super) fn run(arguments: &ComputeDeviceKey) -> anyhow::Result<ExitCode> {
    let group_key = SymmetricKey::parse(arguments.key.expose_secret()).context("--key")?;
    let key = group_key.derive(&arguments.registration_id);
    anstream::println!("{}", key.to_base64());
    Ok(ExitCode::SUCCESS)
}
