//! A file of rows in place of Cosmos DB and SQL. It is not the real engine: it knows documents by
//! their ids and rows by equality, no more, so that an app which names these stores can be tried at
//! all.
//!
//! ```json
//! {
//!   "cosmosDB": { "fleet/devices": [ {"id": "dev-1", "hub": "…"} ] },
//!   "sql": { "dbo.Allocation": [ {"DeviceId": "dev-1", "Hub": "…"} ] },
//!   "failing": { "AllocationDb": "throttled" }
//! }
//! ```
//!
//! `failing` names connections whose database is to be `refused`, `throttled`, `unavailable`,
//! `down` or `silent`.

use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::failing::Failing;
use crate::newtonsoft::{JObject, JToken, MAX_DEPTH};

/// What the file holds, by container and by table.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowsFile {
    cosmos_db: IndexMap<String, Vec<JObject>>,
    sql: IndexMap<String, Vec<JObject>>,
    failing: HashMap<String, Failing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    #[serde(default, borrow, rename = "cosmosDB")]
    cosmos_db: HashMap<String, Vec<&'a RawValue>>,
    #[serde(default, borrow)]
    sql: HashMap<String, Vec<&'a RawValue>>,
    #[serde(default)]
    failing: HashMap<String, Failing>,
}

impl RowsFile {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn load(file: &Path) -> Result<Self, String> {
        let text = emulator_text::read_text(file).map_err(|error| error.to_string())?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let rows = |members: HashMap<String, Vec<&RawValue>>| {
            let members = members.into_iter();
            members
                .map(|(name, rows)| {
                    Ok((name, rows.into_iter().map(row).collect::<Result<_, _>>()?))
                })
                .collect::<Result<_, String>>()
        };
        Ok(Self {
            cosmos_db: rows(file.cosmos_db)?,
            sql: rows(file.sql)?,
            failing: file.failing,
        })
    }

    /// How the database of this connection fails, if it does.
    pub(super) fn failing(&self, connection: &str) -> Option<Failing> {
        let mut failing = self.failing.iter();
        let found = failing.find(|(known, _)| known.eq_ignore_ascii_case(connection));
        found.map(|(_, failing)| *failing)
    }

    /// The documents of a container.
    pub(crate) fn container(&self, database: &str, container: &str) -> Option<&[JObject]> {
        let documents = self.cosmos_db.get(&format!("{database}/{container}"));
        documents.map(Vec::as_slice)
    }

    /// The rows of a table, whose name counts in any case.
    pub(crate) fn table(&self, name: &str) -> Option<&[JObject]> {
        let mut tables = self.sql.iter();
        let found = tables.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, rows)| rows.as_slice())
    }
}

fn row(value: &RawValue) -> Result<JObject, String> {
    match JToken::parse(value.get(), MAX_DEPTH) {
        Ok(JToken::Object(row)) => Ok(row),
        Ok(other) => Err(format!("a row is {} and not an object", other.kind())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_container_and_table() {
        let text = r#"{"cosmosDB":{"fleet/devices":[{"id":"a"}]},"sql":{"dbo.Allocation":[{"Hub":"h"},{}]}}"#;
        let file = RowsFile::parse(text).unwrap();
        assert_eq!(file.container("fleet", "devices").map(<[_]>::len), Some(1));
        assert_eq!(file.container("fleet", "other"), None);
        assert_eq!(file.table("DBO.allocation").map(<[_]>::len), Some(2));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("{", "EOF"),
            (r#"{"mongo":{}}"#, "unknown field `mongo`"),
            (r#"{"failing":{"Db":"tired"}}"#, "unknown variant `tired`"),
            (
                r#"{"sql":{"t":[1]}}"#,
                "a row is a number and not an object",
            ),
        ] {
            let error = RowsFile::parse(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
