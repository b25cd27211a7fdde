//! `emulator twins`: serves a local Digital Twins instance.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::common::{models, output};
use digital_twins_instance::{Effect, Fault, Instance, Model, Options, Service};

/// Serve a local Digital Twins instance, for the app in digital-twins and for curl, until Ctrl+C.
/// Nothing is kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  emulator twins --models digital-twins/models               The instance that digital-twins/local.settings.json names
  emulator twins --models digital-twins/models --throttle 3  The first three calls are answered 429

Then, in another terminal:
  curl -X PUT 'http://127.0.0.1:8180/digitaltwins/room-1?api-version=2023-10-31' \\
    -d '{\"$metadata\": {\"$model\": \"dtmi:contosocom:DigitalTwins:Space;1\"}}'
  curl 'http://127.0.0.1:8180/digitaltwins/room-1?api-version=2023-10-31'")]
pub(super) struct Twins {
    /// The port to listen on, at 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8180)]
    port: u16,
    /// A folder with DTDL models, each in a .json file. Without models there can be no twins.
    #[arg(long, value_name = "DIR")]
    models: PathBuf,
    /// Let in only who brings this bearer token.
    #[arg(long, value_name = "TOKEN")]
    bearer_token: Option<SecretString>,
    /// Answer so many calls 429 first, with Retry-After: 1.
    #[arg(long, value_name = "CALLS")]
    throttle: Option<u32>,
    /// Never answer so many calls, after those.
    #[arg(long, value_name = "CALLS")]
    silence: Option<u32>,
}

/// Runs the command, until it is interrupted.
///
/// # Errors
/// When the models can't be read, or the port is taken.
pub(super) async fn run(arguments: Twins) -> anyhow::Result<ExitCode> {
    let models = models::read(&arguments.models)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; name a free port with --port"))?;
    let address = listener.local_addr().context("cannot tell the port")?;
    introduce(address, &models);
    let options = Options {
        bearer_token: arguments.bearer_token,
        ..Options::default()
    };
    let service = Service::new(Instance::new(models), options);
    if let Some(calls) = arguments.throttle {
        service.inject(Fault::any(calls, Effect::throttled(1)));
    }
    if let Some(calls) = arguments.silence {
        service.inject(Fault::any(calls, Effect::Silence));
    }
    tokio::select! {
        served = service.serve(listener, std::future::pending()) => served.context("cannot serve any longer")?,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl+C")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn introduce(address: SocketAddr, models: &[Model]) {
    use output::{HEADING, QUIET};
    anstream::println!("{HEADING}Digital Twins:{HEADING:#} http://{address}\n");
    for model in models {
        anstream::println!("  {}", model.id);
    }
    anstream::println!("\n{QUIET}Ctrl+C stops the instance.{QUIET:#}");
}
