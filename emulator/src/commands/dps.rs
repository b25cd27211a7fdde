//! `emulator dps`: runs the local provisioning service and says how to register against it.

#![expect(clippy::print_stdout, reason = "a command prints")]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use super::service::CERTIFICATES;
use crate::dps::certificates::CertificateAuthority;
use crate::dps::config::{Config, Replace};
use crate::dps::endpoints::Endpoints;
use crate::dps::provisioning::Provisioning;
use crate::dps::service::Settings;
use crate::dps::state::StateFile;
use crate::dps::webhook::Webhook;

/// Run a local Device Provisioning Service, which device SDKs register against and which calls the webhook.
#[derive(Debug, Args)]
pub struct LocalDps {
    /// ID scope, linked hubs and enrollments; without it, the tutorial's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The webhook of all custom enrollments, such as `http://localhost:7071/api/HttpTrigger1`.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// Where registrations are kept; without it, they are forgotten.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Where the certificate authority is kept.
    #[arg(long, value_name = "DIR", default_value = CERTIFICATES)]
    certificates: PathBuf,
    /// The port for HTTPS and MQTT over WebSocket. SDKs that can't be told a port use 443.
    #[arg(long, default_value_t = 8443)]
    https_port: u16,
    /// The port for MQTT. SDKs that can't be told a port use 8883.
    #[arg(long, default_value_t = 8883)]
    mqtt_port: u16,
    /// Admit any number of registrations and polls.
    #[arg(long)]
    no_throttle: bool,
    /// What all waits are multiplied by: with 0.01, the seven minutes of retries are four seconds.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = time_scale)]
    time_scale: f64,
}

fn time_scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.0..=1000.0).contains(&factor) => Ok(factor),
        _ => Err("it must be a number from 0 to 1000".to_owned()),
    }
}

/// Runs the command, until it is interrupted.
///
/// # Errors
/// The service can't start, or can't go on.
pub async fn run(arguments: LocalDps) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let authority = CertificateAuthority::open(&arguments.certificates)?;
    let webhook = Webhook::new().context("cannot use the system's certificates")?;
    let provisioning = match &arguments.state {
        Some(path) => Provisioning::with_state(settings, webhook, StateFile::open(path)?),
        None => Provisioning::in_memory(settings, webhook),
    };
    let https = listen(arguments.https_port, "--https-port").await?;
    let mqtt = listen(arguments.mqtt_port, "--mqtt-port").await?;
    let mut endpoints = Endpoints::serve(&provisioning, &authority, https, mqtt)?;
    introduce(&provisioning, &authority, &endpoints);
    endpoints.failed().await?;
    Ok(ExitCode::SUCCESS)
}

impl LocalDps {
    fn settings(&self) -> anyhow::Result<Settings> {
        let mut config = match &self.config {
            Some(path) => {
                let file = path.display();
                let text = fs::read_to_string(path)
                    .with_context(|| format!("cannot read the configuration {file}"))?;
                Config::parse(&text).with_context(|| format!("cannot use {file}"))?
            }
            None => Config::tutorial(),
        };
        if let Some(url) = &self.webhook_url {
            config.set_webhook(url, Replace::All);
        }
        Ok(Settings {
            throttled: !self.no_throttle,
            time_scale: self.time_scale,
            ..config.settings()?
        })
    }
}

async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; name a free port with {option}"))
}

fn introduce(provisioning: &Provisioning, authority: &CertificateAuthority, endpoints: &Endpoints) {
    let service = provisioning.service();
    let settings = service.settings();
    println!("ID scope     {}", settings.id_scope);
    println!("HTTPS        https://localhost:{}", endpoints.https.port());
    println!("MQTT         mqtts://localhost:{}", endpoints.mqtt.port());
    println!("CA file      {}", authority.file().display());
    for hub in &settings.linked_hubs {
        println!("linked hub   {hub}");
    }
    for enrollment in settings.enrollments.all() {
        println!("enrollment   {enrollment}");
    }
}
