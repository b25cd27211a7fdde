//! `emulator device`: the tutorial's simulated device, with the lines that the C SDK's sample prints.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use crate::common::service::ServiceArguments;
use emulator_text::escaped;
use provisioning::enrollment::config::TUTORIAL_GROUP_KEY;
use provisioning::keys::symmetric_key::SymmetricKey;
use simulated_device::connection::Transport;
use simulated_device::registration::{Device, Status};

/// Register one simulated device, as the tutorial's sample does.
///
/// Without a key, the device's key is derived from the tutorial's group key.
#[derive(Debug, Args)]
pub struct SimulatedDevice {
    /// The device's registration id, such as breakroom499-contoso-tstrsd-007.
    registration_id: String,
    /// The key of the device's group, from which its own is derived.
    #[arg(long, value_name = "KEY", conflicts_with = "key")]
    // Read by the command, as a complaint of clap's would show the key.
    group_key: Option<String>,
    /// The device's own key.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// What the device tells the webhook.
    #[arg(long, value_name = "JSON", value_parser = json)]
    payload: Option<Value>,
    /// How the device speaks to the service.
    #[arg(long, value_enum, default_value = "https")]
    transport: Transport,
    #[command(flatten)]
    service: ServiceArguments,
}

fn json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// Runs the command.
///
/// # Errors
/// The key or the CA file can't be used.
pub async fn run(arguments: SimulatedDevice) -> anyhow::Result<ExitCode> {
    let derived = |group_key: SymmetricKey| group_key.derive(&arguments.registration_id);
    let key = match (&arguments.key, &arguments.group_key) {
        (Some(key), _) => SymmetricKey::parse(key).context("--key")?,
        (None, Some(key)) => derived(SymmetricKey::parse(key).context("--group-key")?),
        (None, None) => derived(SymmetricKey::parse(TUTORIAL_GROUP_KEY)?),
    };
    let device = Device {
        registration_id: arguments.registration_id,
        key,
        payload: arguments.payload,
    };
    let trust = arguments.service.trust()?;
    let target = arguments.service.target();
    anstream::println!("Provisioning API Version: {}", env!("CARGO_PKG_VERSION"));
    anstream::println!("\nRegistering Device\n");
    let registered = device
        .register(arguments.transport, &target, &trust, |status| {
            anstream::println!("Provisioning Status: {}", sdk_name(status));
        })
        .await;
    match registered {
        Ok(assigned) => {
            anstream::println!(
                "\nRegistration Information received from service: {}, deviceId: {}",
                escaped(&assigned.hub),
                escaped(&assigned.device_id)
            );
            if let Some(payload) = assigned.payload {
                anstream::println!(
                    "Payload received from service: {}",
                    escaped(&payload.to_string())
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            anstream::println!(
                "\nFailure encountered on registration {}",
                error.device_result()
            );
            anstream::println!("{}: {error}", device.registration_id);
            Ok(ExitCode::FAILURE)
        }
    }
}

fn sdk_name(status: Status) -> &'static str {
    match status {
        Status::Connected => "PROV_DEVICE_REG_STATUS_CONNECTED",
        Status::Assigning => "PROV_DEVICE_REG_STATUS_ASSIGNING",
    }
}
