//! The functions of the app, one module for each folder that has a `function.json`.
//!
//! A module reads the invocation, calls the layer below and writes the answer; it decides nothing itself but the status.

pub mod delete_device_in_twin_func;
pub mod device_telemetry_to_twin_func;
pub mod dps_adt_allocation_func;
mod event_hub;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use crate::app::App;

/// Every route of the app: `GET /`, by which the host learns that the process is ready, and those of each function.
pub fn routes(app: App) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let app = Data::new(app);
    move |config| {
        config
            .app_data(app.clone())
            .service(web::resource("/").route(web::get().to(ready)))
            .configure(dps_adt_allocation_func::routes)
            .configure(device_telemetry_to_twin_func::routes)
            .configure(delete_device_in_twin_func::routes)
            .default_service(web::to(unknown));
    }
}

async fn ready() -> &'static str {
    "The custom handler is ready."
}

async fn unknown() -> HttpResponse {
    let names = [
        dps_adt_allocation_func::NAME,
        device_telemetry_to_twin_func::NAME,
        delete_device_in_twin_func::NAME,
    ];
    text(
        404,
        format!(
            "There is nothing here. The functions are at POST /{}.",
            names.join(", /")
        ),
    )
}

/// An answer in plain text.
fn text(status: u16, body: String) -> HttpResponse {
    answer(status, "text/plain", body)
}

fn answer(status: u16, content_type: &str, body: String) -> HttpResponse {
    use actix_web::http::StatusCode;

    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(format!("{content_type}; charset=utf-8"))
        .body(body)
}
