//! What a device sends to register, read as strictly as the service reads it.
//!
//! The service knows the members of a registration and refuses every other, with 400012 and no word
//! on which. The reason that helps goes into the emulator's log. Sources: a captured answer to a
//! body that is not JSON, <https://github.com/nanoframework/Home/issues/904>, and
//! <https://learn.microsoft.com/rest/api/iot-dps/device/runtime-registration> for the members.

use std::fmt;

use serde_json::value::RawValue;

use crate::wire::device_api::MAX_MESSAGE_BYTES;
use crate::wire::request_error::RequestError;
use iot_hub::Members;

/// What a device sends to register. Names of members are read in any case.
#[derive(Default)]
pub(crate) struct DeviceRegistration {
    /// Its registration id, once more.
    pub registration_id: Option<String>,
    /// What it tells the webhook: an object, or a text.
    pub payload: Option<Box<RawValue>>,
    /// The keys of its TPM.
    pub tpm: Option<Box<RawValue>>,
}

impl fmt::Debug for DeviceRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRegistration")
            .field("registration_id", &self.registration_id)
            .finish_non_exhaustive()
    }
}

impl DeviceRegistration {
    /// Reads a message's body.
    ///
    /// # Errors
    /// The body is too long, or isn't a registration.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(RequestError::Malformed(format!(
                "the message has {} bytes, and {MAX_MESSAGE_BYTES} are allowed",
                body.len()
            )));
        }
        let mut members: Members = serde_json::from_slice(body)
            .map_err(|error| RequestError::Unreadable(unreadable(body, &error)))?;
        let registration = Self {
            registration_id: text(members.take("registrationId"))?,
            payload: payload(members.take("payload"))?,
            tpm: members.take("tpm").filter(|tpm| tpm.get() != "null"),
        };
        match members.names().next() {
            None => Ok(registration),
            Some(name) => Err(RequestError::Unreadable(unknown(name))),
        }
    }
}

fn text(member: Option<Box<RawValue>>) -> Result<Option<String>, RequestError> {
    let Some(member) = member else {
        return Ok(None);
    };
    serde_json::from_str(member.get()).map_err(|_| {
        RequestError::Unreadable(format!(
            "registrationId is {}, and must be text",
            kind(&member)
        ))
    })
}

fn payload(member: Option<Box<RawValue>>) -> Result<Option<Box<RawValue>>, RequestError> {
    match member {
        Some(payload) if !payload.get().starts_with(['{', '"', 'n']) => {
            Err(RequestError::Unreadable(format!(
                "payload is {}, and must be an object, as in {{\"payload\":{{\"value\":{}}}}}",
                kind(&payload),
                if payload.get().len() < 40 {
                    payload.get()
                } else {
                    "…"
                }
            )))
        }
        other => Ok(other),
    }
}

/// What a value is, in words.
fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Why a body can't be read, with what is most often behind it.
fn unreadable(body: &[u8], error: &serde_json::Error) -> String {
    let hint = if body.is_empty() {
        "; the least is {}"
    } else if is_quoted_object(body) {
        "; an object stands without quotes around it, and quotes within text need a backslash"
    } else {
        ""
    };
    format!("the body is not a JSON object: {error}{hint}")
}

/// Whether an object stands in quotes without its own being escaped, as in `"{"`.
fn is_quoted_object(body: &[u8]) -> bool {
    let visible: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    visible.windows(3).any(|three| three == b"\"{\"")
}

fn unknown(name: &str) -> String {
    if name.eq_ignore_ascii_case("csr") {
        return "csr asks for a certificate, which only api-version 2025-07-01-preview issues and which isn't emulated"
            .to_owned();
    }
    format!(
        "{name:?} is not a member of a registration, which are registrationId, payload and tpm; what the webhook is to \
         see belongs into the payload, as in {{\"payload\":{{{name:?}:…}}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, reason: &str) {
        let error = DeviceRegistration::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error, RequestError::Unreadable(reason.to_owned()), "{body}");
    }

    #[test]
    fn names_are_read_in_any_case_and_the_last_of_two_counts() {
        for body in [
            r#"{"registrationId":"a","payload":{"modelId":"m"}}"#,
            r#"{"RegistrationId":"a","Payload":{"modelId":"m"}}"#,
            r#"{"PAYLOAD":{"n":1},"REGISTRATIONID":"a","payload":{"modelId":"m"},"TPM":null}"#,
        ] {
            let registration = DeviceRegistration::parse(body.as_bytes()).unwrap();
            assert_eq!(registration.registration_id.as_deref(), Some("a"), "{body}");
            assert_eq!(
                registration.payload.unwrap().get(),
                r#"{"modelId":"m"}"#,
                "{body}"
            );
            assert!(registration.tpm.is_none(), "{body}");
        }
    }

    #[test]
    fn a_payload_is_an_object_a_text_or_null() {
        for payload in ["{}", r#""{\"modelId\":\"m\"}""#, "null"] {
            let body = format!(r#"{{"payload": {payload}}}"#);
            let registration = DeviceRegistration::parse(body.as_bytes()).unwrap();
            assert_eq!(registration.payload.unwrap().get(), payload);
        }
        check(
            r#"{"payload":[1]}"#,
            r#"payload is an array, and must be an object, as in {"payload":{"value":[1]}}"#,
        );
        check(
            r#"{"payload":-7.5}"#,
            r#"payload is a number, and must be an object, as in {"payload":{"value":-7.5}}"#,
        );
        check(
            r#"{"payload":true}"#,
            r#"payload is a boolean, and must be an object, as in {"payload":{"value":true}}"#,
        );
    }

    #[test]
    fn a_member_that_no_registration_has_is_named_with_its_place() {
        for name in ["modelId", "data", "deviceId"] {
            check(
                &format!(r#"{{"registrationId":"a","{name}":"x"}}"#),
                &format!(
                    "\"{name}\" is not a member of a registration, which are registrationId, payload and tpm; what the \
                     webhook is to see belongs into the payload, as in {{\"payload\":{{\"{name}\":…}}}}"
                ),
            );
        }
        check(
            r#"{"csr":"MII"}"#,
            "csr asks for a certificate, which only api-version 2025-07-01-preview issues and which isn't emulated",
        );
        check(
            r#"{"registrationId":7}"#,
            "registrationId is a number, and must be text",
        );
    }

    #[test]
    fn what_is_not_an_object_says_where() {
        check(
            r#"{"registrationId":"a","payload":"{"modelId":"m"}"}"#,
            "the body is not a JSON object: expected `,` or `}` at line 1 column 36; an object stands without quotes \
             around it, and quotes within text need a backslash",
        );
        check(
            "",
            "the body is not a JSON object: EOF while parsing a value at line 1 column 0; the least is {}",
        );
        check(
            "[]",
            "the body is not a JSON object: invalid type: sequence, expected an object at line 1 column 0",
        );
        check(
            "{} {}",
            "the body is not a JSON object: trailing characters at line 1 column 4",
        );
    }

    #[test]
    fn a_message_has_a_limit() {
        let body = vec![b' '; MAX_MESSAGE_BYTES + 1];
        let error = DeviceRegistration::parse(&body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Invalid argument: the message has 98305 bytes, and 98304 are allowed"
        );
    }
}
