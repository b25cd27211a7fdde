//! Reading all bindings of an invocation, at once.
//!
//! Each read goes on by itself: one that fails at once waits for the others, and the first failure in the file's order is told. When the
//! invocation is given up, the reads go on in the background, as the real clients do.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use storage::{Blobs, Queues, Tables};
use tokio::sync::Mutex;

use super::binding_data::BindingData;
use super::connection::{self, Service};
use super::declaration::{DataType, InputBinding, Source};
use super::error::BindingError;
use super::rows_file::RowsFile;
use super::settings::AppSettings;
use super::template::Template;
use super::{blob, cosmos_db, filter, sql, table};
use crate::newtonsoft::{JToken, quote};

/// The stores that an app's settings name.
#[derive(Debug)]
pub(crate) struct Stores {
    settings: AppSettings,
    rows: Option<RowsFile>,
    // A client costs more than a request, so each is made once.
    blobs: Mutex<HashMap<String, Blobs>>,
    queues: Mutex<HashMap<String, Queues>>,
    tables: Mutex<HashMap<String, Tables>>,
}

/// A value as the extension hands it over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BoundValue {
    Rows(Vec<JToken>),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
}

impl BoundValue {
    /// `Data.NAME`: always a JSON string, which holds JSON for all but bytes.
    pub(crate) fn to_data(&self) -> JToken {
        JToken::String(match self {
            Self::Rows(rows) => JToken::Array(rows.clone()).to_json(),
            Self::Text(text) => quote(text),
            Self::Bytes(bytes) => STANDARD.encode(bytes),
            Self::Nothing => "null".to_owned(),
        })
    }
}

impl Stores {
    pub(crate) fn new(settings: AppSettings, rows: Option<RowsFile>) -> Self {
        Self {
            settings,
            rows,
            blobs: Mutex::default(),
            queues: Mutex::default(),
            tables: Mutex::default(),
        }
    }

    /// The values of all bindings, in their order.
    pub(crate) async fn read_all(
        self: &Arc<Self>,
        bindings: &[InputBinding],
        data: BindingData,
    ) -> Result<Vec<(String, JToken)>, BindingError> {
        let data = Arc::new(data);
        let reads: Vec<_> = bindings
            .iter()
            .map(|binding| {
                let (stores, data) = (Arc::clone(self), Arc::clone(&data));
                let binding = binding.clone();
                tokio::spawn(async move { stores.read(&binding, &data).await })
            })
            .collect();
        let mut results = Vec::new();
        for read in reads {
            results.push(read.await.unwrap_or_else(|_| {
                Err(BindingError::not_emulated(
                    "the emulator's reader broke down",
                ))
            }));
        }
        let values = bindings.iter().zip(results);
        values
            .map(|(binding, value)| Ok((binding.name.clone(), value?.to_data())))
            .collect()
    }

    async fn read(
        &self,
        binding: &InputBinding,
        data: &BindingData,
    ) -> Result<BoundValue, BindingError> {
        match &binding.source {
            Source::Blob { path, connection } => {
                let path = self.bind(path, data)?;
                let (container, name) = blob::parse_path(&path)?;
                let content = self.blobs(connection).await?.read(container, name).await?;
                Ok(blob::value(content, binding.data_type))
            }
            Source::Table {
                table_name,
                partition_key,
                row_key,
                filter,
                take,
                connection,
            } => {
                let table_name = self.bind(table_name, data)?;
                table::check_name(&table_name)?;
                let partition_key = self.bind_optional(partition_key.as_deref(), data)?;
                // It must be resolvable, though nobody looks at it.
                self.bind_optional(row_key.as_deref(), data)?;
                let filter = match filter {
                    None => None,
                    Some(text) => {
                        let template = Template::parse(text, &self.settings)?;
                        Some(filter::bind(&template, data)?)
                    }
                };
                table::check_data_type(binding.data_type)?;
                let query = table::query(partition_key.as_deref(), filter.as_deref());
                let top = usize::try_from(*take).ok().filter(|top| *top > 0);
                let tables = self.tables(connection).await?;
                let entities = tables.query(&table_name, &query, top).await?;
                Ok(BoundValue::Rows(entities.iter().map(table::row).collect()))
            }
            Source::CosmosDb { .. } => self.read_cosmos_db(binding, data),
            Source::Sql { .. } => self.read_sql(binding, data),
        }
    }

