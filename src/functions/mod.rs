//! The functions of the app, one module for each folder that has a `function.json`.
//!
//! A module reads the request, calls the pure layers and writes the answer; it decides nothing itself but the status.

pub mod http_trigger1;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::host::INVOCATION_ID_HEADER;

/// Adds every route of the app: `GET /`, by which the host learns that the process is ready, and those of each function.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/")
                .route(web::get().to(ready))
                .route(web::head().to(ready)),
        )
        .configure(http_trigger1::routes)
        .default_service(web::to(unknown));
}

async fn ready() -> &'static str {
    "The custom handler is ready."
}

async fn unknown() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain; charset=utf-8")
        .body(format!(
            "There is nothing here. The function is at POST /{}.",
            http_trigger1::NAME
        ))
}

/// The host's id of the invocation, or a dash where there is none.
#[must_use]
pub fn invocation_id(http: &HttpRequest) -> &str {
    const GUID_LENGTH: usize = 36;
    let header = http.headers().get(INVOCATION_ID_HEADER);
    let id = header.and_then(|id| id.to_str().ok());
    id.filter(|id| id.len() <= GUID_LENGTH).unwrap_or("-")
}

/// The start of a text from outside, without characters that would break a line of the log.
#[must_use]
pub fn loggable(text: &str) -> String {
    const MAX_CHARS: usize = 128;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if text.len() <= MAX_CHARS && text.bytes().all(is_plain) {
        // Nearly every registration id and host name.
        return text.to_owned();
    }
    let start = text.chars().take(MAX_CHARS);
    start.flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_invocation_s_id_is_at_most_a_guid() {
        let guid = "0d4d4b3a-7c8c-4f6e-9a53-3c9be2b8d1f1";
        for (header, expected) in [
            (guid.to_owned(), guid),
            (format!("{guid}0"), "-"),
            ("1".to_owned(), "1"),
            ("é".to_owned(), "-"),
        ] {
            let request = TestRequest::default().insert_header((INVOCATION_ID_HEADER, &*header));
            assert_eq!(
                invocation_id(&request.to_http_request()),
                expected,
                "{header}"
            );
        }
        assert_eq!(
            invocation_id(&TestRequest::default().to_http_request()),
            "-"
        );
    }

    #[test]
    fn what_is_logged_is_short_and_on_one_line() {
        let long = "a".repeat(128);
        for (text, expected) in [
            ("az-AZ.09_:", "az-AZ.09_:"),
            (&*long, &*long),
            (&format!("{long}b"), &*long),
            (&format!("{long}\n"), &*long),
            ("a b", "a b"),
            ("a\n\u{1b}[2J", "a\\n\\u{1b}[2J"),
            ("é\u{202e}", "é\\u{202e}"),
        ] {
            assert_eq!(loggable(text), expected, "{text:?}");
        }
    }
}
