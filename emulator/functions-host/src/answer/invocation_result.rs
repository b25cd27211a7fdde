//! The members of an answer, read as the host reads them into its class
//! `HttpScriptInvocationResult`.

use crate::answer::violation::Violation;
use crate::envelope::body_text;
use crate::invoke::http::RawAnswer;
use crate::newtonsoft::{JObject, JToken, Node, ReadError};

/// How deep the answer as a whole may be nested.
const MAX_ANSWER_DEPTH: usize = 256;

/// The answer's members.
pub(crate) struct InvocationResult {
    pub(crate) outputs: Option<JObject>,
    pub(crate) logs: Vec<String>,
    pub(crate) return_value: JToken,
}

/// Reads the answer up to its members. Lesser violations are noted on the way; one that fails the
/// invocation ends it.
pub(crate) fn read(
    answer: &RawAnswer,
    violations: &mut Vec<Violation>,
) -> Result<InvocationResult, Violation> {
    if !(200..300).contains(&answer.status) {
        return Err(Violation::NonSuccessStatus {
            status: answer.status,
        });
    }
    if answer.body.is_empty() {
        return Err(Violation::EmptyAnswer);
    }
    let text = decode(answer, violations)?;
    let (node, more) =
        Node::parse_first(&text, MAX_ANSWER_DEPTH).map_err(|error| invalid_json(&error))?;
    let members = match node {
        None => return Err(Violation::NullAnswer),
        Some(node) if node.is_nothing() => return Err(Violation::NullAnswer),
        Some(Node::Object(members)) => members,
        Some(other) => return Err(Violation::NotAnObject { kind: other.kind() }),
    };
    if more {
        violations.push(Violation::TrailingContent);
    }
    let mut result = InvocationResult {
        outputs: None,
        logs: Vec::new(),
        return_value: JToken::Null,
    };
    for (name, value) in members {
        match name.to_ascii_lowercase().as_str() {
            "outputs" => result.add_outputs(value)?,
            "logs" => result.add_logs(value, violations)?,
            "returnvalue" => {
                result.return_value = value.into_member().map_err(|error| invalid_json(&error))?;
            }
            _ => violations.push(Violation::UnknownMember { name }),
        }
    }
    Ok(result)
}

/// The body's text, in the charset that its type names: UTF-8 and UTF-16 are known, and marks
/// count.
fn decode(answer: &RawAnswer, violations: &mut Vec<Violation>) -> Result<String, Violation> {
    let content_type = answer
        .header("Content-Type")
        .filter(|content_type| !content_type.trim().is_empty())
        .ok_or(Violation::MissingContentType)?;
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" => {}
        "text/json" | "application/*" | "*/*" => violations.push(Violation::UnusualContentType {
            content_type: content_type.to_owned(),
        }),
        _ => {
            return Err(Violation::WrongContentType {
                content_type: content_type.to_owned(),
            });
        }
    }
    let charset = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase());
    let text = match charset.as_deref() {
        Some("utf-16" | "utf-16le") => body_text::decode_utf16(&answer.body),
        _ => body_text::decode_strictly(&answer.body),
    };
    text.ok_or_else(|| Violation::InvalidJson {
        detail: "it is not text in its charset".to_owned(),
    })
}

fn invalid_json(error: &ReadError) -> Violation {
    Violation::InvalidJson {
        detail: error.to_string(),
    }
}

impl InvocationResult {
    /// Outputs that come twice are put together.
    fn add_outputs(&mut self, value: Node) -> Result<(), Violation> {
        match value {
            value if value.is_nothing() => self.outputs = None,
            Node::Object(members) => {
                let outputs = self.outputs.get_or_insert_default();
                for (name, value) in members {
                    let value = value.into_member().map_err(|error| invalid_json(&error))?;
                    outputs.insert(name, value);
                }
            }
            other => return Err(Violation::BadOutputs { kind: other.kind() }),
        }
        Ok(())
    }

    fn add_logs(&mut self, value: Node, violations: &mut Vec<Violation>) -> Result<(), Violation> {
        let items = match value {
            value if value.is_nothing() => {
                self.logs.clear();
                return Ok(());
            }
            Node::Array(items) => items,
            other => return Err(Violation::BadLogs { kind: other.kind() }),
        };
        for item in items {
            let kind = item.kind();
            let line = match item {
                Node::String(text) => {
                    self.logs.push(text);
                    continue;
                }
                // The host's logger writes so for null.
                Node::Null => "[null]".to_owned(),
                Node::Boolean(value) => value.to_string(),
                Node::Number(spelling) => spelling,
                Node::Undefined | Node::Array(_) | Node::Object(_) | Node::Constructor(..) => {
                    return Err(Violation::BadLogs { kind });
                }
            };
            violations.push(Violation::LogNotText { kind });
            self.logs.push(line);
        }
        Ok(())
    }
}
