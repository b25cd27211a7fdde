//! `emulator rows`: Azurite with rows for input bindings.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use emulator_text::read_text;
use storage::azurite::Installation;
use storage::{Account, Ports, Retry, Tables};

use crate::common::interrupts::interrupted;
use crate::common::output::{GOOD, QUIET};

/// The row key of every row that is imported; a binding's filter names it.
const ROW_KEY: &str = "allocation";

/// Rows for input bindings: start a local storage account, and fill a table of it.
#[derive(Debug, Args)]
pub struct Rows {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start Azurite where UseDevelopmentStorage=true looks for it, until Ctrl+C; npm installs it into target/ when it is missing.
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
pub async fn run(arguments: Rows) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Serve { data } => serve(&data).await?,
        Command::Import(arguments) => import(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(data: &Path) -> anyhow::Result<()> {
    let interrupted = interrupted().context("cannot wait for Ctrl+C")?;
    let installation = installation().await?;
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let azurite = installation.start(Ports::DEVELOPMENT, Some(data)).await?;
    anstream::println!(
        "{GOOD}Azurite serves UseDevelopmentStorage=true.{GOOD:#} {QUIET}Ctrl+C stops it.{QUIET:#}"
    );
    interrupted.await;
    azurite.stop().await;
    Ok(())
}

/// Azurite in cargo's target folder, beside this program.
pub(super) async fn installation() -> anyhow::Result<Installation> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    // target/debug/emulator
    let target = program.ancestors().nth(2).unwrap_or(Path::new("target"));
    Ok(Installation::find_or_install(&target.join("azurite")).await?)
}

async fn import(
    Import {
        file,
        table,
        connection_string,
    }: &Import,
) -> anyhow::Result<()> {
    let rows = read(file)?;
    let account = Account::parse(connection_string.expose_secret())
        .context("cannot use the connection string")?;
    write(&rows, account, table).await?;
    anstream::println!(
        "{GOOD}{} rows are in the table {table}.{GOOD:#}",
        rows.len()
    );
    Ok(())
}

/// A row with its partition key.
type Row = (String, Map<String, Value>);

/// Writes rows into a table, which is made if need be.
pub(super) async fn write(rows: &[Row], account: Account, table: &str) -> anyhow::Result<()> {
    let tables = Tables::new(account, Retry::TABLES)?;
    let cannot = || {
        format!(
            "cannot write the table {table}; is the store there? `emulator rows serve` starts one"
        )
    };
    tables.create_table(table).await.with_context(cannot)?;
    for (id, row) in rows {
        let text = Value::Object(row.clone()).to_string();
        let written = tables.write(table, id, ROW_KEY, &text).await;
        written.with_context(cannot)?;
    }
    Ok(())
}

/// The rows of the file by their keys. Keys are in lower case, as ids of devices count in any case and keys of tables do not.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Row>> {
    parse(file).with_context(|| format!("cannot import {}", file.display()))
}

fn parse(file: &Path) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(Cursor::new(read_text(file)?));
    let columns = reader.headers()?.clone();
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record?;
        let id = record.get(0).unwrap_or_default().trim().to_lowercase();
        ensure!(!id.is_empty(), "row {} has no registration id", number + 1);
        let cells = columns.iter().zip(&record).skip(1);
        let mut row: Map<String, Value> = cells
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(column, cell)| (column.to_owned(), typed(cell)))
            .collect();
        row.insert("PartitionKey".to_owned(), id.clone().into());
        row.insert("RowKey".to_owned(), ROW_KEY.into());
        rows.push((id, row));
    }
    ensure!(!rows.is_empty(), "it has no rows");
    Ok(rows)
}

/// Whole numbers and booleans as such, all else as text.
fn typed(cell: &str) -> Value {
    match cell {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => {
            let number = cell.parse::<i32>().ok();
            let number = number.filter(|number| number.to_string() == cell);
            number.map_or_else(|| cell.into(), Value::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rows_with_keys_in_lower_case() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("devices.csv");
        let text =
            "registrationId,hub,interval,on,revision\nDEV-1,\"a,b\",60,true,007\ndev-2,c,,false,\n";
        std::fs::write(&file, text).unwrap();
        let rows = parse(&file).unwrap();
        let printed: Vec<String> = rows
            .iter()
            .map(|(id, row)| format!("{id} {}", Value::Object(row.clone())))
            .collect();
        assert_eq!(
            printed[0],
            r#"dev-1 {"PartitionKey":"dev-1","RowKey":"allocation","hub":"a,b","interval":60,"on":true,"revision":"007"}"#
        );
        assert_eq!(
            printed[1],
            r#"dev-2 {"PartitionKey":"dev-2","RowKey":"allocation","hub":"c","on":false}"#
        );
        let marked = format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>();
        std::fs::write(&file, marked).unwrap();
        assert_eq!(
            parse(&file).unwrap(),
            rows,
            "as Windows PowerShell writes it"
        );
        std::fs::write(&file, "registrationId,hub\n,a\n").unwrap();
        let error = parse(&file).unwrap_err().to_string();
        assert_eq!(error, "row 1 has no registration id");
        std::fs::write(&file, "registrationId,hub\n").unwrap();
        assert_eq!(parse(&file).unwrap_err().to_string(), "it has no rows");
    }
}
