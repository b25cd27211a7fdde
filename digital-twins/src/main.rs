//! The custom handler's process.

use std::process::ExitCode;

use digital_twins::app::App;
use digital_twins::config::Config;
use digital_twins::functions;

/// The libraries below are quiet: what they would tell at their most talkative includes headers,
/// which hold tokens.
const LOG_FILTER: &str =
    "warn,allocation=info,custom_handler=info,digital_twins=info,digital_twins_handler=info";

fn main() -> ExitCode {
    custom_handler::run_with(LOG_FILTER, || {
        let config = Config::from_env()?;
        log::info!("the Digital Twins instance is {}", config.adt.url);
        Ok(functions::all(App::new(config)))
    })
}
