//! An entity that an output binding writes: its keys, and its properties as the service reads them.

use crate::bindings::error::BindingError;
use crate::newtonsoft::{JObject, JToken, MAX_DEPTH, quote};

const PARTITION_KEY: &str = "PartitionKey";
const ROW_KEY: &str = "RowKey";

/// The keys that the binding names; an entity's own go before them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) partition_key: Option<String>,
    pub(crate) row_key: Option<String>,
}

impl Keys {
    /// Partition key and row key of an entity.
    pub(crate) fn of(&self, entity: &JObject) -> Result<(String, String), BindingError> {
        let key = |name: &str, declared: &Option<String>| {
            let own = entity
                .get_ignoring_case(name)
                .map(JToken::to_invariant_string);
            own.filter(|key| !key.is_empty())
                .or_else(|| declared.clone())
        };
        let partition_key = key(PARTITION_KEY, &self.partition_key)
            .ok_or_else(|| BindingError::null_argument("partitionKey"))?;
        let row_key =
            key(ROW_KEY, &self.row_key).ok_or_else(|| BindingError::null_argument("rowKey"))?;
        Ok((partition_key, row_key))
    }
}

/// An entity that is written as text.
pub(crate) fn parse(text: &str) -> Result<JObject, BindingError> {
    match JToken::parse(text, MAX_DEPTH) {
        Ok(JToken::Object(entity)) => Ok(entity),
        Ok(other) => Err(BindingError::not_an_object(text, &other)),
        Err(error) => Err(BindingError::json_reader(text, &error)),
    }
}

/// The properties without the keys, which the address names: whole numbers are 64 bits wide, dates
/// stay text, and what is nested is JSON text.
pub(crate) fn to_json(entity: &JObject) -> String {
    let mut members = Vec::new();
    for (name, value) in entity.iter() {
        if [PARTITION_KEY, ROW_KEY]
            .iter()
            .any(|key| key.eq_ignore_ascii_case(name))
        {
            continue;
        }
        let (kind, value) = match value {
            JToken::Null | JToken::Undefined => continue,
            JToken::Integer(digits) => (Some("Edm.Int64"), quote(digits)),
            JToken::Float(_) => (Some("Edm.Double"), value.to_json()),
            JToken::Boolean(_) | JToken::Date(_) | JToken::String(_) => (None, value.to_json()),
            JToken::Array(_) | JToken::Object(_) | JToken::Constructor(..) => {
                (None, quote(&value.to_indented_json()))
            }
        };
        if let Some(kind) = kind {
            members.push(format!(
                "{}:\"{kind}\"",
                quote(&format!("{name}@odata.type"))
            ));
        }
        members.push(format!("{}:{value}", quote(name)));
    }
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entitys_own_keys_go_before_the_bindings_and_one_must_be_there() {
        let declared = Keys {
            partition_key: Some("p".to_owned()),
            row_key: None,
        };
        let entity = parse(r#"{"rowkey": 5, "partitionKey": ""}"#).unwrap();
        let keys = declared.of(&entity).unwrap();
        assert_eq!(keys, ("p".to_owned(), "5".to_owned()));
        let error = declared.of(&JObject::default()).unwrap_err();
        assert_eq!(
            error.chain(),
            ["System.ArgumentNullException: Value cannot be null. (Parameter 'rowKey')"]
        );
    }

    #[test]
    fn properties_have_the_types_that_the_host_gives_them() {
        let entity = parse(
            r#"{"PartitionKey":"p","rowKey":"r","i":1,"f":2.0,"b":true,"n":null,"d":"2026-09-01T10:15:30.00Z","o":{"z":[]}}"#,
        );
        assert_eq!(
            to_json(&entity.unwrap()),
            r#"{"i@odata.type":"Edm.Int64","i":"1","f@odata.type":"Edm.Double","f":2.0,"b":true,"d":"2026-09-01T10:15:30Z","o":"{\n  \"z\": []\n}"}"#
        );
    }

    #[test]
    fn text_that_is_no_entity_is_refused_in_newtonsofts_words() {
        for (text, message) in [
            (
                "hello",
                "Unexpected character encountered while parsing value: h. Path '', line 0, position 0.",
            ),
            (
                "5",
                "Error reading JObject from JsonReader. Current JsonReader item is not an object: Integer. Path '', line 1, position 1.",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(
                error.chain(),
                [format!("Newtonsoft.Json.JsonReaderException: {message}")]
            );
        }
    }
}
