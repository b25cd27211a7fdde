//! The app behind the emulated Functions host, in front of a local Digital Twins instance.

#![allow(dead_code, reason = "each test crate uses its part")]

pub(crate) mod token_endpoint;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use digital_twins_instance::{Call, Instance, Model, Options, Service};
use functions_host::{
    Delivery, EventHubBatch, EventHubEvent, FunctionsHost, HostOptions, HttpRequest, Invocation,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) const THERMOSTAT: &str = "dtmi:contosocom:DigitalTwins:Thermostat;2";
pub(crate) const CONTROLLER: &str = "dtmi:com:example:TemperatureController;2";
pub(crate) const OLD_CONTROLLER: &str = "dtmi:com:example:TemperatureController;1";
pub(crate) const SPACE: &str = "dtmi:contosocom:DigitalTwins:Space;1";
pub(crate) const HUB: &str = "hub-a.azure-devices.net";
pub(crate) const OTHER_HUB: &str = "hub-b.azure-devices.net";

/// When twins are made by hand.
const NOW: &str = "2026-11-22T12:00:00Z";

/// How long a line of the log may take to arrive.
const LOG_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that a test plays with.
pub(crate) struct World {
    pub(crate) host: FunctionsHost,
    pub(crate) twins: Service,
    pub(crate) address: SocketAddr,
    server: Option<Server>,
}

struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl World {
    /// The app with its default settings.
    pub(crate) async fn start() -> Self {
        Self::with(&[], Options::default()).await
    }

    /// The app with these settings.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        Self::with(settings, Options::default()).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)], options: Options) -> Self {
        let twins = Service::new(Instance::new(models()), options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut host = HostOptions::new(env!("CARGO_MANIFEST_DIR"))
            .handler(env!("CARGO_BIN_EXE_digital-twins-handler"))
            .env("ADT_SERVICE_URL", format!("http://{address}"))
            .without_retry_pauses();
        for (name, value) in settings {
            host = host.env(*name, *value);
        }
        let host = FunctionsHost::start(host).await.unwrap();
        let server = Some(serve(&twins, listener));
        Self {
            host,
            twins,
            address,
            server,
        }
    }

    /// Takes the instance off the network.
    pub(crate) async fn stop_twins(&mut self) {
        let Server { stop, task } = self.server.take().unwrap();
        stop.send(()).unwrap();
        task.await.unwrap();
    }

    /// Brings it back, where it was and as it was.
    pub(crate) async fn restart_twins(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.server = Some(serve(&self.twins, listener));
    }

    /// What the function answers to an allocation request.
    pub(crate) async fn allocate(&self, request: &Value) -> Invocation {
        self.post(request.to_string()).await
    }

    pub(crate) async fn post(&self, body: impl Into<Vec<u8>>) -> Invocation {
        let request = HttpRequest::post("/api/DpsAdtAllocationFunc")
            .header("Content-Type", "application/json");
        self.host.invoke(request.body(body)).await
    }

    /// A thermostat registers.
    pub(crate) async fn register(&self, id: &str) -> Invocation {
        self.allocate(&request(id)).await
    }

    pub(crate) async fn telemetry(&self, events: Vec<EventHubEvent>) -> Delivery {
        let batch = EventHubBatch::new("deviceevents", events);
        self.host
            .deliver("DeviceTelemetryToTwinFunc", &batch)
            .await
            .unwrap()
    }

    pub(crate) async fn lifecycle(&self, events: Vec<EventHubEvent>) -> Delivery {
        let batch = EventHubBatch::new("lifecycleevents", events);
        self.host
            .deliver("DeleteDeviceInTwinFunc", &batch)
            .await
            .unwrap()
    }

    /// The hub tells that a device has been deleted from it.
    pub(crate) async fn delete_device(&self, hub: &str, id: &str) -> Delivery {
        self.lifecycle(vec![deleted(hub, id)]).await
    }

    /// Makes a twin by hand, as in the Explorer.
    pub(crate) fn make_twin(&self, id: &str, model: &str, properties: Value) {
        make_twin(&mut self.twins.instance(), id, model, properties);
    }

    pub(crate) fn relate(&self, source: &str, id: &str, name: &str, target: &str) {
        let relationship = json!({"$targetId": target, "$relationshipName": name});
        self.twins
            .instance()
            .put_relationship(source, id, &relationship)
            .unwrap();
    }

    /// A property of a twin; null where there is none.
    pub(crate) fn property(&self, twin: &str, name: &str) -> Value {
        self.twins.instance().get(twin).unwrap()[name].clone()
    }

    pub(crate) fn twin_ids(&self) -> Vec<String> {
        self.twins.instance().ids().map(str::to_owned).collect()
    }

    pub(crate) fn calls(&self, call: Call) -> u64 {
        self.twins.calls().get(&call).copied().unwrap_or_default()
    }

    /// The lines of the handler's own log.
    pub(crate) fn log(&self) -> String {
        let lines = self.host.output();
        lines
            .iter()
            .flat_map(|line| {
                [
                    line.text.as_str(),
                    "
",
                ]
            })
            .collect()
    }

    /// Asserts that the handler logs this, which the host may read a moment after the answer.
    pub(crate) async fn assert_logged(&self, text: &str) {
        let is_logged = |host: &FunctionsHost| {
            let lines = host.output();
            lines.iter().any(|line| line.text.contains(text))
        };
        let logged = timeout(LOG_TIMEOUT, self.host.wait_until(is_logged)).await;
        assert!(
            logged.is_ok(),
            "{text:?} is not in the log:\n{}",
            self.log()
        );
    }

    #[track_caller]
    pub(crate) fn assert_no_violations(&self) {
        assert_eq!(self.host.violations(), [], "{}", self.log());
    }
}

