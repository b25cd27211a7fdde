//! `emulator twins-story`: a thermostat comes, reports and goes, and its digital twin with it.
//!
//! The allocation request and the events are what the Device Provisioning Service and the IoT hub would send; they go straight to the
//! app's functions.

use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::functions_app::{self, FunctionsApp};
use super::{output, twins};
use crate::dps::allocation_request::AllocationRequest;
use crate::dps::webhook_outcome::WebhookOutcome;
use crate::functions_host::{Delivery, EventHubBatch, EventHubEvent, FunctionsHost, HttpRequest};
use crate::twins::{Instance, Options, Service};

const THERMOSTAT: &str = "thermostat-1";
const ROOM: &str = "room-1";
const THERMOSTAT_MODEL: &str = "dtmi:contosocom:DigitalTwins:Thermostat;2";
const SPACE_MODEL: &str = "dtmi:contosocom:DigitalTwins:Space;1";

/// When the room's twin was made, long before the story.
const ONCE: &str = "2026-01-01T00:00:00Z";

/// Tell the whole story of a device and its digital twin: a thermostat registers, reports its temperature and is deleted.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 when everything went as it should and the handler kept the custom handler protocol; 1 when not.")]
pub struct TwinsStory {
    #[command(flatten)]
    app: FunctionsApp,
}

/// Everyone in the story.
struct Stage {
    host: FunctionsHost,
    twins: Service,
    function_key: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the app can't be started, or something goes another way than it should.
pub async fn run(arguments: TwinsStory) -> anyhow::Result<ExitCode> {
    let app = arguments.app.folder_or("digital-twins")?;
    let service = Service::new(
        Instance::new(twins::models(&app.join("models"))?),
        Options::default(),
    );
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("there is no free port")?;
    let address = listener.local_addr().context("cannot tell the port")?;
    let options = arguments
        .app
        .options_of(&app)?
        .env("ADT_SERVICE_URL", format!("http://{address}"));
    let stage = Stage {
        host: functions_app::start(options).await?,
        twins: service.clone(),
        function_key: arguments.app.function_key().map(str::to_owned),
    };
    tokio::select! {
        told = stage.tell() => told?,
        served = service.serve(listener, std::future::pending()) => served.context("the local instance failed")?,
    }
    stage.host.stop().await;
    Ok(output::verdict(&stage.host))
}

impl Stage {
    async fn tell(&self) -> anyhow::Result<()> {
        heading("A room has a digital twin");
        let room = json!({"$metadata": {"$model": SPACE_MODEL}, "DisplayName": "The room"});
        self.twins
            .instance()
            .put(ROOM, &room, None, ONCE)
            .map_err(|failure| anyhow::Error::msg(failure.message))?;
        self.show_twin(ROOM)?;

        heading("A thermostat registers with the Device Provisioning Service, which asks the app");
        let hub = self.register().await?;
        self.show_twin(THERMOSTAT)?;
        self.relate()?;
        output::labelled(
            "graph",
            &format!("{ROOM} contains {THERMOSTAT}"),
            output::QUIET,
        );

        heading("It reports its temperature, three times in one batch");
        let readings = [20.5, 21.0, 21.5];
        let events = readings.map(|value| {
            EventHubEvent::telemetry(THERMOSTAT, json!({"Temperature": value}).to_string())
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
        let twin = json!({"deviceId": THERMOSTAT, "tags": {"dtId": THERMOSTAT}});
        let event = EventHubEvent::lifecycle(name, THERMOSTAT, "deleteDeviceIdentity", &twin);
        self.deliver(
            "DeleteDeviceInTwinFunc",
            &EventHubBatch::new("lifecycleevents", [event]),
        )
        .await?;
        let left: Vec<String> = self.twins.instance().ids().map(str::to_owned).collect();
        ensure!(left == [ROOM], "these twins are left: {}", left.join(", "));
        let relationships = self
            .twins
            .instance()
            .outgoing(ROOM)
            .map_err(|failure| anyhow::Error::msg(failure.message))?;
        ensure!(relationships.is_empty(), "the room's relationship is left");
        output::labelled(
            "twins",
            &format!("{ROOM} alone is left, with no relationship"),
            output::GOOD,
        );
        anstream::println!();
        Ok(())
    }

    /// Asks the app for a hub, as the service does; returns that.
    async fn register(&self) -> anyhow::Result<String> {
        let payload = serde_json::value::to_raw_value(&json!({"modelId": THERMOSTAT_MODEL}))
            .context("cannot write the payload")?;
        let request = AllocationRequest::tutorial(THERMOSTAT).with_payload(Some(payload));
        let body = request.to_json().context("cannot write the request")?;
        let mut post = HttpRequest::post("/api/DpsAdtAllocationFunc")
            .header("Content-Type", "application/json; charset=utf-8")
            .body(body);
        if let Some(key) = &self.function_key {
            post = post.header("x-functions-key", key);
        }
        let response = self.host.invoke(post).await.response;
        output::labelled(
            "answer",
            &format!("{} {}", response.status, response.text()),
            output::QUIET,
        );
        match WebhookOutcome::judge(response.status, &response.body, request.linked_hubs()) {
            WebhookOutcome::Assigned {
                iot_hub_host_name, ..
            } => {
                output::labelled(
                    "device",
                    &format!("{THERMOSTAT} assigned to {iot_hub_host_name}"),
                    output::GOOD,
                );
                Ok(iot_hub_host_name)
            }
            other => bail!("the thermostat got no hub: {other}"),
        }
    }

    fn relate(&self) -> anyhow::Result<()> {
        let contains = json!({"$targetId": THERMOSTAT, "$relationshipName": "contains"});
        let made = self
            .twins
            .instance()
            .put_relationship(ROOM, "contains-thermostat", &contains);
        made.map(drop)
            .map_err(|failure| anyhow::Error::msg(failure.message))
    }

    async fn deliver(&self, function: &str, batch: &EventHubBatch) -> anyhow::Result<()> {
        let delivery = self
            .host
            .deliver(function, batch)
            .await
            .context("the app lacks a function of the story")?;
        for line in delivery.logs() {
            output::labelled("log", line, output::QUIET);
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
        let twin = self
            .twins
            .instance()
            .get(id)
            .map_err(|failure| anyhow::Error::msg(failure.message))?;
        let properties = twin
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.starts_with('$'));
        let properties: Vec<_> = properties
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        output::labelled(
            "twin",
            &format!("{id}: {}", properties.join(", ")),
            output::GOOD,
        );
        Ok(twin)
    }
}

fn heading(text: &str) {
    use output::HEADING;
    anstream::println!("{HEADING}{text}{HEADING:#}");
}
