//! The floor: actix-web, as the handler has it, answering constant bytes to every envelope.
//!
//! What the handler takes beyond this is its own work; nothing on actix-web can do less than read the envelope and write an
//! answer. Settings of the server are those of the handler's `server` module; a difference there would be taken for work.

use std::net::Ipv4Addr;
use std::time::Duration;

use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::{Context, Result};

const KEEP_ALIVE: Duration = Duration::from_mins(2);
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 5;
const MAX_ENVELOPE: usize = 8 << 20;

#[actix_web::main]
async fn main() -> Result<()> {
    let file = std::env::args_os().nth(1);
    let file = file.context("name the file that holds the answer")?;
    let answer = Bytes::from(std::fs::read(file).context("cannot read the answer")?);
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT");
    let port = port.context("FUNCTIONS_CUSTOMHANDLER_PORT is not set")?;
    let port: u16 = port
        .parse()
        .context("FUNCTIONS_CUSTOMHANDLER_PORT is not a port number")?;
    HttpServer::new(move || {
        App::new()
            .app_data(Data::new(answer.clone()))
            .app_data(PayloadConfig::new(MAX_ENVELOPE))
            .service(web::resource("/").route(web::get().to(HttpResponse::Ok)))
            .service(web::resource("/HttpTrigger1").route(web::post().to(invoke)))
    })
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
    .bind((Ipv4Addr::LOCALHOST, port))?
    .run()
    .await
    .context("the server failed")
}

/// Takes the whole envelope, as nobody can answer before, and looks at none of it.
async fn invoke(_envelope: Bytes, answer: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(Bytes::clone(&answer))
}
