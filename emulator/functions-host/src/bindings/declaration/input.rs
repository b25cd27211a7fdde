//! Input bindings: which store is read, and what it is asked.

use super::properties::{File, Properties};

/// An input binding that reads from a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputBinding {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) source: Source,
}

/// What is asked, with expressions unresolved.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    CosmosDb(CosmosDbSource),
    Sql(SqlSource),
}

/// A document, when there is an id, or the result of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CosmosDbSource {
    pub(crate) connection: String,
    pub(crate) database: String,
    pub(crate) container: String,
    pub(crate) id: Option<String>,
    pub(crate) partition_key: Option<String>,
    pub(crate) sql_query: Option<String>,
}

/// The result of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlSource {
    pub(crate) command_text: String,
    pub(crate) is_stored_procedure: bool,
    pub(crate) parameters: Option<String>,
    /// The setting that holds the connection string.
    pub(crate) connection: String,
}

/// `dataType`, which is best left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataType {
    Undefined,
    String,
    Binary,
    Stream,
}

/// The input bindings of a function in the file's order, without the trigger.
///
/// # Errors
/// The host's sentence on why the function can't be used.
pub(crate) fn input_bindings(text: &str) -> Result<Vec<InputBinding>, String> {
    let Some(file) = File::parse(text) else {
        return Ok(Vec::new());
    };
    let bindings = file.bindings();
    check_names(&bindings)?;
    let inputs = bindings.iter().filter(|binding| {
        let kind = binding.text("type").unwrap_or_default().to_lowercase();
        !binding.is("direction", "out") && !kind.ends_with("trigger")
    });
    inputs.map(InputBinding::new).collect()
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
            "cosmosdb" => Source::CosmosDb(CosmosDbSource {
                connection: properties
                    .text("connection")
                    .unwrap_or_else(|| "CosmosDB".to_owned()),
                database: properties.text("databaseName").unwrap_or_default(),
                container: properties.text("containerName").unwrap_or_default(),
                id: properties.text("id"),
                partition_key: properties.text("partitionKey"),
                sql_query: properties.text("sqlQuery"),
            }),
            "sql" => Source::Sql(SqlSource {
                command_text: required("commandText")?,
                is_stored_procedure: properties.is("commandType", "StoredProcedure"),
                parameters: properties.text("parameters"),
                connection: required("connectionStringSetting")?,
            }),
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
