//! Output bindings to a storage account: where a value goes.

use super::properties::{File, Properties};

/// An output binding that writes to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreOutput {
    pub(crate) name: String,
    pub(crate) target: Target,
}

/// Where a value goes, with expressions unresolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Blob {
        path: String,
        connection: String,
    },
    Queue {
        queue_name: String,
        connection: String,
    },
    Table {
        table_name: String,
        partition_key: Option<String>,
        row_key: Option<String>,
        connection: String,
    },
}

/// The output bindings to a storage account, in the file's order. Those to other services are not
/// emulated.
///
/// # Errors
/// The host's sentence on why the function can't be used.
pub(crate) fn store_outputs(text: &str) -> Result<Vec<StoreOutput>, String> {
    let Some(file) = File::parse(text) else {
        return Ok(Vec::new());
    };
    let bindings = file.bindings().into_iter();
    let outputs = bindings.filter(|binding| binding.is("direction", "out"));
    let outputs = outputs.map(|binding| StoreOutput::new(&binding));
    outputs.filter_map(Result::transpose).collect()
}

impl StoreOutput {
    fn new(properties: &Properties<'_>) -> Result<Option<Self>, String> {
        let kind = properties.text("type").unwrap_or_default();
        let connection = properties.connection();
        let target = match kind.to_lowercase().as_str() {
            "blob" => Target::Blob {
                path: properties.required("path")?,
                connection,
            },
            "queue" => Target::Queue {
                queue_name: properties.required("queueName")?,
                connection,
            },
            "table" => Target::Table {
                table_name: properties.required("tableName")?,
                partition_key: properties.text("partitionKey"),
                row_key: properties.text("rowKey"),
                connection,
            },
            _ => return Ok(None),
        };
        let name = properties.text("name").unwrap_or_default();
        Ok(Some(Self { name, target }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_to_a_storage_account_are_read_and_others_left_out() {
        let file = r#"{"bindings":[{"type":"http","direction":"out","name":"res"},
            {"Type":"Queue","direction":"OUT","name":"log","QueueName":"audit"},{"type":"sql","direction":"out","name":"rows"}]}"#;
        let expected = StoreOutput {
            name: "log".to_owned(),
            target: Target::Queue {
                queue_name: "audit".to_owned(),
                connection: "Storage".to_owned(),
            },
        };
        assert_eq!(store_outputs(file), Ok(vec![expected]));
        let file = r#"{"bindings":[{"type":"blob","direction":"out","name":"log"}]}"#;
        assert_eq!(
            store_outputs(file).unwrap_err(),
            "Unable to configure binding 'log' of type 'blob'. This may indicate invalid function.json properties. Can't figure out which \
             ctor to call."
        );
    }
}
