//! Headers and bodies, and an error as a response.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::error::InstanceError;

impl IntoResponse for InstanceError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = (HeaderName::from_static("x-ms-error-code"), self.code);
        let mut response = (status, [code], json_body(&self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

pub(super) fn json_body(value: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        value.to_string(),
    )
        .into_response()
}

pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn parsed(body: &Bytes) -> Result<Value, InstanceError> {
    serde_json::from_slice(body)
        .map_err(|error| InstanceError::invalid(format!("The body is not JSON: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttled_call_is_told_when_to_come_again() {
        let error = InstanceError {
            retry_after: Some(7),
            ..InstanceError::new(429, "InjectedFault", "This failure was asked for.")
        };
        let response = error.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let headers = response.headers();
        assert_eq!(header_text(headers, &header::RETRY_AFTER), Some("7"));
        assert_eq!(headers["x-ms-error-code"], "InjectedFault");
        let response = InstanceError::no_twin("a").into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers().get(header::RETRY_AFTER), None);
    }
}
