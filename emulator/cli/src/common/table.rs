//! Rows for input bindings: from a CSV file into a table of a storage account.

use std::io::Cursor;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value};

use emulator_text::read_text;
use storage::{Account, Retry, Tables};

/// The row key of every row that is imported; a binding's filter names it.
const ROW_KEY: &str = "allocation";

/// A row with its partition key.
type Row = (String, Map<String, Value>);

/// Writes rows into a table, which is made if need be.
pub(crate) async fn write(rows: &[Row], account: Account, table: &str) -> anyhow::Result<()> {
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

/// The rows of the file by their keys. Keys are in lower case, as ids of devices count in any case
/// and keys of tables do not.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<Row>> {
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
