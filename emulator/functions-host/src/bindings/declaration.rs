//! What function.json says of a function's input bindings, and of its output bindings to a store.
//!
//! Names of properties, types and directions ignore case, and properties that nobody knows are ignored, as the host does. A mistake
//! here switches one function off: it answers 404, and the app goes on.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The only connection of those that name none.
const DEFAULT_CONNECTION: &str = "Storage";

/// An input binding that reads from a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputBinding {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) source: Source,
}

/// What is asked, with expressions unresolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Blob {
        path: String,
        connection: String,
    },
    Table {
        table_name: String,
        partition_key: Option<String>,
        row_key: Option<String>,
        filter: Option<String>,
        take: i64,
        connection: String,
    },
    CosmosDb {
        connection: String,
        database: String,
        container: String,
        id: Option<String>,
        partition_key: Option<String>,
        sql_query: Option<String>,
    },
    Sql {
        command_text: String,
        is_stored_procedure: bool,
        parameters: Option<String>,
        connection: String,
    },
}

/// An output binding that writes to a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreOutput {
    pub(crate) name: String,
    pub(crate) target: Target,
}

/// Where a value goes, with expressions unresolved.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// `dataType`, which is best left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataType {
    Undefined,
    String,
    Binary,
    Stream,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    bindings: Vec<Map<String, Value>>,
}

/// A binding's properties, found in any case.
struct Properties<'a>(&'a Map<String, Value>);

impl<'a> Properties<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        // Of two spellings the last counts.
        let mut found = self
            .0
            .iter()
            .rev()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// A text, or what a scalar prints as.
    fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    fn required(&self, name: &str) -> Result<String, String> {
        self.text(name).ok_or_else(|| {
            format!(
                "Unable to configure binding '{}' of type '{}'. This may indicate invalid function.json properties. Can't figure \
                 out which ctor to call.",
                self.text("name").unwrap_or_default(),
                self.text("type").unwrap_or_default()
            )
        })
    }

    fn connection(&self) -> String {
        let named = self.text("connection").filter(|text| !text.is_empty());
        named.unwrap_or_else(|| DEFAULT_CONNECTION.to_owned())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.text(name)
            .is_some_and(|text| text.eq_ignore_ascii_case(value))
    }
}

/// The input bindings of a function in the file's order, without the trigger.
///
/// # Errors
/// The host's sentence on why the function can't be used.
pub(crate) fn input_bindings(text: &str) -> Result<Vec<InputBinding>, String> {
    let Ok(file) = serde_json::from_str::<File>(text) else {
        // Whoever reads the rest of the file says what is wrong with it.
        return Ok(Vec::new());
    };
    let bindings: Vec<_> = file.bindings.iter().map(Properties).collect();
    check_names(&bindings)?;
    let inputs = bindings.iter().filter(|binding| {
        let kind = binding.text("type").unwrap_or_default().to_lowercase();
        !binding.is("direction", "out") && !kind.ends_with("trigger")
    });
    inputs.map(InputBinding::new).collect()
}

/// The output bindings to a storage account, in the file's order. Those to other services are not emulated.
///
/// # Errors
/// The host's sentence on why the function can't be used.
pub(crate) fn store_outputs(text: &str) -> Result<Vec<StoreOutput>, String> {
    let Ok(file) = serde_json::from_str::<File>(text) else {
        return Ok(Vec::new());
    };
    let bindings = file.bindings.iter().map(Properties);
    let outputs = bindings.filter(|binding| binding.is("direction", "out"));
    let outputs = outputs.map(|binding| StoreOutput::new(&binding));
    outputs.filter_map(Result::transpose).collect()
}

fn check_names(bindings: &[Properties<'_>]) -> Result<(), String> {
    let mut seen: Vec<String> = Vec::new();
    for binding in bindings {
        let name = binding.text("name").unwrap_or_default();
        let is_return = name == "$return" && binding.is("direction", "out");
        if !is_return && !is_valid_name(&name) {
            return Err(format!(
                "The binding name {name} is invalid. Please assign a valid name to the binding. See https://aka.ms/azfunc-binding-naming-rules \
                 for more details."
            ));
        }
        if seen.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            return Err(format!(
                "Multiple bindings with name '{name}' discovered. Binding names must be unique."
            ));
        }
        seen.push(name);
    }
    Ok(())
}

fn is_valid_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
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

