//! Rows of a table: the query that a binding means, and entities as the host writes them.
//!
//! `rowKey` is not used: the extension ignores it. An empty partition key selects every row, and a
//! filter with an `or` outside of parentheses selects rows of other keys, as under the real host.

use serde_json::Value;
use storage::Entity;

use crate::bindings::declaration::DataType;
use crate::bindings::error::BindingError;
use crate::newtonsoft::{JObject, JToken, NetDateTime};

/// What a type that no table can be bound to fails with.
pub(crate) fn check_data_type(data_type: DataType) -> Result<(), BindingError> {
    match data_type {
        DataType::Undefined => Ok(()),
        DataType::String => Err(BindingError::invalid_operation(
            "Can't bind Table to type 'System.String'.",
        )),
        DataType::Stream => Err(BindingError::invalid_operation(
            "Can't bind Table to type 'System.IO.Stream'.",
        )),
        DataType::Binary => Err(BindingError::not_supported(
            "ScriptBinding type System.Byte[] is not supported",
        )),
    }
}

/// A table's name, when it is one.
pub(crate) fn check_name(name: &str) -> Result<(), BindingError> {
    let is_name = (3..=63).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name {
        return Ok(());
    }
    Err(BindingError::invalid_operation(format_args!(
        "Validation failed for property 'TableName', value '{name}'. The field TableName must match the regular expression \
         '^[A-Za-z][A-Za-z0-9]{{2,62}}$'."
    )))
}

/// The key and the filter as one, the filter without parentheses.
pub(crate) fn query(partition_key: Option<&str>, filter: Option<&str>) -> String {
    let key = partition_key
        .filter(|key| !key.is_empty())
        .map(|key| format!("PartitionKey eq '{}'", key.replace('\'', "''")));
    let filter = filter
        .filter(|filter| !filter.is_empty())
        .map(str::to_owned);
    let parts: Vec<String> = key.into_iter().chain(filter).collect();
    parts.join(" and ")
}

/// An entity without what the service adds to it.
pub(crate) fn row(entity: &Entity) -> JToken {
    row_with_utc(entity, "+00:00")
}

/// The same, with dates that end in this.
pub(crate) fn row_with_utc(entity: &Entity, utc: &str) -> JToken {
    let mut row = JObject::default();
    for (name, value) in entity {
        let is_added =
            name.starts_with("odata.") || name.ends_with("@odata.type") || name == "Timestamp";
        if is_added || value.is_null() {
            continue;
        }
        let kind = entity
            .get(&format!("{name}@odata.type"))
            .and_then(Value::as_str);
        row.insert(name, property(kind, value, utc));
    }
    JToken::Object(row)
}

fn property(kind: Option<&str>, value: &Value, utc: &str) -> JToken {
    match (kind, value) {
        (Some("Edm.Int64"), Value::String(digits)) => JToken::Integer(digits.clone()),
        (Some("Edm.DateTime"), Value::String(text)) => {
            let date = NetDateTime::parse(text).map(|date| date.to_string());
            let date = date.unwrap_or_else(|| text.clone());
            JToken::String(match date.strip_suffix('Z') {
                Some(date) => format!("{date}{utc}"),
                None => date,
            })
        }
        (Some("Edm.Double"), Value::Number(number)) => {
            JToken::Float(number.as_f64().unwrap_or_default())
        }
        (_, Value::Number(number)) => match number.as_i64() {
            Some(whole) => JToken::Integer(whole.to_string()),
            None => JToken::Float(number.as_f64().unwrap_or_default()),
        },
        (_, Value::Bool(value)) => JToken::Boolean(*value),
        (_, Value::String(text)) => JToken::String(text.clone()),
        (_, other) => JToken::String(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_stands_beside_the_key_without_parentheses() {
        for (key, filter, expected) in [
            (
                Some("dev-1"),
                Some("RowKey eq 'x'"),
                "PartitionKey eq 'dev-1' and RowKey eq 'x'",
            ),
            (Some("a'b"), None, "PartitionKey eq 'a''b'"),
            (Some(""), Some("RowKey eq 'x'"), "RowKey eq 'x'"),
            (
                Some("d"),
                Some("a eq 1 or b eq 2"),
                "PartitionKey eq 'd' and a eq 1 or b eq 2",
            ),
            (None, None, ""),
        ] {
            assert_eq!(query(key, filter), expected);
        }
    }

    #[test]
    fn entities_lose_what_the_service_adds_and_keep_their_types() {
        let entity: Entity = serde_json::from_str(
            r#"{"odata.etag":"W/\"x\"","PartitionKey":"p","RowKey":"r","Timestamp":"2026-11-25T00:00:00Z","z":"2026-09-01T10:15:30Z",
            "i":3,"l@odata.type":"Edm.Int64","l":"9007199254740993","d@odata.type":"Edm.Double","d":2.0,"n@odata.type":"Edm.Double","n":"NaN",
            "t@odata.type":"Edm.DateTime","t":"2026-09-01T10:15:30.1230000Z","gone":null,"b":true}"#,
        )
        .unwrap();
        assert_eq!(
            row(&entity).to_json(),
            r#"{"PartitionKey":"p","RowKey":"r","z":"2026-09-01T10:15:30Z","i":3,"l":9007199254740993,"d":2.0,"n":"NaN","t":"2026-09-01T10:15:30.123+00:00","b":true}"#
        );
    }
}
