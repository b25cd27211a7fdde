//! Rows of a query to Azure SQL, from the [file of rows](super::rows_file), which is not the real
//! engine.
//!
//! The rules around it are the extension's: `parameters` is split after its expressions are filled
//! in, and the whole result becomes one text. The engine is a stand-in for `SELECT [TOP n] columns
//! FROM table [WHERE column = @parameter [AND …]]`.

use super::rows_file::RowsFile;
use super::words::split_ignoring_case;
use crate::bindings::declaration::SqlSource;
use crate::bindings::error::BindingError;
use crate::bindings::expressions::Resolver;
use crate::bindings::value::BoundValue;
use crate::newtonsoft::{JObject, JToken};

/// What a binding reads.
pub(crate) async fn read(
    source: &SqlSource,
    rows: Option<&RowsFile>,
    resolver: Resolver<'_>,
    tell: impl Fn(&str),
) -> Result<BoundValue, BindingError> {
    let command = resolver.text(&source.command_text)?;
    let expanded = resolver.optional(source.parameters.as_deref())?;
    let parameters = parameters(expanded.as_deref().unwrap_or_default())?;
    let connection = &source.connection;
    if resolver.settings.get(connection).is_none_or(str::is_empty) {
        return Err(BindingError::invalid_operation(format_args!(
            "ConnectionStringSetting '{connection}' is missing in your function app settings, please add the setting with a valid SQL \
             connection string."
        )));
    }
    let rows = rows.ok_or_else(|| BindingError::no_rows_file("sql"))?;
    if source.is_stored_procedure {
        return Err(BindingError::not_emulated(
            "the file of rows is no SQL Server and has no stored procedures",
        ));
    }
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    tell(&format!(
        "{command}, with parameters [{}]",
        names.join(", ")
    ));
    if let Some(failing) = rows.failing(connection) {
        return Err(failing.fail_sql().await);
    }
    query(rows, &command, &parameters)
}

/// The parameters of a command, `None` for NULL.
fn parameters(text: &str) -> Result<Vec<(String, Option<String>)>, BindingError> {
    let wrong = || {
        BindingError::invalid_operation(
            "Parameters must be separated by \",\" and parameter name and parameter value must be separated by \"=\", i.e. \
             \"@name1=param1,@name2=param2\".",
        )
    };
    let items = text.split(',').filter(|item| !item.is_empty());
    items
        .map(|item| {
            let (name, value) = item.split_once('=').ok_or_else(wrong)?;
            if !name.starts_with('@') || value.contains('=') {
                return Err(wrong());
            }
            let value = Some(value.to_owned()).filter(|value| !value.eq_ignore_ascii_case("null"));
            Ok((name.to_owned(), value))
        })
        .collect()
}

/// The result of a command.
fn query(
    rows: &RowsFile,
    command: &str,
    parameters: &[(String, Option<String>)],
) -> Result<BoundValue, BindingError> {
    let select = Select::parse(command, parameters).ok_or_else(|| {
        BindingError::not_emulated(format_args!(
            "the file of rows is no SQL Server and understands only SELECT [TOP n] columns FROM table [WHERE column = @parameter [AND …]], \
             not: {command}"
        ))
    })?;
    let table = rows.table(&select.table).ok_or_else(|| {
        BindingError::not_emulated(format_args!(
            "the file of rows has no table {}; SQL Server says: Invalid object name '{}'.",
            select.table, select.table
        ))
    })?;
    let found = table.iter().filter(|row| select.holds_of(row));
    let found = found.take(select.top.unwrap_or(usize::MAX));
    let rows = found.map(|row| select.columns_of(row)).collect();
    Ok(BoundValue::Text(JToken::Array(rows).to_json()))
}

struct Select {
    top: Option<usize>,
    /// All of them when empty.
    columns: Vec<String>,
    table: String,
    conditions: Vec<(String, Option<String>)>,
}

impl Select {
    fn parse(command: &str, parameters: &[(String, Option<String>)]) -> Option<Self> {
        let command = command.trim().trim_end_matches(';');
        let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
        let rest = after(&command, "select ")?;
        let (top, rest) = match after(rest, "top ") {
            Some(rest) => {
                let (number, rest) = rest.split_once(' ')?;
                let number = number.trim_matches(['(', ')']).parse().ok()?;
                (Some(number), rest)
            }
            None => (None, rest),
        };
        let parts = split_ignoring_case(rest, " from ");
        let [columns, rest] = parts.as_slice() else {
            return None;
        };
        let columns = match columns.trim() {
            "*" => Vec::new(),
            list => list.split(',').map(name).collect::<Option<_>>()?,
        };
        let parts = split_ignoring_case(rest, " where ");
        let (table, conditions) = match parts.as_slice() {
            [table] => (name(table)?, Vec::new()),
            [table, conditions] => {
                let conditions = split_ignoring_case(conditions, " and ").into_iter();
                let conditions = conditions.map(|condition| {
                    let (column, value) = condition.split_once('=')?;
                    let value = value.trim();
                    let mut parameters = parameters.iter();
                    let value = parameters.find(|(name, _)| name.eq_ignore_ascii_case(value))?;
                    Some((name(column)?, value.1.clone()))
                });
                (name(table)?, conditions.collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(Self {
            top,
            columns,
            table,
            conditions,
        })
    }

    /// Texts compare without case, as in the usual collation; nothing equals NULL.
    fn holds_of(&self, row: &JObject) -> bool {
        self.conditions.iter().all(|(column, value)| {
            let found = row.get_ignoring_case(column);
            let found = found.filter(|found| **found != JToken::Null);
            match (found, value) {
                (Some(found), Some(value)) => {
                    let found = found.to_invariant_string();
                    found.trim_end().to_lowercase() == value.trim_end().to_lowercase()
                }
                _ => false,
            }
        })
    }

    fn columns_of(&self, row: &JObject) -> JToken {
        if self.columns.is_empty() {
            return JToken::Object(row.clone());
        }
        let mut selected = JObject::default();
        for column in &self.columns {
            let value = row.get_ignoring_case(column).cloned();
            selected.insert(column, value.unwrap_or(JToken::Null));
        }
        JToken::Object(selected)
    }
}

/// What follows a word in any case.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
}

/// A name of one or two parts, without its brackets.
fn name(text: &str) -> Option<String> {
    let name = text.trim().replace(['[', ']'], "");
    let is_name = name
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '_' | '.'));
    (is_name && !name.is_empty()).then_some(name)
}
