//! `HttpTrigger1`: the custom allocation webhook.
//!
//! `POST /HttpTrigger1` takes the host's envelope; `POST /api/HttpTrigger1` takes the request itself, as behind a host that
//! forwards requests, behind a proxy, or from curl. Both give the same answer, wrapped or plain.
//!
//! This file is the HTTP around it; [`answer`] and [`Reply::to`] are the function itself.

mod denial;
mod reply;

use actix_web::http::StatusCode;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::invocation_id;
use crate::body;

pub use reply::{Reply, answer};

/// The function's name, which is that of its folder.
pub const NAME: &str = "HttpTrigger1";

/// The largest request that is served, in bytes: 1 MiB. The service's own limit for a device's message is 96 KB.
pub const MAX_REQUEST: usize = 1 << 20;

/// The largest envelope that is read, in bytes: 8 MiB. It holds the request twice, as an escaped string and as binding data.
pub const MAX_ENVELOPE: usize = 8 << 20;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Adds the function's routes. The host spells the envelope's as the folder is spelled; the other is what the caller has written, in
/// which the host takes any case.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/HttpTrigger1").route(web::post().to(invoke)))
        .service(web::resource("/api/{function:(?i:HttpTrigger1)}").route(web::post().to(request)));
}

/// Takes the host's envelope.
async fn invoke(http: HttpRequest, payload: Payload) -> HttpResponse {
    let id = invocation_id(&http);
    let answer = match body::read(payload, MAX_ENVELOPE).await {
        Ok(envelope) => answer(&envelope, id),
        Err(error) => Ok(Reply::new(Err(error.into()), id).wrapped(None)),
    };
    match answer {
        Ok(answer) => HttpResponse::Ok().content_type(JSON).body(answer),
        Err(error) => {
            log::error!("{NAME} {id}: {error}");
            let sentence = format!("{NAME} takes the envelope of the Functions host: {error}.");
            plain(400, TEXT, sentence)
        }
    }
}

/// Takes the request itself.
async fn request(http: HttpRequest, payload: Payload) -> HttpResponse {
    let id = invocation_id(&http);
    let reply = match body::read(payload, MAX_REQUEST).await {
        Ok(request) => Reply::to(&request, id),
        Err(error) => Reply::new(Err(error.into()), id),
    };
    plain(reply.status, reply.content_type, reply.body)
}

fn plain(status: u16, content_type: &str, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(format!("{content_type}; charset=utf-8"))
        .body(body)
}
