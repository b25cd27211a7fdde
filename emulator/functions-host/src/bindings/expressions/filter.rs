//! The `filter` of a table: its expressions look only at the first part of a name, and are quoted
//! or checked.
//!
//! Source: `TableFilterFormatter` of the table extension.

use super::binding_data::{BindingData, Datum};
use super::template::Template;
use crate::bindings::error::BindingError;

/// The filter with its expressions filled in.
pub(crate) fn bind(template: &Template, data: &BindingData) -> Result<String, BindingError> {
    let names: Vec<&str> = template.parameter_names().collect();
    let mut distinct: Vec<&str> = Vec::new();
    for name in &names {
        if !distinct.contains(name) {
            distinct.push(name);
        }
    }
    // A filter that is nothing but one expression goes through as it is.
    if let [name] = names.as_slice()
        && template.pattern == format!("{{{name}}}")
    {
        return template.bind(data);
    }
    let mut converted = data.clone();
    let pattern = template.pattern.to_lowercase();
    for name in distinct {
        let Some(value) = converted.get(name) else {
            continue;
        };
        let value = match value {
            Datum::Null => None,
            value => value.to_text(None),
        };
        let count = names.iter().filter(|other| *other == &name).count();
        let quoted = format!("'{{{}}}'", name.to_lowercase());
        if pattern.matches(&quoted).count() >= count {
            let value = value.ok_or_else(BindingError::null_reference)?;
            converted.set(name, Datum::Text(value.replace('\'', "''")));
        } else if !value.is_some_and(|value| is_bool_or_number(&value)) {
            return Err(BindingError::invalid_operation(format_args!(
                "An invalid parameter value was specified for filter parameter '{name}'."
            )));
        }
    }
    template.bind(&converted)
}

/// What .NET reads as a boolean, a `long` or a `double`.
fn is_bool_or_number(text: &str) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case("true")
        || text.eq_ignore_ascii_case("false")
        || text.replace(',', "").parse::<f64>().is_ok()
}
