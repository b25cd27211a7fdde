//! `emulator twins`: serves a local Digital Twins instance.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::common::output;
use digital_twins_instance::{Call, Effect, Fault, Instance, Model, Options, Service};
use emulator_text::read_text;

/// Serve a local Digital Twins instance, for the app in digital-twins and for curl, until Ctrl+C. Nothing is kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  emulator twins --models digital-twins/models               The instance that digital-twins/local.settings.json names
  emulator twins --models digital-twins/models --throttle 3  The first three calls are answered 429

Then, in another terminal:
  curl -X PUT 'http://127.0.0.1:8180/digitaltwins/room-1?api-version=2023-10-31' \\
    -d '{\"$metadata\": {\"$model\": \"dtmi:contosocom:DigitalTwins:Space;1\"}}'
  curl 'http://127.0.0.1:8180/digitaltwins/room-1?api-version=2023-10-31'")]
pub struct Twins {
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
pub async fn run(arguments: Twins) -> anyhow::Result<ExitCode> {
    let models = models(&arguments.models)?;
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
    let fault = |times, effect| Fault {
        call: None::<Call>,
        twin: None,
        times,
        effect,
    };
    if let Some(calls) = arguments.throttle {
        service.inject(fault(
            calls,
            Effect::Status {
                status: 429,
                retry_after: Some(1),
            },
        ));
    }
    if let Some(calls) = arguments.silence {
        service.inject(fault(calls, Effect::Silence));
    }
    tokio::select! {
        served = service.serve(listener, std::future::pending()) => served.context("cannot serve any longer")?,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl+C")?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads all models in a folder.
pub(crate) fn models(folder: &Path) -> anyhow::Result<Vec<Model>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the models in {}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    });
    files.sort();
    ensure!(
        !files.is_empty(),
        "there is no model, a .json file, in {}",
        folder.display()
    );
    files.iter().map(|file| model(file)).collect()
}

fn model(file: &Path) -> anyhow::Result<Model> {
    let unusable = || format!("cannot use the model {}", file.display());
    let text = read_text(file).with_context(unusable)?;
    let json = serde_json::from_str(&text).with_context(unusable)?;
    Model::parse(&json)
        .map_err(anyhow::Error::msg)
        .with_context(unusable)
}

fn introduce(address: SocketAddr, models: &[Model]) {
    use output::{HEADING, QUIET};
    anstream::println!("{HEADING}Digital Twins:{HEADING:#} http://{address}\n");
    for model in models {
        anstream::println!("  {}", model.id);
    }
    anstream::println!("\n{QUIET}Ctrl+C stops the instance.{QUIET:#}");
}
