//! `emulator dps`: runs the local provisioning service and says how to register against it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::common::functions_app::FunctionsApp;
use crate::common::host_events;
use crate::common::interrupts::interrupted;
use crate::common::output::{self, CAUTION, HEADING, QUIET};
use crate::common::service::CERTIFICATES;
use crate::common::webhook_host::WebhookHost;
use emulator_text::read_text;
use functions_host::FunctionsHost;
use provisioning::{
    Allocation, CertificateAuthority, Config, Endpoints, KeyAlgorithm, Provisioning, Replace,
    ServerCertificate, Settings, StateFile, WebhookClient, certificate_file,
};

/// Run a local Device Provisioning Service, which device SDKs register against and which calls the
/// webhook.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  emulator dps                                   The tutorial's hubs and group, with this app's handler as the webhook
  emulator dps --webhook-url http://localhost:7071/api/HttpTrigger1
                                                 The webhook is a running `func start`
  emulator dps --https-port 443                  For SDKs that can't be told a port (needs root)
  emulator dps --time-scale 0.01 --no-throttle   Retries in seconds, and any number of devices

Then, in another terminal:
  emulator device breakroom499-contoso-tstrsd-007")]
pub(super) struct LocalDps {
    /// ID scope, linked hubs and enrollments; without it, the tutorial's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The webhook of all custom enrollments; without it, their own, or else the emulated Functions
    /// host with the app's handler.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<SecretString>,
    /// Where registrations are kept; without it, they are forgotten.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Where the certificate authority is kept.
    #[arg(long, value_name = "DIR", default_value = CERTIFICATES)]
    certificates: PathBuf,
    /// The algorithm of the server certificate's key. The real service's is RSA: firmware that
    /// knows the cipher suites of one algorithm alone meets here what it meets there.
    #[arg(long, value_enum, value_name = "ALGORITHM", default_value = "rsa")]
    certificate_key: CertificateKey,
    /// The address to listen on. Without it, only programs on this machine reach the service;
    /// 0.0.0.0 lets in boards and containers on the network.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// A name or address under which devices reach the service, for its certificate; may be given
    /// several times.
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    name: Vec<String>,
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
    /// The least time that an assignment takes; with 4 a device asks twice, and prints what the
    /// tutorial's prints.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, allow_negative_numbers = true)]
    assign_after: Duration,
    /// The function that is the webhook; needed only when several functions take a POST.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    #[command(flatten)]
    app: FunctionsApp,
}

/// What [`KeyAlgorithm`] is called on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CertificateKey {
    Rsa,
    Ecdsa,
}

impl From<CertificateKey> for KeyAlgorithm {
    fn from(key: CertificateKey) -> Self {
        match key {
            CertificateKey::Rsa => Self::Rsa,
            CertificateKey::Ecdsa => Self::Ecdsa,
        }
    }
}

/// A name that no device can reach the service under.
#[derive(Debug, Error)]
#[error("it must be a host name, such as board.local, or an address")]
struct HostNameError;

fn host_name(text: &str) -> Result<String, HostNameError> {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.bytes().all(inner)
    };
    if text.parse::<IpAddr>().is_ok() || text.split('.').all(is_label) {
        Ok(text.to_owned())
    } else {
        Err(HostNameError)
    }
}

/// Why a number can't be used.
#[derive(Debug, Error)]
enum NumberError {
    #[error("it must be a number from 0 to 1000")]
    TimeScale,
    #[error("it must be a number of seconds from 0 to 3600")]
    Seconds,
}

fn time_scale(text: &str) -> Result<f64, NumberError> {
    match text.parse() {
        Ok(factor) if (0.0..=1000.0).contains(&factor) => Ok(factor),
        _ => Err(NumberError::TimeScale),
    }
}

fn seconds(text: &str) -> Result<Duration, NumberError> {
    match text.parse() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(NumberError::Seconds),
    }
}

