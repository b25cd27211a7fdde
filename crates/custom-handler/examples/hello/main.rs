//! A Function App in twenty lines. Beside it stand its `host.json` and the function's
//! `Hello/function.json`.
//!
//! `cargo run -p custom-handler --example hello` serves it on port 3000; with
//! `cp target/debug/examples/hello .` in this folder `func start` does.

use std::convert::Infallible;
use std::process::ExitCode;

use custom_handler::{Context, Functions, HttpResponse, HttpTrigger};

fn main() -> ExitCode {
    custom_handler::run(Functions::new().http("Hello", hello))
}

async fn hello(
    trigger: &HttpTrigger<'_>,
    context: &Context<'_>,
) -> Result<HttpResponse<'static>, Infallible> {
    context.log("somebody says hello");
    let name = trigger.req.body().ok().flatten();
    let name = name.as_deref().unwrap_or("stranger");
    Ok(HttpResponse::text(200, format!("Hello, {name}!")))
}
