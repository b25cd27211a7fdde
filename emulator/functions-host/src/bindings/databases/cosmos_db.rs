//! A document of Cosmos DB, or the result of a query, from the [file of rows](super::rows_file),
//! which is not the real engine.
//!
//! The rules around the store are the extension's: an empty id fails, what isn't found is `null`
//! (also where the container is missing), a dotted name in `sqlQuery` always fails. The engine is a
//! stand-in: containers are partitioned by `/id`, and a query is `SELECT * FROM c`, with conditions
//! that compare a member with a text or a parameter.

use super::rows_file::RowsFile;
use super::words::split_ignoring_case;
use crate::bindings::declaration::{CosmosDbSource, DataType};
use crate::bindings::error::BindingError;
use crate::bindings::expressions::{BindingData, Datum, Resolver, Template, no_value};
use crate::bindings::settings::AppSettings;
use crate::bindings::value::BoundValue;
use crate::newtonsoft::{JObject, JToken, quote};

/// A value that no member has.
const NOTHING: &str = "\u{0}";

/// What a binding reads.
pub(crate) async fn read(
    source: &CosmosDbSource,
    data_type: DataType,
    rows: Option<&RowsFile>,
    resolver: Resolver<'_>,
    tell: impl Fn(&str),
) -> Result<BoundValue, BindingError> {
    let database = resolver.text(&source.database)?;
    let container = resolver.text(&source.container)?;
    let place = (database.as_str(), container.as_str());
    let id = resolver.optional(source.id.as_deref())?;
    let partition_key = resolver.optional(source.partition_key.as_deref())?;
    let query = match &source.sql_query {
        None => None,
        Some(text) => Some(Query::bind(&resolver.template(text)?, resolver.data)?),
    };
    let unsupported = match data_type {
        DataType::Binary => Some("System.Byte[]"),
        DataType::Stream => Some("System.IO.Stream"),
        DataType::Undefined | DataType::String => None,
    };
    if let Some(kind) = unsupported {
        return Err(BindingError::not_supported(format_args!(
            "ScriptBinding type {kind} is not supported"
        )));
    }
    let connection = &source.connection;
    if resolver.settings.connection_section(connection).is_none() {
        return Err(BindingError::invalid_operation(format_args!(
            "Cosmos DB connection configuration '{connection}' does not exist. Make sure that it is a defined App Setting."
        )));
    }
    let rows = rows.ok_or_else(|| BindingError::no_rows_file("cosmosDB"))?;
    if let Some(id) = &id {
        if id.is_empty() {
            return Err(BindingError::invalid_operation(
                "The 'Id' property of a CosmosDB single-item input binding cannot be null or empty.",
            ));
        }
        // An id with a slash is never asked for.
        if id.contains('/') {
            return Ok(BoundValue::Nothing);
        }
    }
    let key = partition_key.as_deref();
    tell(&question(place, id.as_deref(), key, query.as_ref()));
    if let Some(failing) = rows.failing(connection) {
        let endpoint = endpoint(resolver.settings, connection);
        return Err(failing.fail_cosmos_db(&endpoint).await);
    }
    match id {
        Some(id) => Ok(document(rows, place, &id, key)),
        None => select(rows, place, query.as_ref(), key),
    }
}

/// The account's address in the connection's setting, as `HOST:PORT`.
fn endpoint(settings: &AppSettings, connection: &str) -> String {
    let section = settings.connection_section(connection).unwrap_or_default();
    let text = settings.get(&section).unwrap_or_default();
    let mut parts = text.split(';').filter_map(|part| part.split_once('='));
    let endpoint = parts.find(|(name, _)| name.trim().eq_ignore_ascii_case("AccountEndpoint"));
    let endpoint = endpoint.map_or("", |(_, endpoint)| endpoint.trim());
    let address = endpoint.rsplit("//").next().unwrap_or_default();
    address.trim_end_matches('/').to_owned()
}

/// The request that the SDK would send.
fn question(
    (database, container): (&str, &str),
    id: Option<&str>,
    partition_key: Option<&str>,
    query: Option<&Query>,
) -> String {
    let path = format!("/dbs/{database}/colls/{container}/docs");
    // A container that is partitioned by the id needs no key to be asked for one.
    let key = partition_key.or(id).map(|key| format!("[{}]", quote(key)));
    let key = key.as_deref().unwrap_or("null");
    match (id, query) {
        (Some(id), _) => format!("GET {path}/{id}, partition key {key}"),
        (None, None) => format!("GET {path}, partition key {key}"),
        (None, Some(query)) => {
            format!(
                "POST {path}, partition key {key}, query {}",
                query.to_json()
            )
        }
    }
}

