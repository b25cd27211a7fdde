//! The answer to an invocation: `{"Outputs":{…},"Logs":[…],"ReturnValue":null}`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// What the handler answers. `O` is the function's own shape of `Outputs`, one member for each
/// output binding of its `function.json`, spelled as there (the host compares the case).
///
/// It always goes out with status 200 and `application/json`: the host throws everything away that
/// comes with another status or type, and waits until the function's timeout when nothing comes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer<'a, O> {
    /// The output bindings by name.
    pub outputs: O,
    /// Lines for the function's log, in which the host ties each to this invocation.
    pub logs: Vec<Cow<'a, str>>,
    /// The value of an output binding named `$return`; null where there is none.
    pub return_value: Option<&'a RawValue>,
}

impl<'a, O: Serialize> Answer<'a, O> {
    /// An answer with these outputs and log lines, and no return value.
    #[must_use]
    pub fn new(outputs: O, logs: Vec<Cow<'a, str>>) -> Self {
        Self {
            outputs,
            logs,
            return_value: None,
        }
    }

    /// The answer's JSON.
    ///
    /// # Errors
    /// When `O` refuses to be written, which is a mistake in `O`. The invocation must then fail,
    /// with a status that is no 2xx: there is no answer of which every trigger would know that it
    /// has failed.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let logs: usize = self.logs.iter().map(|line| line.len()).sum();
        // Enough for the logs, for what escaping adds to them, and for the outputs.
        let mut json = Vec::with_capacity(2 * logs + 512);
        serde_json::to_writer(&mut json, self)?;
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Outputs {
        res: &'static str,
    }

    #[test]
    fn an_answer_has_its_three_members_in_order() {
        let answer = Answer::new(Outputs { res: "r" }, vec!["one".into(), "\"two\"\n".into()]);
        assert_eq!(
            answer.to_json().unwrap(),
            br#"{"Outputs":{"res":"r"},"Logs":["one","\"two\"\n"],"ReturnValue":null}"#
        );
    }

    #[test]
    fn outputs_that_cannot_be_written_are_an_error_and_no_answer() {
        let unwritable = std::collections::BTreeMap::from([((), 0)]);
        let error = Answer::new(unwritable, Vec::new()).to_json().unwrap_err();
        assert_eq!(error.to_string(), "key must be a string");
    }
}