    fn read_cosmos_db(
        &self,
        binding: &InputBinding,
        data: &BindingData,
    ) -> Result<BoundValue, BindingError> {
        let Source::CosmosDb {
            connection,
            database,
            container,
            id,
            partition_key,
            sql_query,
        } = &binding.source
        else {
            return Ok(BoundValue::Nothing);
        };
        let (database, container) = (self.bind(database, data)?, self.bind(container, data)?);
        let place = (database.as_str(), container.as_str());
        let id = self.bind_optional(id.as_deref(), data)?;
        let partition_key = self.bind_optional(partition_key.as_deref(), data)?;
        let query = match sql_query {
            None => None,
            Some(text) => {
                let template = Template::parse(text, &self.settings)?;
                Some(cosmos_db::Query::bind(&template, data)?)
            }
        };
        match binding.data_type {
            DataType::Binary => {
                return Err(BindingError::not_supported(
                    "ScriptBinding type System.Byte[] is not supported",
                ));
            }
            DataType::Stream => {
                return Err(BindingError::not_supported(
                    "ScriptBinding type System.IO.Stream is not supported",
                ));
            }
            DataType::Undefined | DataType::String => {}
        }
        if connection::section(&self.settings, connection).is_none() {
            return Err(BindingError::invalid_operation(format_args!(
                "Cosmos DB connection configuration '{connection}' does not exist. Make sure that it is a defined App Setting."
            )));
        }
        let rows = self.rows_file("cosmosDB")?;
        match id {
            Some(id) => cosmos_db::document(rows, place, &id, partition_key.as_deref()),
            None => cosmos_db::query(rows, place, query.as_ref(), partition_key.as_deref()),
        }
    }

    fn read_sql(
        &self,
        binding: &InputBinding,
        data: &BindingData,
    ) -> Result<BoundValue, BindingError> {
        let Source::Sql {
            command_text,
            is_stored_procedure,
            parameters,
            connection,
        } = &binding.source
        else {
            return Ok(BoundValue::Nothing);
        };
        let command = self.bind(command_text, data)?;
        let parameters = self.bind_optional(parameters.as_deref(), data)?;
        let parameters = sql::parameters(parameters.as_deref().unwrap_or_default())?;
        let setting = self.settings.get(connection);
        if setting.is_none_or(str::is_empty) {
            return Err(BindingError::invalid_operation(format_args!(
                "ConnectionStringSetting '{connection}' is missing in your function app settings, please add the setting with a valid SQL \
                 connection string."
            )));
        }
        let rows = self.rows_file("sql")?;
        if *is_stored_procedure {
            return Err(BindingError::not_emulated(
                "the file of rows is no SQL Server and has no stored procedures",
            ));
        }
        sql::query(rows, &command, &parameters)
    }

    fn rows_file(&self, kind: &str) -> Result<&RowsFile, BindingError> {
        self.rows.as_ref().ok_or_else(|| {
            BindingError::not_emulated(format_args!(
                "{kind} comes from a file of rows, and none is named; name one with --rows-file FILE"
            ))
        })
    }

    pub(super) fn bind(&self, text: &str, data: &BindingData) -> Result<String, BindingError> {
        Template::parse(text, &self.settings)?.bind(data)
    }

    pub(super) fn bind_optional(
        &self,
        text: Option<&str>,
        data: &BindingData,
    ) -> Result<Option<String>, BindingError> {
        text.map(|text| self.bind(text, data)).transpose()
    }

    pub(super) async fn blobs(&self, connection: &str) -> Result<Blobs, BindingError> {
        let mut clients = self.blobs.lock().await;
        if let Some(client) = clients.get(connection) {
            return Ok(client.clone());
        }
        let (account, retry) = connection::account(&self.settings, connection, Service::Blob)?;
        let client = Blobs::new(account, retry)?;
        clients.insert(connection.to_owned(), client.clone());
        Ok(client)
    }

    pub(super) async fn queues(&self, connection: &str) -> Result<Queues, BindingError> {
        let mut clients = self.queues.lock().await;
        if let Some(client) = clients.get(connection) {
            return Ok(client.clone());
        }
        let (account, retry) = connection::account(&self.settings, connection, Service::Queue)?;
        let client = Queues::new(account, retry)?;
        clients.insert(connection.to_owned(), client.clone());
        Ok(client)
    }

    pub(super) async fn tables(&self, connection: &str) -> Result<Tables, BindingError> {
        let mut clients = self.tables.lock().await;
        if let Some(client) = clients.get(connection) {
            return Ok(client.clone());
        }
        let (account, retry) = connection::account(&self.settings, connection, Service::Table)?;
        let client = Tables::new(account, retry)?;
        clients.insert(connection.to_owned(), client.clone());
        Ok(client)
    }
}
