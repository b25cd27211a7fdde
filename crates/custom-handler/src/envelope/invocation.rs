//! The envelope that the host POSTs for one invocation: `{"Data":{…},"Metadata":{…}}`.

use std::fmt;
use std::str::Utf8Error;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;

/// `X-Azure-Functions-InvocationId`, in which the host names the invocation: a GUID that its own
/// logs carry too.
pub const INVOCATION_ID_HEADER: HeaderName =
    HeaderName::from_static("x-azure-functions-invocationid");

/// The same where the host passes on the request itself, by `enableProxyingHttpRequest`.
const PROXIED_ID_HEADER: HeaderName = HeaderName::from_static("x-ms-invocation-id");

/// The host's id of the invocation, or a dash where there is none. The caller of a function to
/// which the host forwards requests may have sent one of its own, behind which the host puts its;
/// under `enableProxyingHttpRequest` the host leaves the caller's.
#[must_use]
pub fn invocation_id(http: &HttpRequest) -> &str {
    const GUID_LENGTH: usize = 36;
    let last = |name: HeaderName| http.headers().get_all(name).next_back();
    let header = last(INVOCATION_ID_HEADER).or_else(|| last(PROXIED_ID_HEADER));
    let ids = header.and_then(|ids| ids.to_str().ok());
    let id = ids.and_then(|ids| ids.rsplit(',').next()).map(str::trim);
    id.filter(|id| (1..=GUID_LENGTH).contains(&id.len()))
        .unwrap_or("-")
}

/// One invocation. `D` is the function's own shape of `Data`, one member for each input binding of
/// its `function.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Invocation<'a, D> {
    /// The input bindings by name.
    #[serde(
        deserialize_with = "json::object",
        bound(deserialize = "D: Deserialize<'de>")
    )]
    pub data: D,
    /// The binding data, as JSON text. Whoever sends the request can put any name and value into
    /// it, so nothing that matters may be read from here; a trigger without a request (Event Hubs)
    /// has its properties here.
    #[serde(borrow, default)]
    pub metadata: Option<&'a RawValue>,
}

impl<'a, D: Deserialize<'a>> Invocation<'a, D> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// When it is not text, or not JSON, or lacks what `D` needs. Then it was not the Functions host
    /// that sent it.
    pub fn parse(envelope: &'a [u8]) -> Result<Self, InvocationError> {
        // All at once, which is quicker than string by string.
        let envelope = std::str::from_utf8(envelope).map_err(InvocationError::NotUtf8)?;
        let mut deserializer = serde_json::Deserializer::from_str(envelope);
        let invocation = json::object(&mut deserializer).map_err(InvocationError::Unreadable)?;
        deserializer.end().map_err(InvocationError::Unreadable)?;
        Ok(invocation)
    }
}

/// The envelope is malformed.
///
/// Its `Display` tells where and shows nothing of the content, which holds the function key.
#[derive(Debug)]
pub enum InvocationError {
    /// It is not UTF-8.
    NotUtf8(Utf8Error),
    /// It is not JSON, or JSON of another shape.
    Unreadable(serde_json::Error),
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(error) => {
                let place = error.valid_up_to();
                write!(f, "the invocation is not UTF-8 at byte {place}")
            }
            Self::Unreadable(error) => {
                if let Some(member) = missing_binding(error) {
                    return write!(
                        f,
                        "the invocation lacks `{member}`: the function's function.json must have a binding of that name"
                    );
                }
                let (line, column) = (error.line(), error.column());
                let what = if error.is_data() {
                    "lacks a member that the host always sends, or has one twice or of another type"
                } else {
                    "is not JSON"
                };
                write!(f, "the invocation {what} (line {line}, column {column})")
            }
        }
    }
}

impl std::error::Error for InvocationError {}

/// The binding that a function needs and the host has not sent. Of serde's complaints this one
/// holds no content, only the name of a field.
fn missing_binding(error: &serde_json::Error) -> Option<String> {
    let complaint = error.to_string();
    let (member, _) = complaint.strip_prefix("missing field `")?.split_once('`')?;
    (member != "Data").then(|| member.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Data {
        events: String,
    }

    #[test]
    fn data_has_the_function_s_own_shape_and_metadata_stays_text() {
        let envelope =
            br#"{"Data":{"events":"[]","other":1},"Metadata":{"sys":{"MethodName":"F"}},"New":0}"#;
        let invocation = Invocation::<Data>::parse(envelope).unwrap();
        assert_eq!(invocation.data.events, "[]");
        assert_eq!(
            invocation.metadata.unwrap().get(),
            r#"{"sys":{"MethodName":"F"}}"#
        );
    }

    #[test]
    fn a_malformed_envelope_is_told_without_its_content() {
        for (envelope, expected) in [
            (&b""[..], "the invocation is not JSON (line 1, column 0)"),
            (
                b"{\"Data\":{\"events\":\"\",\"x\":\"\xff\"}}",
                "the invocation is not UTF-8 at byte 26",
            ),
            (
                b"{\"Data\":",
                "the invocation is not JSON (line 1, column 8)",
            ),
            (
                b"{\"Data\":{\"events\":\"\"}}x",
                "the invocation is not JSON (line 1, column 23)",
            ),
            (
                b"{}",
                "the invocation lacks a member that the host always sends, or has one twice or of another type (line 1, column 2)",
            ),
            (
                b"{\"Data\":{\"other\":\"s3cr3t\"}}",
                "the invocation lacks `events`: the function's function.json must have a binding of that name",
            ),
            (
                b"[{\"events\":\"\"},{}]",
                "the invocation lacks a member that the host always sends, or has one twice or of another type (line 1, column 0)",
            ),
            (
                b"{\"Data\":[\"[]\"]}",
                "the invocation lacks a member that the host always sends, or has one twice or of another type (line 1, column 8)",
            ),
            (
                b"{\"Data\":\"s3cr3t\"}",
                "the invocation lacks a member that the host always sends, or has one twice or of another type (line 1, column 16)",
            ),
        ] {
            let error = Invocation::<Data>::parse(envelope).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn an_invocation_s_id_is_at_most_a_guid() {
        let guid = "0d4d4b3a-7c8c-4f6e-9a53-3c9be2b8d1f1";
        for (header, expected) in [
            (guid.to_owned(), guid),
            (format!("{guid}0"), "-"),
            ("1".to_owned(), "1"),
            ("é".to_owned(), "-"),
            (format!("made-up, {guid}"), guid),
            (format!("{guid}, "), "-"),
        ] {
            let request = TestRequest::default().insert_header((INVOCATION_ID_HEADER, &*header));
            assert_eq!(
                invocation_id(&request.to_http_request()),
                expected,
                "{header}"
            );
        }
        let proxied = TestRequest::default().insert_header(("X-MS-Invocation-Id", guid));
        assert_eq!(invocation_id(&proxied.to_http_request()), guid);
        assert_eq!(
            invocation_id(&TestRequest::default().to_http_request()),
            "-"
        );
    }
}
