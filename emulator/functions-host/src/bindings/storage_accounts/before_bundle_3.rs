//! What the storage extension of bundles before 3 does otherwise than those since.
//!
//! With both keys a table's binding is one entity, and none where there is no such entity or no
//! such table. A filter stands in parentheses beside the key, and a row's keys come last. It knows
//! no identities, and its errors have other types and words. What it writes is not emulated.

use storage::{Account, Entity, StorageError, Tables};

use super::table;
use crate::bindings::declaration::DataType;
use crate::bindings::error::BindingError;
use crate::bindings::settings::AppSettings;
use crate::bindings::value::BoundValue;
use crate::newtonsoft::JToken;

const TABLE_EXCEPTION: &str = "Microsoft.Azure.Cosmos.Table.StorageException";
const BLOB_EXCEPTION: &str = "Microsoft.Azure.Storage.StorageException";

/// A connection has to be a connection string.
pub(crate) fn check_connection(
    settings: &AppSettings,
    connection: &str,
) -> Result<(), BindingError> {
    let section = settings.connection_section(connection);
    match section.as_deref().and_then(|section| settings.get(section)) {
        None => Err(BindingError::invalid_operation(format_args!(
            "Storage account connection string 'AzureWebJobs{connection}' does not exist. Make sure that it is a defined App Setting."
        ))),
        Some(text) if Account::parse(text).is_err() => {
            Err(BindingError::invalid_operation(format_args!(
                "Storage account connection string for 'AzureWebJobs{connection}' is invalid"
            )))
        }
        Some(_) => Ok(()),
    }
}

/// What an entity can't be bound to.
pub(crate) fn check_entity_type(data_type: DataType) -> Result<(), BindingError> {
    match data_type {
        DataType::Undefined => Ok(()),
        DataType::String | DataType::Stream => Err(BindingError::invalid_operation(
            "Table entity types must provide a default constructor.",
        )),
        DataType::Binary => table::check_data_type(data_type),
    }
}

/// The filter and the key as one, each in parentheses.
pub(crate) fn query(partition_key: Option<&str>, filter: Option<&str>) -> String {
    match filter.filter(|filter| !filter.is_empty()) {
        Some(filter) if partition_key.is_some_and(|key| !key.is_empty()) => {
            let key = table::query(partition_key, None);
            format!("({filter}) and ({key})")
        }
        filter => table::query(partition_key, filter),
    }
}

/// The entity of both keys.
pub(crate) async fn entity(
    tables: &Tables,
    table_name: &str,
    partition_key: &str,
    row_key: &str,
) -> Result<BoundValue, BindingError> {
    let [partition_key, row_key] = [partition_key, row_key].map(|key| key.replace('\'', "''"));
    let query = format!("PartitionKey eq '{partition_key}' and RowKey eq '{row_key}'");
    match tables.query(table_name, &query, Some(1)).await {
        Ok(entities) => Ok(entities
            .first()
            .map_or(BoundValue::Nothing, |entity| BoundValue::Row(row(entity)))),
        Err(error) if error.status() == Some(404) => Ok(BoundValue::Nothing),
        Err(error) => Err(table_error(error)),
    }
}

/// An entity with its keys at the end.
pub(crate) fn row(entity: &Entity) -> JToken {
    let mut entity = entity.clone();
    for key in ["PartitionKey", "RowKey"] {
        if let Some(value) = entity.shift_remove(key) {
            entity.insert(key.to_owned(), value);
        }
    }
    table::row_with_utc(&entity, "Z")
}

/// What a table's client says of an error.
pub(crate) fn table_error(error: StorageError) -> BindingError {
    match error.status() {
        Some(404) => BindingError::exception(TABLE_EXCEPTION, "Not Found"),
        Some(400) => BindingError::exception(
            TABLE_EXCEPTION,
            "The remote server returned an error: (400) Bad Request.",
        ),
        Some(_) => BindingError::exception(TABLE_EXCEPTION, error),
        None => error.into(),
    }
}

/// What a blob's client says of an error.
pub(crate) fn blob_error(error: StorageError) -> BindingError {
    match error.status() {
        Some(403) => BindingError::exception(
            BLOB_EXCEPTION,
            "Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature.",
        ),
        Some(_) => BindingError::exception(BLOB_EXCEPTION, error),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_stands_in_parentheses_beside_a_key() {
        for (key, filter, expected) in [
            (
                Some("d"),
                Some("a eq 1 or b eq 2"),
                "(a eq 1 or b eq 2) and (PartitionKey eq 'd')",
            ),
            (Some("a'b"), None, "PartitionKey eq 'a''b'"),
            (Some(""), Some("a eq 1"), "a eq 1"),
            (None, None, ""),
        ] {
            assert_eq!(query(key, filter), expected);
        }
    }

    #[test]
    fn a_connection_is_a_connection_string() {
        let settings = [("Bad", "garbage"), ("ById__accountName", "fleet")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = AppSettings::new(settings);
        let told = |connection| {
            let error = check_connection(&settings, connection).unwrap_err();
            error.chain().join(" ---> ")
        };
        assert_eq!(
            told("Bad"),
            "System.InvalidOperationException: Storage account connection string for 'AzureWebJobsBad' is invalid"
        );
        assert_eq!(
            told("ById"),
            "System.InvalidOperationException: Storage account connection string 'AzureWebJobsById' does not exist. Make sure that it is a \
             defined App Setting."
        );
    }
}
