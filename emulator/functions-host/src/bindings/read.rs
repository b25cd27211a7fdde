//! Reading all bindings of an invocation, at once.
//!
//! Each read goes on by itself: one that fails at once waits for the others, and the first failure
//! in the file's order is told. When the invocation is given up, the reads go on in the background,
//! as the real clients do.

use std::sync::Arc;

use super::databases::{cosmos_db, sql};
use super::declaration::{InputBinding, Source};
use super::error::BindingError;
use super::expressions::{BindingData, Resolver};
use super::storage_accounts::{before_bundle_3, blob, table};
use super::stores::Stores;
use super::value::BoundValue;
use crate::app::extension_bundle::ExtensionBundle;
use crate::newtonsoft::JToken;

/// What is asked of a table, with expressions resolved.
struct OldQuery<'a> {
    table_name: &'a str,
    partition_key: Option<&'a str>,
    row_key: Option<&'a str>,
    filter: Option<&'a str>,
    top: Option<usize>,
}

impl Stores {
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
        let settings = &self.settings;
        let resolver = Resolver { settings, data };
        let is_old = self.bundle == Some(ExtensionBundle::Before3);
        match &binding.source {
            Source::Blob { path, connection } => {
                let path = resolver.text(path)?;
                let (container, name) = blob::parse_path(&path)?;
                if is_old {
                    before_bundle_3::check_connection(settings, connection)?;
                }
                let blobs = self.clients.blobs(settings, connection).await?;
                let content = blobs.read(container, name).await;
                let content = content.map_err(|error| {
                    if is_old {
                        before_bundle_3::blob_error(error)
                    } else {
                        error.into()
                    }
                })?;
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
                let table_name = resolver.text(table_name)?;
                table::check_name(&table_name)?;
                let partition_key = resolver.optional(partition_key.as_deref())?;
                // It must be resolvable, though only the older extension looks at it.
                let row_key = resolver.optional(row_key.as_deref())?;
                let filter = filter
                    .as_ref()
                    .map(|text| resolver.filter(text))
                    .transpose()?;
                let top = usize::try_from(*take).ok().filter(|top| *top > 0);
                if is_old {
                    let query = OldQuery {
                        table_name: &table_name,
                        partition_key: partition_key.as_deref(),
                        row_key: row_key.as_deref(),
                        filter: filter.as_deref(),
                        top,
                    };
                    return self.read_old_table(binding, connection, query).await;
                }
                table::check_data_type(binding.data_type)?;
                let query = table::query(partition_key.as_deref(), filter.as_deref());
                let tables = self.clients.tables(settings, connection).await?;
                let entities = tables.query(&table_name, &query, top).await?;
                Ok(BoundValue::Rows(entities.iter().map(table::row).collect()))
            }
            Source::CosmosDb(source) => {
                let tell = |question: &str| self.tell(binding, "Cosmos DB", question);
                let rows = self.rows.as_ref();
                cosmos_db::read(source, binding.data_type, rows, resolver, tell).await
            }
            Source::Sql(source) => {
                let tell = |question: &str| self.tell(binding, "SQL", question);
                sql::read(source, self.rows.as_ref(), resolver, tell).await
            }
        }
    }

    /// A table as the extension of bundles before 3 reads it.
    async fn read_old_table(
        &self,
        binding: &InputBinding,
        connection: &str,
        query: OldQuery<'_>,
    ) -> Result<BoundValue, BindingError> {
        let keys = query.partition_key.zip(query.row_key);
        match keys {
            Some(_) => before_bundle_3::check_entity_type(binding.data_type)?,
            None => table::check_data_type(binding.data_type)?,
        }
        before_bundle_3::check_connection(&self.settings, connection)?;
        let tables = self.clients.tables(&self.settings, connection).await?;
        if let Some((partition_key, row_key)) = keys {
            return before_bundle_3::entity(&tables, query.table_name, partition_key, row_key)
                .await;
        }
        let text = before_bundle_3::query(query.partition_key, query.filter);
        let entities = tables.query(query.table_name, &text, query.top).await;
        let entities = entities.map_err(before_bundle_3::table_error)?;
        Ok(BoundValue::Rows(
            entities.iter().map(before_bundle_3::row).collect(),
        ))
    }

    /// Says that it is not the real database which is asked.
    fn tell(&self, binding: &InputBinding, database: &str, question: &str) {
        let name = &binding.name;
        self.listener.tell(format!(
            "binding {name}: the file of rows is asked in place of {database}: {question}"
        ));
    }
}
