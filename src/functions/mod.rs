//! The functions of the app, one module for each folder that has a `function.json`.
//!
//! A module reads the request, calls the pure layers and writes the answer; it decides nothing itself but the status.

pub mod http_trigger1;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

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