impl InputBinding {
    fn new(properties: &Properties<'_>) -> Result<Self, String> {
        let name = properties.text("name").unwrap_or_default();
        let kind = properties.text("type").unwrap_or_default();
        let required = |property: &str| properties.required(property);
        let connection = || properties.connection();
        let source = match kind.to_lowercase().as_str() {
            "blob" => Source::Blob {
                path: required("path")?,
                connection: connection(),
            },
            "table" => Source::Table {
                table_name: required("tableName")?,
                partition_key: properties.text("partitionKey"),
                row_key: properties.text("rowKey"),
                filter: properties.text("filter"),
                take: take(properties, &name)?,
                connection: connection(),
            },
            "cosmosdb" => Source::CosmosDb {
                connection: properties
                    .text("connection")
                    .unwrap_or_else(|| "CosmosDB".to_owned()),
                database: properties.text("databaseName").unwrap_or_default(),
                container: properties.text("containerName").unwrap_or_default(),
                id: properties.text("id"),
                partition_key: properties.text("partitionKey"),
                sql_query: properties.text("sqlQuery"),
            },
            "sql" => Source::Sql {
                command_text: required("commandText")?,
                is_stored_procedure: properties.is("commandType", "StoredProcedure"),
                parameters: properties.text("parameters"),
                connection: required("connectionStringSetting")?,
            },
            _ => {
                return Err(format!(
                    "The binding type(s) '{kind}' were not found in the configured extension bundle. Please ensure the type is correct and the \
                     correct version of extension bundle is configured."
                ));
            }
        };
        let data_type = match properties
            .text("dataType")
            .unwrap_or_default()
            .to_lowercase()
            .as_str()
        {
            "string" => DataType::String,
            "binary" => DataType::Binary,
            "stream" => DataType::Stream,
            _ => DataType::Undefined,
        };
        Ok(Self {
            name,
            data_type,
            source,
        })
    }
}

/// A number, or text that is one. An expression is neither.
fn take(properties: &Properties<'_>, name: &str) -> Result<i64, String> {
    let Some(text) = properties.text("take") else {
        return Ok(0);
    };
    text.trim().parse().map_err(|_| {
        format!(
            "Unable to configure binding '{name}' of type 'table'. This may indicate invalid function.json properties. The input string \
             '{text}' was not in a correct format."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bindings: &str) -> Result<Vec<InputBinding>, String> {
        let trigger = r#"{"type":"httpTrigger","direction":"in","name":"req"},{"type":"http","direction":"out","name":"$return"}"#;
        input_bindings(&format!(r#"{{"bindings":[{trigger},{bindings}]}}"#))
    }

    #[test]
    fn properties_are_found_in_any_case_and_unknown_ones_ignored() {
        let bindings = r#"{"TYPE":"Table","Direction":"IN","name":"row","TableName":"Fleet","PARTITIONKEY":"{x}","Take":"1","extra":1}"#;
        let expected = InputBinding {
            name: "row".to_owned(),
            data_type: DataType::Undefined,
            source: Source::Table {
                table_name: "Fleet".to_owned(),
                partition_key: Some("{x}".to_owned()),
                row_key: None,
                filter: None,
                take: 1,
                connection: "Storage".to_owned(),
            },
        };
        assert_eq!(parse(bindings).unwrap(), [expected]);
    }

    #[test]
    fn bindings_of_other_directions_are_not_read() {
        assert_eq!(
            parse(r#"{"type":"queue","direction":"out","name":"log"}"#).unwrap(),
            []
        );
    }

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

    #[test]
    fn mistakes_are_told_in_the_hosts_words() {
        for (bindings, message) in [
            (
                r#"{"type":"blob","name":"device"}"#,
                "Unable to configure binding 'device' of type 'blob'. This may indicate invalid function.json properties. Can't figure out \
                 which ctor to call.",
            ),
            (
                r#"{"type":"table","name":"device","tableName":"T","take":"{x}"}"#,
                "The input string '{x}' was not in a correct format.",
            ),
            (
                r#"{"type":"nosuch","name":"device"}"#,
                "The binding type(s) 'nosuch' were not found",
            ),
            (
                r#"{"type":"blob","name":"a_b","path":"x/y"}"#,
                "The binding name a_b is invalid.",
            ),
            (
                r#"{"type":"blob","name":"doc","path":"x/y"},{"type":"blob","name":"doc","path":"x/y"}"#,
                "Multiple bindings with name 'doc' discovered. Binding names must be unique.",
            ),
        ] {
            let error = parse(bindings).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
