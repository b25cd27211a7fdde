//! `emulator rows`: Azurite with rows for input bindings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret as _, SecretString};

use crate::common::azurite;
use crate::common::interrupts::interrupted;
use crate::common::output::{GOOD, QUIET};
use crate::common::table;
use storage::{Account, Ports};

/// Rows for input bindings: start a local storage account, and fill a table of it.
#[derive(Debug, Args)]
pub(super) struct Rows {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start Azurite where UseDevelopmentStorage=true looks for it, until Ctrl+C; npm installs it
    /// into target/ when it is missing.
    Serve {
        /// Where its data is kept.
        #[arg(long, value_name = "DIR", default_value = ".emulator/azurite")]
        data: PathBuf,
    },
    /// Write the lines of a CSV file into a table, one row for each device.
    Import(Import),
}

#[derive(Debug, Args)]
struct Import {
    /// The file; its first line names the columns, and the first column holds registration ids.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The table, which is made if need be.
    #[arg(long, default_value = "Devices")]
    table: String,
    /// The storage account.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "UseDevelopmentStorage=true"
    )]
    connection_string: SecretString,
}

/// Runs the command.
///
/// # Errors
/// Azurite can't be started, the file can't be read, or the rows can't be written.
pub(super) async fn run(arguments: Rows) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Serve { data } => serve(&data).await?,
        Command::Import(arguments) => import(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(data: &Path) -> anyhow::Result<()> {
    let interrupted = interrupted().context("cannot wait for Ctrl+C")?;
    let installation = azurite::installation().await?;
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let azurite = installation.start(Ports::DEVELOPMENT, Some(data)).await?;
    anstream::println!(
        "{GOOD}Azurite serves UseDevelopmentStorage=true.{GOOD:#} {QUIET}Ctrl+C stops it.{QUIET:#}"
    );
    interrupted.await;
    azurite.stop().await;
    Ok(())
}

async fn import(arguments: &Import) -> anyhow::Result<()> {
    let rows = table::read(&arguments.file)?;
    let account = Account::parse(arguments.connection_string.expose_secret())
        .context("cannot use the connection string")?;
    table::write(&rows, account, &arguments.table).await?;
    anstream::println!(
        "{GOOD}{} rows are in the table {}.{GOOD:#}",
        rows.len(),
        arguments.table
    );
    Ok(())
}
