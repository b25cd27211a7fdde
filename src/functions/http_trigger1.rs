//! `HttpTrigger1`: the custom allocation webhook.

use actix_web::web::ServiceConfig;
use allocation::{Policy, webhook};

/// The function's name, which is that of its folder.
pub const NAME: &str = "HttpTrigger1";

/// The function's routes, where `policy` decides.
pub fn routes(policy: impl Policy) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
    webhook::routes(NAME, policy)
}
