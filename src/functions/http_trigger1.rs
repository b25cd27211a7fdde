//! `HttpTrigger1`: the custom allocation webhook, with the tutorial's rules.

use actix_web::web::ServiceConfig;
use allocation::webhook;

use crate::contoso::Contoso;

/// The function's name, which is that of its folder.
pub const NAME: &str = "HttpTrigger1";

/// The function's routes.
pub fn routes() -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
    webhook::routes(NAME, Contoso::new())
}
