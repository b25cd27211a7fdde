//! The floor: the handler's own runtime with a function that does nothing, so that no setting of
//! the server can differ.
//!
//! What the handler takes beyond this is its own work; nothing on this server can do less than read
//! the envelope and write an answer.

use std::process::ExitCode;

use actix_web::web::{self, Bytes, Payload};
use actix_web::{HttpResponse, Result};
use anyhow::Context;
use custom_handler::{Functions, body, logging};

const MAX_ENVELOPE: usize = 8 << 20;

fn main() -> ExitCode {
    custom_handler::run_with(logging::DEFAULT_FILTER, || {
        let file = std::env::args_os().nth(1);
        let file = file.context("name the file that holds the answer")?;
        let answer = Bytes::from(std::fs::read(file).context("cannot read the answer")?);
        Ok(Functions::new().with("HttpTrigger1", move |config| {
            let answer = answer.clone();
            let invoke = move |envelope: Payload| invoke(envelope, answer.clone());
            config.service(web::resource("/HttpTrigger1").route(web::post().to(invoke)));
        }))
    })
}

/// Takes the whole envelope, as nobody can answer before, and looks at none of it.
async fn invoke(envelope: Payload, answer: Bytes) -> Result<HttpResponse> {
    match body::read(envelope, MAX_ENVELOPE).await {
        Ok(_envelope) => Ok(HttpResponse::Ok()
            .content_type("application/json")
            .body(answer)),
        Err(_) => Ok(HttpResponse::BadRequest().finish()),
    }
}
