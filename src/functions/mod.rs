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
