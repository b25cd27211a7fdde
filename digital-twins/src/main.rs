//! The custom handler's process: settings and log.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use custom_allocation::server;
use digital_twins::app::App;
use digital_twins::config::Config;
use digital_twins::functions;
use env_logger::{Env, Target};

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
    let config = Config::from_env()?;
    log::info!("the Digital Twins instance is {}", config.adt.url);
    let port = config.port;
    server::serve_routes(port, functions::routes(App::new(config))).await
}

/// Logs to stdout, as the host takes every line on stderr for an error. It adds the time itself.
///
/// The libraries below are quiet: what they would tell at their most talkative includes headers, which hold tokens.
fn start_log() {
    env_logger::Builder::from_env(Env::new().default_filter_or(
        "warn,custom_allocation=info,digital_twins=info,digital_twins_handler=info",
    ))
    .target(Target::Stdout)
    .format(|line, record| writeln!(line, "{} {}", record.level(), record.args()))
    .init();
    std::panic::set_hook(Box::new(|panic| log::error!("a bug: {panic}")));
}