/// The document with this id.
fn document(
    rows: &RowsFile,
    (database, container): (&str, &str),
    id: &str,
    partition_key: Option<&str>,
) -> BoundValue {
    let documents = rows.container(database, container).unwrap_or_default();
    let found = documents.iter().find(|document| {
        let known = document.get("id").map(JToken::to_invariant_string);
        known.as_deref() == Some(id) && partition_key.is_none_or(|key| key == id)
    });
    found.map_or(BoundValue::Nothing, |document| {
        BoundValue::Text(JToken::Object(document.clone()).to_json())
    })
}

/// A query whose tokens have become parameters.
#[derive(Debug, PartialEq)]
struct Query {
    text: String,
    parameters: Vec<(String, JToken)>,
}

impl Query {
    /// `{x}` becomes `@x`; a dotted name can't.
    fn bind(template: &Template, data: &BindingData) -> Result<Self, BindingError> {
        let mut replaced = BindingData::default();
        let mut parameters = Vec::new();
        for name in template.parameter_names() {
            let value = data.get(name).ok_or_else(|| no_value(name))?;
            replaced.set(name, Datum::Text(format!("@{name}")));
            let value = match value {
                Datum::Json(object @ JToken::Object(_)) => object.clone(),
                value => JToken::String(value.to_text(None).unwrap_or_default()),
            };
            let parameter = (format!("@{name}"), value);
            if !parameters.contains(&parameter) {
                parameters.push(parameter);
            }
        }
        Ok(Self {
            text: template.bind(&replaced)?,
            parameters,
        })
    }

    /// The body of the request.
    fn to_json(&self) -> String {
        let parameters = self.parameters.iter().map(|(name, value)| {
            let parameter = JObject::default().with("name", name.as_str());
            JToken::from(parameter.with("value", value.clone()))
        });
        let body = JObject::default()
            .with("query", self.text.as_str())
            .with("parameters", JToken::Array(parameters.collect()));
        JToken::from(body).to_json()
    }
}

/// The documents that a query selects; without one, all of them.
fn select(
    rows: &RowsFile,
    (database, container): (&str, &str),
    query: Option<&Query>,
    partition_key: Option<&str>,
) -> Result<BoundValue, BindingError> {
    let documents = rows.container(database, container).ok_or_else(|| {
        BindingError::not_emulated(format_args!(
            "the file of rows has no container {database}/{container}"
        ))
    })?;
    let conditions = match query {
        None => Vec::new(),
        Some(query) => conditions(query)?,
    };
    let text =
        |document: &JObject, member: &str| document.get(member).map(JToken::to_invariant_string);
    let found = documents.iter().filter(|document| {
        partition_key.is_none_or(|key| text(document, "id").as_deref() == Some(key))
            && conditions
                .iter()
                .all(|(member, value)| text(document, member).as_ref() == Some(value))
    });
    Ok(BoundValue::Rows(
        found.cloned().map(JToken::Object).collect(),
    ))
}

/// The members that a query compares, with the values.
fn conditions(query: &Query) -> Result<Vec<(String, String)>, BindingError> {
    let not_understood = || {
        BindingError::not_emulated(format_args!(
            "the file of rows is no Cosmos DB and understands only SELECT * FROM c [WHERE c.MEMBER = @PARAMETER [AND …]], not: {}",
            query.text
        ))
    };
    let words: Vec<&str> = query.text.split_whitespace().collect();
    let is = |at: usize, word: &str| {
        words
            .get(at)
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let alias = words.get(3).copied().unwrap_or_default();
    if !(is(0, "select") && is(1, "*") && is(2, "from")) || alias.is_empty() {
        return Err(not_understood());
    }
    if words.len() == 4 {
        return Ok(Vec::new());
    }
    if !is(4, "where") {
        return Err(not_understood());
    }
    let rest = words[5..].join(" ");
    let mut conditions = Vec::new();
    for condition in split_ignoring_case(&rest, " and ") {
        let (member, value) = condition.split_once('=').ok_or_else(not_understood)?;
        let member = member
            .trim()
            .strip_prefix(alias)
            .and_then(|rest| rest.strip_prefix('.'));
        let member = member.ok_or_else(not_understood)?;
        let value = value.trim();
        let literal = value
            .strip_prefix('\'')
            .and_then(|value| value.strip_suffix('\''));
        let parameter = || {
            let mut parameters = query.parameters.iter();
            let found = parameters.find(|(name, _)| name == value);
            found.map(|(_, value)| value.to_invariant_string())
        };
        let known = literal.map(str::to_owned).or_else(parameter);
        // What is asked of a parameter's member is asked of a text, which has none.
        let value = match known {
            None if value.starts_with('@') && value.contains('.') => NOTHING.to_owned(),
            None => return Err(not_understood()),
            Some(value) => value,
        };
        conditions.push((member.to_owned(), value));
    }
    Ok(conditions)
}
