//! `emulator demo --rows`: hub, twin and refusal come from a table.
//!
//! The table is in an Azurite of its own, on free ports and in memory, which is filled from the app's
//! CSV file and ends with the story.

use std::process::ExitCode;

use anyhow::{Context as _, anyhow};

use super::demo::{Part, TutorialService, play, show_hubs, show_logs};
use super::rows;
use crate::common::functions_app::FunctionsApp;
use crate::common::interrupts::interrupted;
use crate::common::output::{self, GOOD};
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

const PARTS: [Part; 3] = [
    Part {
        what: "A known device",
        registration_id: "press-01",
        transport: Transport::Https,
        hub: Some("contoso-toasters-hub-1098."),
    },
    Part {
        what: "A decommissioned one",
        registration_id: "press-02",
        transport: Transport::Mqtt,
        hub: None,
    },
    Part {
        what: "One without a row",
        registration_id: "press-03",
        transport: Transport::Ws,
        hub: None,
    },
];

/// Tells the story.
///
/// # Errors
/// When Azurite, the app or the service can't be started, or the story is interrupted.
pub(crate) async fn run(app: &FunctionsApp) -> anyhow::Result<ExitCode> {
    let interrupted = interrupted().context("cannot wait for Ctrl+C")?;
    let azurite = rows::installation()
        .await?
        .start(storage::Ports::default(), None)
        .await?;
    let told = tokio::select! {
        told = tell(app, &azurite) => told,
        () = interrupted => Err(anyhow!("interrupted")),
    };
    azurite.stop().await;
    told
}

async fn tell(app: &FunctionsApp, azurite: &Azurite) -> anyhow::Result<ExitCode> {
    let folder = app.folder_or(APP)?;
    let written = rows::read(&folder.join(FILE))?;
    rows::write(&written, azurite.account(), TABLE).await?;
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
    let mut host = WebhookHost::start_with(options, app.function_key(), None).await?;
    let service = TutorialService::start(host.url()).await?;
    let mut as_expected = true;
    for part in PARTS {
        as_expected &= play(&part, &service).await?;
        show_logs(&mut host);
        anstream::println!();
    }
    show_hubs(&service.provisioning);
    host.stop().await;
    let kept = output::verdict(host.host().violations().len());
    Ok(if as_expected { kept } else { ExitCode::FAILURE })
}
