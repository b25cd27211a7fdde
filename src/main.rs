//! The custom handler's process: settings and log.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
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
    server::serve(port).await
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