fn serve(twins: &Service, listener: TcpListener) -> Server {
    let (stop, stopped) = oneshot::channel();
    let twins = twins.clone();
    let task = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        twins.serve(listener, stopped).await.unwrap();
    });
    Server { stop, task }
}

/// The models of this package, and those of a device with components, in two versions.
pub(crate) fn models() -> Vec<Model> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let files = ["Space.json", "Thermostat.json"]
        .map(|file| std::fs::read_to_string(folder.join(file)).unwrap());
    let files = files.map(|file| serde_json::from_str(&file).unwrap());
    let interface = |id: &str, contents: &[Value]| json!({"@id": id, "@type": "Interface", "contents": contents});
    let property =
        |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    let component = |name: &str| json!({"@type": "Component", "name": name, "schema": "dtmi:com:example:Thermostat;1"});
    let old = [
        property("HubRegistrationId", "string"),
        property("IotHubHostName", "string"),
        property("Humidity", "double"),
        property("FirmwareVersion", "string"),
        property("DoorOpen", "boolean"),
        component("thermostat1"),
    ];
    let new = [&old[..], &[component("thermostat2")]].concat();
    let components = [
        interface(
            "dtmi:com:example:Thermostat;1",
            &[property("Temperature", "double")],
        ),
        interface(OLD_CONTROLLER, &old),
        interface(CONTROLLER, &new),
    ];
    let models = files.iter().chain(&components);
    models.map(|model| Model::parse(model).unwrap()).collect()
}

pub(crate) fn make_twin(instance: &mut Instance, id: &str, model: &str, properties: Value) {
    let mut twin = properties;
    twin["$metadata"] = json!({"$model": model});
    instance.put(id, &twin, None, NOW).unwrap();
}

/// A thermostat's request, in the form of the sample's README.
pub(crate) fn request(id: &str) -> Value {
    json!({
        "enrollmentGroup": {"enrollmentGroupId": "test1", "attestation": {"type": "symmetricKey"}},
        "deviceRuntimeContext": {"registrationId": id, "symmetricKey": {}, "payload": {"modelId": THERMOSTAT}},
        "linkedHubs": [HUB, OTHER_HUB],
    })
}

/// The answer that assigns a thermostat.
pub(crate) fn assignment(hub: &str, twin: &str) -> String {
    format!(
        r#"{{"iotHubHostName":"{hub}","initialTwin":{{"properties":{{"desired":{{}}}},"tags":{{"dtId":"{twin}","dtmi":"{THERMOSTAT}"}}}}}}"#
    )
}

/// Asserts on status and body of what the service gets.
#[track_caller]
pub(crate) fn assert_answer(invocation: &Invocation, status: i32, body: &str) {
    let response = &invocation.response;
    assert_eq!((response.status, response.text().as_str()), (status, body));
}

pub(crate) fn reading(device: &str, temperature: f64) -> EventHubEvent {
    EventHubEvent::telemetry(device, json!({"Temperature": temperature}).to_string())
}

pub(crate) fn deleted(hub: &str, device: &str) -> EventHubEvent {
    let name = hub.split('.').next().unwrap();
    EventHubEvent::lifecycle(
        name,
        device,
        "deleteDeviceIdentity",
        &json!({"deviceId": device}),
    )
}

/// Asserts that the first attempt succeeded.
#[track_caller]
pub(crate) fn assert_done(delivery: &Delivery) {
    let succeeded: Vec<_> = delivery
        .attempts
        .iter()
        .map(|attempt| attempt.succeeded)
        .collect();
    assert_eq!(succeeded, [true], "{delivery:?}");
    assert!(delivery.lost.is_empty(), "{delivery:?}");
}

/// POSTs to the handler itself, around the host; returns the whole answer as text.
pub(crate) async fn post_directly(world: &World, path: &str, body: &str) -> String {
    let address = ("127.0.0.1", world.host.handler_port());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
