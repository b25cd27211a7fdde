//! `emulator demo --rows`: hub, twin and refusal come from a table.
//!
//! The table is in an Azurite of its own, on free ports and in memory, which is filled from the
//! app's CSV file and ends with the demonstration.

use std::process::ExitCode;

use anyhow::{Context as _, anyhow};

use super::registration::{self, Registration};
use crate::common::azurite;
use crate::common::functions_app::FunctionsApp;
use crate::common::interrupts::interrupted;
use crate::common::output::{self, GOOD};
use crate::common::table;
use crate::common::webhook_host::WebhookHost;
use simulated_device::connection::Transport;
use storage::azurite::Azurite;

/// The app's folder below the repository's root.
const APP: &str = "examples/rows-from-a-database";
/// What its table is filled from.
const FILE: &str = "devices.csv";
/// The table that its binding reads.
const TABLE: &str = "Devices";
/// The setting in which the binding's connection is.
const CONNECTION: &str = "AllocationStore";

const REGISTRATIONS: [Registration; 3] = [
    Registration {
        what: "A known device",
        id: "press-01",
        transport: Transport::Https,
        hub: Some("contoso-toasters-hub-1098."),
    },
    Registration {
        what: "A decommissioned one",
        id: "press-02",
        transport: Transport::Mqtt,
        hub: None,
    },
    Registration {
        what: "One without a row",
        id: "press-03",
        transport: Transport::Ws,
        hub: None,
    },
];

/// Runs the demonstration.
///
/// # Errors
/// When Azurite, the app or the service can't be started, or the demonstration is interrupted.
pub(super) async fn run(app: &FunctionsApp) -> anyhow::Result<ExitCode> {
    let interrupted = interrupted().context("cannot wait for Ctrl+C")?;
    let azurite = azurite::installation()
        .await?
        .start(storage::Ports::default(), None)
        .await?;
    let ended = tokio::select! {
        ended = demonstrate(app, &azurite) => ended,
        () = interrupted => Err(anyhow!("interrupted")),
    };
    azurite.stop().await;
    ended
}

async fn demonstrate(app: &FunctionsApp, azurite: &Azurite) -> anyhow::Result<ExitCode> {
    let folder = app.folder_or(APP)?;
    let written = table::read(&folder.join(FILE))?;
    table::write(&written, azurite.account(), TABLE).await?;
    let port = azurite.ports().table;
    output::labelled(
        "Azurite",
        &format!(
            "{} rows are in the table {TABLE} at 127.0.0.1:{port}",
            written.len()
        ),
        GOOD,
    );
    anstream::println!();
    let options = app
        .options_within(&folder)?
        .env(CONNECTION, azurite.connection_string());
    let host = WebhookHost::start_with(options, app.function_key(), None).await?;
    registration::run_all(&REGISTRATIONS, host).await
}
