//! `emulator demo`: the whole tutorial in one command.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use super::host;
use super::rows_story;
use super::twins_story;
use crate::common::functions_app::FunctionsApp;
use crate::common::output::{self, BAD, GOOD, HEADING, QUIET};
use crate::common::webhook_host::WebhookHost;
use emulator_text::with_causes;
use functions_host::HostEvent;
use provisioning::enrollment::config::{Config, ID_SCOPE, Replace, TUTORIAL_GROUP_KEY};
use provisioning::keys::certificates::CertificateAuthority;
use provisioning::keys::key_pair::KeyAlgorithm;
use provisioning::server::endpoints::Endpoints;
use provisioning::server::provisioning::Provisioning;
use provisioning::service::provisioning_service::Settings;
use provisioning::webhook::client::Webhook;
use simulated_device::connection::{Target, Transport, Trust};
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::{Device, RegistrationError};

/// Run the whole tutorial: start the handler and a provisioning service, register a toaster, a heat pump and a stranger, and
/// show the hubs.
#[derive(Debug, Args)]
pub struct Demo {
    /// Tell the story of the digital-twins app instead: a thermostat registers, its twin appears, telemetry moves the temperature,
    /// the device is deleted, and the twin and its relationships go.
    #[arg(long)]
    digital_twins: bool,
    /// Tell the story of rows in a database instead: Azurite is started and filled from the example's
    /// CSV file, and a known, a decommissioned and an unknown device register. npm installs Azurite
    /// into target/ when it is missing.
    #[arg(long, conflicts_with = "digital_twins")]
    rows: bool,
    #[command(flatten)]
    app: FunctionsApp,
}

/// The devices are told to ask again after one second, the least there is.
const HURRIED: f64 = 0.1;

/// A device in a story.
pub(super) struct Part {
    pub(super) what: &'static str,
    pub(super) registration_id: &'static str,
    pub(super) transport: Transport,
    /// What its hub's name contains; `None` when it has to be refused.
    pub(super) hub: Option<&'static str>,
}

const PARTS: [Part; 3] = [
    Part {
        what: "The toaster",
        registration_id: "breakroom499-contoso-tstrsd-007",
        transport: Transport::Https,
        hub: Some("-toasters-"),
    },
    Part {
        what: "The heat pump",
        registration_id: "mainbuilding167-contoso-hpsd-088",
        transport: Transport::Mqtt,
        hub: Some("-heatpumps-"),
    },
    Part {
        what: "A stranger",
        registration_id: "lobby12-fabrikam-lamp-001",
        transport: Transport::Ws,
        hub: None,
    },
];

/// Runs the command.
///
/// # Errors
/// Something can't be started.
pub async fn run(arguments: Demo) -> anyhow::Result<ExitCode> {
    if arguments.digital_twins {
        return twins_story::run(&arguments.app).await;
    }
    if arguments.rows {
        return rows_story::run(&arguments.app).await;
    }
    let mut host = WebhookHost::start(&arguments.app, None).await?;
    let service = TutorialService::start(host.url()).await?;
    let mut as_expected = true;
    for part in PARTS {
        as_expected &= play(&part, &service).await?;
        show_logs(&mut host);
        anstream::println!();
    }
    show_hubs(&service.provisioning);
    host.stop().await;
    let kept = output::verdict(host.host().violations().len());
    Ok(if as_expected { kept } else { ExitCode::FAILURE })
}

/// A provisioning service with the tutorial's enrollments, on free ports.
pub(crate) struct TutorialService {
    pub(crate) provisioning: Provisioning,
    pub(crate) target: Target,
    pub(crate) trust: Trust,
    _endpoints: Endpoints,
}

impl TutorialService {
    /// Starts it, with the webhook at this URL.
    pub(crate) async fn start(webhook_url: &str) -> anyhow::Result<Self> {
        let mut config = Config::tutorial();
        config.set_webhook(webhook_url, Replace::All);
        let webhook = Webhook::new().context("cannot use the system's certificates")?;
        let settings = Settings {
            time_scale: HURRIED,
            ..config.settings()?
        };
        let provisioning = Provisioning::in_memory(settings, webhook);
        let authority = CertificateAuthority::ephemeral(KeyAlgorithm::Ecdsa)?;
        let certificate = authority.issue(KeyAlgorithm::Ecdsa, &[])?;
        let (https, mqtt) = (free_port().await?, free_port().await?);
        let endpoints = Endpoints::serve(&provisioning, certificate, https, mqtt)?;
        let target = Target {
            host: "localhost".to_owned(),
            https_port: endpoints.https.port(),
            mqtt_port: endpoints.mqtt.port(),
            id_scope: ID_SCOPE.to_owned(),
        };
        Ok(Self {
            provisioning,
            target,
            trust: Trust::only(authority.pem())?,
            _endpoints: endpoints,
        })
    }
}

async fn free_port() -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("there is no free port")
}

/// Registers a device, shows how it went, and says whether that is what the story says.
pub(super) async fn play(part: &Part, service: &TutorialService) -> anyhow::Result<bool> {
    let Part {
        what,
        registration_id,
        transport,
        hub,
    } = part;
    anstream::println!(
        "{HEADING}{what}{HEADING:#} {registration_id} {QUIET}over {transport}{QUIET:#}"
    );
    let device = Device {
        registration_id: (*registration_id).to_owned(),
        credential: SymmetricKey::parse(TUTORIAL_GROUP_KEY)?
            .derive(registration_id)
            .into(),
        payload: None,
    };
    let registered = device
        .register(*transport, &service.target, &service.trust, |_| {})
        .await;
    match &registered {
        Ok(assigned) => output::labelled("device", &format!("assigned to {}", assigned.hub), GOOD),
        Err(error) => output::labelled("device", &with_causes(error), BAD),
    }
    Ok(match (registered, hub) {
        (Ok(assigned), Some(hub)) => assigned.hub.contains(hub),
        (Err(RegistrationError::Failed { error_code, .. }), None) => error_code == 400_207,
        _ => false,
    })
}

/// Shows what the function logged, and what it or its process did wrong.
pub(crate) fn show_logs(host: &mut WebhookHost) {
    while let Ok(event) = host.events().try_recv() {
        match event {
            HostEvent::Invoked(invocation) => {
                for line in &invocation.logs {
                    output::labelled("log", line, QUIET);
                }
            }
            HostEvent::Violation(_) => host::show(&event),
            HostEvent::Started { .. }
            | HostEvent::Ready
            | HostEvent::Ended(_)
            | HostEvent::Line(_)
            | HostEvent::Logged(_) => {}
        }
    }
}

/// Shows the devices of all hubs.
pub(super) fn show_hubs(provisioning: &Provisioning) {
    for (hub, devices) in provisioning.service().hubs().iter() {
        anstream::println!("{HEADING}{hub}{HEADING:#}");
        for device in devices {
            let twin = &device.twin;
            let tags = serde_json::Value::Object(twin.tags.clone());
            let desired = serde_json::Value::Object(twin.desired.clone());
            output::labelled("device", &device.device_id, GOOD);
            output::labelled("tags", &tags.to_string(), QUIET);
            output::labelled("desired", &desired.to_string(), QUIET);
        }
        anstream::println!();
    }
}
