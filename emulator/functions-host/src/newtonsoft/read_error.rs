//! Why a text is not JSON to Newtonsoft.

use thiserror::Error;

/// Why a text could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ReadError {
    /// With what is wrong, and where.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// With the limit.
    #[error("it is nested deeper than {0} levels")]
    TooDeep(usize),
}

/// What Newtonsoft says of a text whose first character begins no value, its most frequent
/// complaint.
pub(crate) fn unexpected_start(text: &str) -> Option<String> {
    let mut characters = text.chars();
    let first = characters.next()?;
    let begins_a_value = match first {
        'n' => matches!(characters.next(), Some('u' | 'e')),
        c => c.is_ascii_digit() || "{[\"'-/)tfuNI".contains(c) || c.is_whitespace(),
    };
    (!begins_a_value).then(|| {
        format!(
            "Unexpected character encountered while parsing value: {first}. Path '', line 0, \
             position 0."
        )
    })
}
