//! The answer to an invocation: `{"Outputs":{…},"Logs":[…],"ReturnValue":null}`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// What the handler answers. `O` is the function's own shape of `Outputs`, one member for each output binding of its
/// `function.json`, spelled as there (the host compares the case).
///
/// It always goes out with status 200 and `application/json`: the host throws everything away that comes with another
/// status or type, and waits until the function's timeout when nothing comes.
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
    /// When `O` can't be written as JSON, which is a mistake in `O`.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
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
}
