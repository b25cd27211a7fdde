//! Why a text is not an allocation request.

use std::borrow::Cow;
use std::fmt;

use custom_handler::json;
use serde_json::value::RawValue;

/// How deeply a request may be nested. Its members are then no deeper than `serde_json` reads, so
/// that whatever is carried through can be parsed later. An initial twin may have ten levels.
pub(super) const MAX_DEPTH: usize = 128;

/// Why a text is not an [`AllocationRequest`](super::AllocationRequest). Names the member and shows
/// none of its content.
#[derive(Debug)]
pub enum RequestError {
    /// It isn't JSON from the first byte to the last.
    NotJson(serde_json::Error),
    /// It is JSON, but not an object.
    NotAnObject {
        /// What it is, with its article.
        found: &'static str,
    },
    /// A member has another type than the service's documentation says.
    WrongType {
        /// The member's path.
        member: Cow<'static, str>,
        /// What it must be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: &'static str,
    },
    /// A string escapes half of a character (a lone surrogate).
    NotText {
        /// The member's path.
        member: Cow<'static, str>,
    },
    /// It is nested too deeply.
    TooDeep {
        /// The member that is, where it is one that the service documents.
        member: Option<&'static str>,
    },
}

impl RequestError {
    /// Whether the text is a JSON object nonetheless.
    #[must_use]
    pub fn is_json_object(&self) -> bool {
        !matches!(self, Self::NotJson(_) | Self::NotAnObject { .. })
    }

    pub(super) fn wrong_type(
        member: impl Into<Cow<'static, str>>,
        expected: &'static str,
        json: &RawValue,
    ) -> Self {
        Self::WrongType {
            member: member.into(),
            expected,
            found: json::kind(json.get()),
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "it is not JSON ({error})"),
            Self::NotAnObject { found } => write!(f, "it must be an object, and is {found}"),
            Self::WrongType {
                member,
                expected,
                found,
            } => write!(f, "{member} must be {expected}, and is {found}"),
            Self::NotText { member } => write!(f, "{member} has an escape that is no character"),
            Self::TooDeep {
                member: Some(member),
            } => {
                write!(f, "{member} is nested more than {MAX_DEPTH} levels deep")
            }
            Self::TooDeep { member: None } => {
                write!(f, "it is nested more than {MAX_DEPTH} levels deep")
            }
        }
    }
}

impl std::error::Error for RequestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotJson(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dps::AllocationRequest;

    #[track_caller]
    fn refused(json: &str, expected: &str) {
        assert_eq!(
            AllocationRequest::parse(json).unwrap_err().to_string(),
            expected
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        refused(
            "",
            "it is not JSON (EOF while parsing a value at line 1 column 0)",
        );
        refused(
            "hello",
            "it is not JSON (expected value at line 1 column 1)",
        );
        refused(
            "{} x",
            "it is not JSON (trailing characters at line 1 column 4)",
        );
        refused("[]", "it must be an object, and is an array");
        refused(
            "[1,",
            "it is not JSON (EOF while parsing a value at line 1 column 3)",
        );
        refused(
            "5x",
            "it is not JSON (trailing characters at line 1 column 2)",
        );
        refused("null", "it must be an object, and is null");
        for (value, found) in [
            ("5", "a number"),
            ("{}", "an object"),
            ("[]", "an array"),
            ("true", "a boolean"),
        ] {
            refused(
                &format!(r#"{{"deviceRuntimeContext":{{"registrationId":{value}}}}}"#),
                &format!("deviceRuntimeContext.registrationId must be a string, and is {found}"),
            );
        }
        refused(
            r#"{"deviceRuntimeContext":"s3cr3t"}"#,
            "deviceRuntimeContext must be an object, and is a string",
        );
        refused(
            r#"{"linkedHubs":"s3cr3t"}"#,
            "linkedHubs must be an array of host names, and is a string",
        );
        refused(
            r#"{"linkedHubs":{}}"#,
            "linkedHubs must be an array of host names, and is an object",
        );
        refused(
            r#"{"linkedHubs":["a",null]}"#,
            "linkedHubs[1] must be a string, and is null",
        );
        refused(
            r#"{"deviceRuntimeContext":{"registrationId":"\ud800"}}"#,
            "deviceRuntimeContext.registrationId has an escape that is no character",
        );
        refused(
            r#"{"deviceRuntimeContext":{"\ud800":1}}"#,
            "deviceRuntimeContext has an escape that is no character",
        );
    }

    #[test]
    fn the_parser_s_error_is_the_source() {
        use std::error::Error;

        let not_json = AllocationRequest::parse("{").unwrap_err();
        assert!(not_json.source().unwrap().is::<serde_json::Error>());
        assert!(
            AllocationRequest::parse("[]")
                .unwrap_err()
                .source()
                .is_none()
        );
    }

    #[test]
    fn nesting_has_its_limit() {
        let payload = |depth: usize| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"deviceRuntimeContext":{{"payload":{open}{close}}}}}"#)
        };
        assert!(AllocationRequest::parse(&payload(MAX_DEPTH - 2)).is_ok());
        let too_deep = "deviceRuntimeContext is nested more than 128 levels deep";
        refused(&payload(MAX_DEPTH - 1), too_deep);
        refused(&payload(100_000), too_deep);
        let unknown = format!(
            r#"{{"a":{}{}}}"#,
            r#"{"a":"#.repeat(100_000),
            "1".to_owned() + &"}".repeat(100_000)
        );
        refused(&unknown, "it is nested more than 128 levels deep");
        let array = "[".repeat(100_000) + &"]".repeat(100_000);
        refused(&array, "it must be an object, and is an array");
    }
}
