//! The functions of the app, one module for each folder that has a `function.json`.

pub mod http_trigger1;

use actix_web::web::ServiceConfig;
use custom_handler::Functions;

/// Every function.
#[must_use]
pub fn all() -> Functions {
    Functions::new().with(http_trigger1::NAME, http_trigger1::routes())
}

/// Adds every route of the app.
pub fn routes(config: &mut ServiceConfig) {
    all().configure(config);
}
