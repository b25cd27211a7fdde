//! Writing what the handler answers for the output bindings to stores: blobs, messages and
//! entities.
//!
//! All of an invocation's outputs are written at once, and the first failure in the file's order is
//! told. Containers, queues and tables that are missing are made.

use std::sync::Arc;

use storage::StorageError;

use super::declaration::{StoreOutput, Target};
use super::error::BindingError;
use super::expressions::{BindingData, Resolver};
use super::output_value::OutputValue;
use super::storage_accounts::table_entity::{self, Keys};
use super::storage_accounts::{blob, table};
use super::stores::Stores;
use crate::newtonsoft::JToken;

impl Stores {
    /// Writes the values that there are for these bindings.
    pub(crate) async fn write_all(
        self: &Arc<Self>,
        bindings: &[StoreOutput],
        values: Vec<(String, OutputValue)>,
        data: BindingData,
    ) -> Result<(), BindingError> {
        let data = Arc::new(data);
        let mut writes = Vec::new();
        for (name, value) in values {
            let Some(binding) = bindings.iter().find(|binding| binding.name == name) else {
                continue;
            };
            let (stores, data) = (Arc::clone(self), Arc::clone(&data));
            let target = binding.target.clone();
            writes.push(tokio::spawn(async move {
                stores.write(&target, value, &data).await
            }));
        }
        let mut result = Ok(());
        for write in writes {
            let written = write.await.unwrap_or_else(|_| {
                Err(BindingError::not_emulated(
                    "the emulator's writer broke down",
                ))
            });
            result = result.and(written);
        }
        result
    }

    async fn write(
        &self,
        target: &Target,
        value: OutputValue,
        data: &BindingData,
    ) -> Result<(), BindingError> {
        let resolver = Resolver {
            settings: &self.settings,
            data,
        };
        match target {
            Target::Blob { path, connection } => {
                let path = resolver.text(path)?;
                self.write_blob(connection, &path, &value).await
            }
            Target::Queue {
                queue_name,
                connection,
            } => {
                let queue = resolver.text(queue_name)?.to_lowercase();
                self.send_messages(connection, &queue, value).await
            }
            Target::Table {
                table_name,
                partition_key,
                row_key,
                connection,
            } => {
                let table_name = resolver.text(table_name)?;
                table::check_name(&table_name)?;
                let keys = Keys {
                    partition_key: resolver.optional(partition_key.as_deref())?,
                    row_key: resolver.optional(row_key.as_deref())?,
                };
                self.write_entities(connection, &table_name, value, &keys)
                    .await
            }
        }
    }

    async fn write_blob(
        &self,
        connection: &str,
        path: &str,
        value: &OutputValue,
    ) -> Result<(), BindingError> {
        let (container, name) = blob::parse_path(path)?;
        let blobs = self.clients.blobs(&self.settings, connection).await?;
        let content = value.to_content();
        // The host has opened the blob before it finds that there is nothing to write.
        let written = content.clone().unwrap_or_default();
        match blobs.write(container, name, written.clone()).await {
            Err(error) if is_missing(&error) => {
                blobs.create_container(container).await?;
                blobs.write(container, name, written).await?;
            }
            written => written?,
        }
        content
            .map(|_| ())
            .ok_or_else(|| BindingError::null_argument("buffer"))
    }

    async fn send_messages(
        &self,
        connection: &str,
        queue: &str,
        value: OutputValue,
    ) -> Result<(), BindingError> {
        let queues = self.clients.queues(&self.settings, connection).await?;
        for item in value.into_items()? {
            let message = item.into_message();
            match queues.send(queue, &message).await {
                Err(error) if is_missing(&error) => {
                    queues.create(queue).await?;
                    queues.send(queue, &message).await?;
                }
                sent => sent?,
            }
        }
        Ok(())
    }

    async fn write_entities(
        &self,
        connection: &str,
        table: &str,
        value: OutputValue,
        keys: &Keys,
    ) -> Result<(), BindingError> {
        let tables = self.clients.tables(&self.settings, connection).await?;
        for item in value.into_items()? {
            let entity = match item {
                OutputValue::Json(JToken::Object(entity)) => entity,
                other => table_entity::parse(&other.into_text())?,
            };
            let keys = keys.of(&entity)?;
            let text = table_entity::to_json(&entity);
            let (partition_key, row_key) = (keys.0.as_str(), keys.1.as_str());
            match tables.write(table, partition_key, row_key, &text).await {
                Err(error) if is_missing(&error) => {
                    tables.create_table(table).await?;
                    tables.write(table, partition_key, row_key, &text).await?;
                }
                written => written?,
            }
        }
        Ok(())
    }
}

fn is_missing(error: &StorageError) -> bool {
    matches!(error, StorageError::Answered { status: 404, .. })
}
