//! `emulator demo --digital-twins`: a thermostat comes, reports and goes, and its digital twin with
//! it.
//!
//! The thermostat registers with the local Device Provisioning Service. What an IoT hub would send
//! to the event hubs, its messages and the news of its deletion, goes straight to the app's
//! functions, as no hub is emulated.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::registration::show_logs;
use crate::common::functions_app::FunctionsApp;
use crate::common::models;
use crate::common::output::{self, GOOD, HEADING, QUIET};
use crate::common::tutorial_service::TutorialService;
use crate::common::webhook_host::WebhookHost;
use digital_twins_instance::{Instance, Options, Service};
use functions_host::{Delivery, EventHubBatch, EventHubEvent};
use simulated_device::connection::Transport;
use simulated_device::registration::Assigned;

/// The app's folder below the repository's root.
const APP: &str = "digital-twins";

const THERMOSTAT: &str = "thermostat-1";
const ROOM: &str = "room-1";
const THERMOSTAT_MODEL: &str = "dtmi:contosocom:DigitalTwins:Thermostat;2";
const SPACE_MODEL: &str = "dtmi:contosocom:DigitalTwins:Space;1";

/// When the room's twin was made, long before the demonstration.
const ONCE: &str = "2026-01-01T00:00:00Z";

/// Everything that takes part.
struct Demonstration {
    host: WebhookHost,
    provisioning: TutorialService,
    twins: Service,
}

/// Runs the demonstration.
///
/// # Errors
/// When the app can't be started, or something goes another way than it should.
pub(super) async fn run(app: &FunctionsApp) -> anyhow::Result<ExitCode> {
    let folder = app.folder_or(APP)?;
    let twins = Service::new(
        Instance::new(models::read(&folder.join("models"))?),
        Options::default(),
    );
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("there is no free port")?;
    let address = listener.local_addr().context("cannot tell the port")?;
    let options = app
        .options_of(&folder)?
        .env("ADT_SERVICE_URL", format!("http://{address}"));
    let host = WebhookHost::start_with(options, app.function_key(), None).await?;
    let provisioning = TutorialService::start(host.url()).await?;
    let mut demonstration = Demonstration {
        host,
        provisioning,
        twins: twins.clone(),
    };
    tokio::select! {
        ended = demonstration.run() => ended?,
        served = twins.serve(listener, std::future::pending()) => served.context("the local instance failed")?,
    }
    demonstration.host.stop().await;
    Ok(output::verdict(
        demonstration.host.host().violations().len(),
    ))
}

impl Demonstration {
    async fn run(&mut self) -> anyhow::Result<()> {
        heading("A room has a digital twin");
        let room = json!({"$metadata": {"$model": SPACE_MODEL}, "DisplayName": "The room"});
        self.twins.instance().put(ROOM, &room, None, ONCE)?;
        self.show_twin(ROOM)?;

        heading("A thermostat registers with the Device Provisioning Service, which asks the app");
        let Assigned { hub, device_id, .. } = self.register().await?;
        let tags = self.tags(&hub, &device_id)?;
        output::labelled("tags", &Value::Object(tags.clone()).to_string(), QUIET);
        self.show_twin(THERMOSTAT)?;
        self.relate()?;

        heading("It reports its temperature, three times in one batch");
        let events = [20.5, 21.0, 21.5].map(|value| {
            let message = json!({"Temperature": value}).to_string();
            // The hub's enrichment.
            EventHubEvent::telemetry(&device_id, message).property("dtId", tags["dtId"].clone())
        });
        self.deliver(
            "DeviceTelemetryToTwinFunc",
            &EventHubBatch::new("deviceevents", events),
        )
        .await?;
        let temperature = self.show_twin(THERMOSTAT)?["Temperature"].clone();
        ensure!(
            temperature == 21.5,
            "the twin says {temperature}, and the newest reading is 21.5"
        );

        heading("It is deleted from its IoT hub");
        let name = hub.split('.').next().unwrap_or(&hub);
        let twin = json!({"deviceId": device_id, "tags": tags});
        let event = EventHubEvent::lifecycle(name, &device_id, "deleteDeviceIdentity", &twin);
        self.deliver(
            "DeleteDeviceInTwinFunc",
            &EventHubBatch::new("lifecycleevents", [event]),
        )
        .await?;
        let left: Vec<String> = self.twins.instance().ids().map(str::to_owned).collect();
        ensure!(left == [ROOM], "these twins are left: {}", left.join(", "));
        let relationships = self.twins.instance().outgoing(ROOM)?;
        ensure!(relationships.is_empty(), "the room's relationship is left");
        output::labelled(
            "twins",
            &format!("{ROOM} alone is left, with no relationship"),
            GOOD,
        );
        anstream::println!();
        Ok(())
    }

    async fn register(&mut self) -> anyhow::Result<Assigned> {
        let payload = json!({"modelId": THERMOSTAT_MODEL});
        let service = &self.provisioning;
        let assigned = service
            .register(THERMOSTAT, Some(payload), Transport::Mqtt)
            .await?;
        show_logs(&mut self.host);
        let assigned = assigned.context("the thermostat got no hub")?;
        output::labelled(
            "device",
            &format!("{} assigned to {}", assigned.device_id, assigned.hub),
            GOOD,
        );
        Ok(assigned)
    }

    /// The tags of the device's twin in its hub.
    fn tags(&self, hub: &str, device_id: &str) -> anyhow::Result<Map<String, Value>> {
        let service = self.provisioning.provisioning.service();
        let device = service.hubs().device(hub, device_id);
        Ok(device
            .context("the hub does not know the device")?
            .twin
            .tags
            .clone())
    }

    fn relate(&self) -> anyhow::Result<()> {
        let contains = json!({"$targetId": THERMOSTAT, "$relationshipName": "contains"});
        self.twins
            .instance()
            .put_relationship(ROOM, "contains-thermostat", &contains)?;
        output::labelled("graph", &format!("{ROOM} contains {THERMOSTAT}"), QUIET);
        Ok(())
    }

    async fn deliver(&self, function: &str, batch: &EventHubBatch) -> anyhow::Result<()> {
        let delivery = self.host.host().deliver(function, batch).await;
        let delivery = delivery.context("the app lacks a function of the story")?;
        for line in delivery.logs() {
            output::labelled("log", line, QUIET);
        }
        let Delivery { attempts, lost, .. } = delivery;
        ensure!(
            lost.is_empty(),
            "{function} has lost its events, after {} attempts",
            attempts.len()
        );
        Ok(())
    }

    fn show_twin(&self, id: &str) -> anyhow::Result<Value> {
        let twin = self.twins.instance().get(id)?;
        let properties = twin
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.starts_with('$'));
        let properties: Vec<_> = properties
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        output::labelled("twin", &format!("{id}: {}", properties.join(", ")), GOOD);
        Ok(twin)
    }
}

fn heading(text: &str) {
    anstream::println!("{HEADING}{text}{HEADING:#}");
}
