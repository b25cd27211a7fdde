//! `emulator demo`: the tutorial's toaster, its heat pump, and a stranger.

use std::process::ExitCode;

use super::registration::{self, Registration};
use crate::common::functions_app::FunctionsApp;
use crate::common::tutorial::{HEAT_PUMP, TOASTER};
use crate::common::webhook_host::WebhookHost;
use simulated_device::connection::Transport;

const REGISTRATIONS: [Registration; 3] = [
    Registration {
        what: "The toaster",
        id: TOASTER,
        transport: Transport::Https,
        hub: Some("-toasters-"),
    },
    Registration {
        what: "The heat pump",
        id: HEAT_PUMP,
        transport: Transport::Mqtt,
        hub: Some("-heatpumps-"),
    },
    Registration {
        what: "A stranger",
        id: "lobby12-fabrikam-lamp-001",
        transport: Transport::Ws,
        hub: None,
    },
];

/// Runs the demonstration.
///
/// # Errors
/// When the app or the service can't be started.
pub(super) async fn run(app: &FunctionsApp) -> anyhow::Result<ExitCode> {
    let host = WebhookHost::start(app, None).await?;
    registration::run_all(&REGISTRATIONS, host).await
}
