//! The functions of the app, one module for each folder that has a `function.json`.

pub mod http_trigger1;

use actix_web::web::ServiceConfig;
use allocation::Policy;
use custom_handler::Functions;

/// Every function.
#[must_use]
pub fn all(policy: impl Policy) -> Functions {
    Functions::new().with(http_trigger1::NAME, http_trigger1::routes(policy))
}

/// Adds every route of the app.
pub fn routes(policy: impl Policy) -> impl Fn(&mut ServiceConfig) + Clone {
    let functions = all(policy);
    move |config| functions.configure(config)
}