/// Runs the command, until it is interrupted.
///
/// # Errors
/// The service can't start, or can't go on.
pub(super) async fn run(arguments: LocalDps) -> anyhow::Result<ExitCode> {
    output::log_to_stdout();
    let mut config = arguments.config()?;
    let mut interrupted = std::pin::pin!(interrupted().context("cannot wait for Ctrl+C")?);
    let mut host = None;
    if config.lacks_webhook() {
        let started = tokio::select! {
            started = WebhookHost::start(&arguments.app, arguments.function.as_deref()) => started?,
            () = &mut interrupted => return Ok(ExitCode::FAILURE),
        };
        config.set_webhook(started.url().expose_secret(), Replace::Missing);
        host = Some(started);
    }
    let provisioning = arguments.provisioning(config)?;
    let certificate = arguments.certificate()?;
    let https = listen(arguments.listen, arguments.https_port, "--https-port").await?;
    let mqtt = listen(arguments.listen, arguments.mqtt_port, "--mqtt-port").await?;
    let mut endpoints = Endpoints::serve(&provisioning, certificate, https, mqtt)?;
    arguments.introduce(&provisioning, &endpoints);
    let ended = tokio::select! {
        failed = endpoints.failed() => failed.map_err(anyhow::Error::from),
        failed = show_webhook(host.as_mut()) => failed,
        () = interrupted => Ok(()),
    };
    let Some(mut host) = host else {
        return ended.map(|()| ExitCode::SUCCESS);
    };
    host.stop().await;
    while let Ok(event) = host.events().try_recv() {
        host_events::show(&event);
    }
    ended?;
    Ok(output::verdict(host.host().violations().len()))
}

/// Shows what happens in the emulated host until it gives up; without one there is nothing to show.
async fn show_webhook(webhook: Option<&mut WebhookHost>) -> anyhow::Result<()> {
    let Some(webhook) = webhook else {
        return std::future::pending().await;
    };
    let host = webhook.host().clone();
    tokio::select! {
        () = host_events::show_all(webhook.events()) => {}
        () = host.wait_until(FunctionsHost::is_stopped) => {}
    }
    anyhow::bail!("the Functions host has stopped, see above")
}

impl LocalDps {
    /// The configuration, with the webhook that the command line names.
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = match &self.config {
            Some(path) => {
                let file = path.display();
                let text = read_text(path)
                    .with_context(|| format!("cannot read the configuration {file}"))?;
                Config::parse(&text).with_context(|| format!("cannot use {file}"))?
            }
            None => Config::tutorial(),
        };
        if let Some(url) = &self.webhook_url {
            config.set_webhook(url.expose_secret(), Replace::All);
        }
        Ok(config)
    }

    fn provisioning(&self, config: Config) -> anyhow::Result<Provisioning> {
        let settings = Settings {
            throttled: !self.no_throttle,
            time_scale: self.time_scale,
            assign_after: self.assign_after,
            ..config.settings()?
        };
        let webhook = WebhookClient::new().context("cannot use the system's certificates")?;
        Ok(match &self.state {
            Some(path) => Provisioning::with_state(settings, webhook, StateFile::open(path)?),
            None => Provisioning::in_memory(settings, webhook),
        })
    }

    /// The server's certificate, for all names and addresses under which the service can be
    /// reached.
    fn certificate(&self) -> anyhow::Result<ServerCertificate> {
        let algorithm = self.certificate_key.into();
        let authority = CertificateAuthority::open(&self.certificates, algorithm)?;
        let mut names = self.name.clone();
        names.extend(self.address().map(|address| address.to_string()));
        authority
            .issue(algorithm, &names)
            .context("cannot issue the server's certificate")
    }

    /// The host that devices are told of: the first name, the address, or `localhost`.
    fn host(&self) -> String {
        match (self.name.first(), self.address()) {
            (Some(name), _) => name.clone(),
            (None, Some(IpAddr::V6(address))) => format!("[{address}]"),
            (None, Some(address)) => address.to_string(),
            (None, None) => "localhost".to_owned(),
        }
    }

    /// The address by which other machines reach the service, if they do.
    fn address(&self) -> Option<IpAddr> {
        if self.listen.is_unspecified() {
            address_of_this_machine(self.listen)
        } else {
            Some(self.listen).filter(|address| !address.is_loopback())
        }
    }

    /// Prints where the service is, whom it knows, and how an SDK reaches it.
    fn introduce(&self, provisioning: &Provisioning, endpoints: &Endpoints) {
        let service = provisioning.service();
        let settings = service.settings();
        let ca_file = certificate_file(&self.certificates);
        let ca_file = ca_file.canonicalize().unwrap_or(ca_file);
        let ca_file = ca_file.display();
        let (https, mqtt) = (endpoints.https.port(), endpoints.mqtt.port());
        let scope = &settings.id_scope;
        let line = |label: &str, text: &str| {
            anstream::println!("{HEADING}{label:<12}{HEADING:#}{text}");
        };
        let host = self.host();
        line("ID scope", scope);
        line("HTTPS", &format!("https://{host}:{https}"));
        line("MQTT", &format!("mqtts://{host}:{mqtt}"));
        line(
            "WebSocket",
            &format!("wss://{host}:{https}{}", provisioning::WEBSOCKET_PATH),
        );
        if !self.listen.is_loopback() {
            anstream::println!(
                "{CAUTION}Whoever reaches {} can register here: keep to a network that you trust.{CAUTION:#}",
                self.listen
            );
        }
        line("CA file", &ca_file.to_string());
        if let Some(state) = &self.state {
            let count = service.registrations();
            line(
                "state",
                &format!("{} {QUIET}{count} registrations{QUIET:#}", state.display()),
            );
        }
        for hub in &settings.linked_hubs {
            line("linked hub", hub);
        }
        for enrollment in settings.enrollments.all() {
            let who = match &enrollment.allocation {
                Allocation::Custom(url) => format!("webhook {url}"),
                Allocation::Static(hub) => format!("static {hub}"),
                Allocation::Hashed => "hashed".to_owned(),
            };
            line("enrollment", &format!("{enrollment} {QUIET}{who}{QUIET:#}"));
        }
        let host = host.trim_matches(['[', ']']);
        anstream::println!(
            "{}",
            snippets(host, scope, &ca_file.to_string(), https, mqtt)
        );
    }
}

