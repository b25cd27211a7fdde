//! Writing what the handler answers for the output bindings to stores: blobs, messages and entities.
//!
//! All of an invocation's outputs are written at once, and the first failure in the file's order is told. Containers, queues and tables
//! that are missing are made.

use std::sync::Arc;

use storage::StorageError;

use super::binding_data::BindingData;
use super::declaration::{StoreOutput, Target};
use super::error::BindingError;
use super::read::Stores;
use super::table_entity::{self, Keys};
use super::{blob, table};
use crate::newtonsoft::{JToken, MAX_DEPTH};

/// What the handler answers for an output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OutputValue {
    /// Text that was base64.
    Bytes(Vec<u8>),
    Json(JToken),
}

impl OutputValue {
    /// Whether nothing is written for it.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Json(JToken::Null | JToken::Undefined))
    }

    /// The content of a blob; `None` where the host has no bytes for the value.
    fn to_content(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Json(JToken::String(text)) => text.clone().into_bytes(),
            Self::Json(JToken::Boolean(value)) => vec![u8::from(*value)],
            // A whole number is cut down to 32 bits; a bigger type than 64 bits has no bytes.
            Self::Json(JToken::Integer(digits)) => {
                let value: i64 = digits.parse().ok()?;
                value.to_le_bytes()[..4].to_vec()
            }
            Self::Json(JToken::Float(value)) => value.to_le_bytes().to_vec(),
            Self::Json(JToken::Date(_) | JToken::Null | JToken::Undefined) => return None,
            Self::Json(token) => token.to_json().into_bytes(),
        })
    }

    /// The items that a collection of messages or entities gets: those of an array, also of one that is text.
    fn into_items(self) -> Result<Vec<Self>, BindingError> {
        let token = match self {
            Self::Bytes(_) => return Ok(vec![self]),
            Self::Json(JToken::String(text)) if is_json(&text) => parse(&text)?,
            Self::Json(token) => token,
        };
        Ok(match token {
            JToken::Array(items) => items.into_iter().map(Self::Json).collect(),
            token => vec![Self::Json(token)],
        })
    }

    fn into_message(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Json(token) => token.to_invariant_string().into_bytes(),
        }
    }

    fn into_text(self) -> String {
        String::from_utf8_lossy(&self.into_message()).into_owned()
    }
}

/// Whether the host tries to read a text as JSON.
fn is_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

fn parse(text: &str) -> Result<JToken, BindingError> {
    JToken::parse(text, MAX_DEPTH).map_err(|error| BindingError::json_reader(text, &error))
}

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
        match target {
            Target::Blob { path, connection } => {
                let path = self.bind(path, data)?;
                self.write_blob(connection, &path, &value).await
            }
            Target::Queue {
                queue_name,
                connection,
            } => {
                let queue = self.bind(queue_name, data)?.to_lowercase();
                self.send_messages(connection, &queue, value).await
            }
            Target::Table {
                table_name,
                partition_key,
                row_key,
                connection,
            } => {
                let table_name = self.bind(table_name, data)?;
                table::check_name(&table_name)?;
                let keys = Keys {
                    partition_key: self.bind_optional(partition_key.as_deref(), data)?,
                    row_key: self.bind_optional(row_key.as_deref(), data)?,
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
        let blobs = self.blobs(connection).await?;
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
        let queues = self.queues(connection).await?;
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
        let tables = self.tables(connection).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> OutputValue {
        OutputValue::Json(JToken::parse(text, MAX_DEPTH).unwrap())
    }

    #[test]
    fn a_blob_gets_text_the_bytes_of_a_scalar_or_compact_json() {
        for (value, content) in [
            (json(r#""a b""#), Some(&b"a b"[..])),
            (OutputValue::Bytes(vec![1, 2]), Some(&[1, 2])),
            (json("5"), Some(&[5, 0, 0, 0])),
            (json("4294967297"), Some(&[1, 0, 0, 0])),
            (json("99999999999999999999"), None),
            (json("1.5"), Some(&[0, 0, 0, 0, 0, 0, 0xf8, 0x3f])),
            (json("false"), Some(&[0])),
            (json(r#"[1, {"a": 2}]"#), Some(br#"[1,{"a":2}]"#)),
            (json(r#""2026-09-01T10:15:30Z""#), None),
        ] {
            assert_eq!(value.to_content().as_deref(), content, "{value:?}");
        }
    }

    #[test]
    fn a_queue_gets_a_message_for_each_item() {
        for (value, messages) in [
            (
                json(r#"["x", {"y": 1}, null]"#),
                vec!["x", "{\n  \"y\": 1\n}", ""],
            ),
            (json(r#""[1, 2.0, true]""#), vec!["1", "2", "True"]),
            (json(r#""{\"a\":1}""#), vec!["{\n  \"a\": 1\n}"]),
            (json(r#""[1""#), vec!["[1"]),
            (json("[]"), vec![]),
        ] {
            let items = value.into_items().unwrap().into_iter();
            assert_eq!(
                items.map(OutputValue::into_text).collect::<Vec<_>>(),
                messages
            );
        }
        assert!(json(r#""{x""#).into_items().is_ok());
        let error = json(r#""{x}""#).into_items().unwrap_err();
        assert!(error.chain()[0].starts_with("Newtonsoft.Json.JsonReaderException: "));
    }
}
