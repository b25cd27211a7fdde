//! A function with an HTTP trigger `req` and an HTTP output `res`.

use std::fmt::Display;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use serde::Serialize;

use super::{Content, Context, answer, failure, malformed, route};
use crate::{HttpResponse, HttpTrigger, Invocation};

#[derive(Serialize)]
struct Outputs {
    res: HttpResponse<'static>,
}

/// The route of the function `name`, whose `handler` answers HTTP requests.
pub(crate) fn http<E, H>(
    name: &'static str,
    handler: H,
) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static
where
    E: Display + 'static,
    H: AsyncFn(&HttpTrigger<'_>, &Context<'_>) -> Result<HttpResponse<'static>, E>
        + Send
        + Sync
        + 'static,
{
    let handler = Arc::new(handler);
    route(name, Content::Invocation, move |envelope, id| {
        let handler = Arc::clone(&handler);
        async move {
            let invocation = Invocation::<HttpTrigger<'_>>::parse(&envelope);
            let Invocation { data, metadata } = match invocation {
                Ok(invocation) => invocation,
                Err(error) => return malformed(name, &id, &error),
            };
            let context = Context::new(&id, metadata);
            match handler(&data, &context).await {
                Ok(res) => answer(name, &id, Outputs { res }, context),
                Err(error) => failure(name, &id, &error),
            }
        }
    })
}
