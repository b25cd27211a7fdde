//! The custom handler's process: settings, log, listener.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result};
use custom_allocation::config::Config;
use custom_allocation::server;
use env_logger::{Env, Target};
use log::LevelFilter;

#[actix_web::main]
async fn main() -> ExitCode {
    start_log();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The host tells the last lines of stderr together with the exit code.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let Config { port } = Config::from_env()?;
    let address = (Ipv4Addr::LOCALHOST, port);
    let listener = TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {}:{port}", address.0))?;
    log::info!("listening on {}:{port}", address.0);
    server::serve(listener).await
}

/// Logs to stdout, as the host takes every line on stderr for an error. It adds the time itself.
fn start_log() {
    env_logger::Builder::new()
        // What they tell is nothing to act on: how many workers there are, and who has sent bytes that are no HTTP.
        .filter_module("actix_server", LevelFilter::Warn)
        .filter_module("actix_http", LevelFilter::Off)
        .parse_env(Env::new().default_filter_or("info"))
        .target(Target::Stdout)
        .format(|line, record| writeln!(line, "{} {}", record.level(), record.args()))
        .init();
    std::panic::set_hook(Box::new(|panic| log::error!("a bug: {panic}")));
}
