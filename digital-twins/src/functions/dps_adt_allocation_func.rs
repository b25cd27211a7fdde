//! `DpsAdtAllocationFunc`: the custom allocation webhook that finds or makes the device's twin.
//!
//! `POST /DpsAdtAllocationFunc` takes the host's envelope; `POST /api/DpsAdtAllocationFunc` takes the request itself. Both give the
//! same answer, wrapped or plain.
//!
//! This file is the HTTP around it; `reply` is the function itself.

mod denial;
mod reply;

use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use custom_allocation::functions::invocation_id;
use custom_allocation::host::{self, Invocation};
use custom_allocation::{body, json};
use serde::Deserialize;

use self::reply::{Reply, required};
use super::{answer, text};
use crate::app::App;

/// The function's name, which is that of its folder.
pub const NAME: &str = "DpsAdtAllocationFunc";

/// The largest request that is served, in bytes: 1 MiB. The service's own limit for a device's message is 96 KB.
pub const MAX_REQUEST: usize = 1 << 20;

/// The largest envelope that is read, in bytes: 8 MiB. It holds the request twice, as an escaped string and as binding data.
pub const MAX_ENVELOPE: usize = 8 << 20;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Adds the function's routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/DpsAdtAllocationFunc").route(web::post().to(invoke)))
        .service(web::resource("/api/DpsAdtAllocationFunc").route(web::post().to(request)));
}

/// The input bindings of `function.json`.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, deserialize_with = "json::object")]
    req: host::HttpRequest<'a>,
}

/// Takes the host's envelope.
async fn invoke(http: HttpRequest, payload: Payload, app: web::Data<App>) -> HttpResponse {
    let id = invocation_id(&http);
    let envelope = match body::read(payload, MAX_ENVELOPE).await {
        Ok(envelope) => envelope,
        Err(error) => return wrapped(None, &Reply::to(&app, Err(error.into()), id).await),
    };
    match Invocation::<Data<'_>>::parse(&envelope) {
        Ok(Invocation { data, .. }) => {
            let body = data.req.body();
            let request = body.as_ref().map(Option::as_deref);
            let reply = Reply::to(&app, required(request.map_err(|error| *error)), id).await;
            wrapped(request.unwrap_or_default(), &reply)
        }
        Err(error) => {
            log::error!("{NAME} {id}: {error}");
            text(
                400,
                format!("{NAME} takes the envelope of the Functions host: {error}."),
            )
        }
    }
}

/// Takes the request itself.
async fn request(http: HttpRequest, payload: Payload, app: web::Data<App>) -> HttpResponse {
    let id = invocation_id(&http);
    let reply = match body::read(payload, MAX_REQUEST).await {
        Ok(body) => Reply::to(&app, required(host::body_text(&body)), id).await,
        Err(error) => Reply::to(&app, Err(error.into()), id).await,
    };
    answer(reply.status, reply.content_type, reply.body)
}

/// The answer as the host takes it.
fn wrapped(request: Option<&str>, reply: &Reply) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JSON)
        .body(reply.wrapped(request))
}