async fn listen(address: IpAddr, port: u16, option: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((address, port));
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; name a free port with {option}, or an address of this machine with --listen")
    })
}

/// The address of this machine in the network that leads outside, if it is in one. No packet is
/// sent for it.
fn address_of_this_machine(family: IpAddr) -> Option<IpAddr> {
    // Addresses for documentation, which nobody has.
    let elsewhere = match family {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1)),
    };
    let socket = UdpSocket::bind((family, 0)).ok()?;
    socket.connect((elsewhere, 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified() && !address.is_loopback()).then_some(address)
}

/// What to paste into a program to register with an SDK.
fn snippets(host: &str, scope: &str, ca_file: &str, https: u16, mqtt: u16) -> String {
    let python_note = match mqtt {
        8883 => "",
        _ => "\n  # This SDK always uses port 8883: start the emulator with --mqtt-port 8883.",
    };
    format!(
        r#"
{HEADING}Python{HEADING:#} {QUIET}pip install azure-iot-device{QUIET:#}{python_note}
  from azure.iot.device import ProvisioningDeviceClient
  client = ProvisioningDeviceClient.create_from_symmetric_key(
      provisioning_host="{host}", id_scope="{scope}", registration_id=ID, symmetric_key=KEY,
      server_verification_cert=open("{ca_file}").read())
  print(client.register().registration_state.assigned_hub)

{HEADING}Node{HEADING:#} {QUIET}npm install azure-iot-provisioning-device azure-iot-provisioning-device-http azure-iot-security-symmetric-key{QUIET:#}
  const {{ ProvisioningDeviceClient }} = require('azure-iot-provisioning-device');
  const {{ SymmetricKeySecurityClient }} = require('azure-iot-security-symmetric-key');
  const {{ Http: Transport }} = require('azure-iot-provisioning-device-http');
  const {{ Http: Base }} = require('azure-iot-http-base');
  const agent = new (require('https').Agent)({{ ca: require('fs').readFileSync('{ca_file}') }});
  agent.defaultPort = {https};
  const base = new Base();
  base.setOptions({{ http: {{ agent }} }});
  ProvisioningDeviceClient.create('{host}', '{scope}', new Transport(base), new SymmetricKeySecurityClient(ID, KEY))
    .register((error, result) => console.log(error ?? result.assignedHub));

KEY is the device's: {HEADING}emulator compute-device-key --registration-id ID --key GROUP_KEY{HEADING:#}
"#
    )
}
