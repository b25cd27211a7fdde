//! What lasts: the state file after a crash, and a registration whose handler falls over.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../functions-host/tests/common/mod.rs"]
mod common;
#[path = "../../provisioning/tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Stdio;

use common::{App, puppet};
use functions_host::{FunctionsHost, HostOptions};
use futures_util::{StreamExt as _, stream};
use provisioning::{Config, Replace, Settings, StateFile};
use simulated_device::connection::{Target, Transport, Trust};
use support::{TOASTERS, TestService, TestWebhook, assign, device};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// `emulator dps` as a process, and where it listens.
struct Emulator {
    process: Child,
    /// What it says about its state file.
    state: String,
    target: Target,
    trust: Trust,
}

impl Emulator {
    async fn start(directory: &Path, webhook: &TestWebhook) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .args(["dps", "--no-throttle", "--time-scale", "0.1"])
            .args(["--https-port", "0", "--mqtt-port", "0", "--state", "state"])
            .args(["--webhook-url", &webhook.url])
            .current_dir(directory)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut port, mut state) = (None, String::new());
        while let Some(line) = lines.next_line().await.unwrap() {
            let found = line.split_once("wss://localhost:");
            port = port.or(found.and_then(|(_, rest)| rest.split('/').next()?.parse().ok()));
            if let Some(rest) = line.strip_prefix("state ") {
                rest.trim().clone_into(&mut state);
            }
            if line.starts_with("KEY is") {
                break;
            }
        }
        let ca_file = std::fs::read_to_string(directory.join(".emulator/ca.pem")).unwrap();
        let https_port = port.unwrap();
        Self {
            process,
            state,
            target: Target {
                host: "localhost".to_owned(),
                https_port,
                mqtt_port: https_port,
                id_scope: "0ne00LOCAL1".to_owned(),
            },
            trust: Trust::only(&ca_file).unwrap(),
        }
    }

    /// Registers a device, and says whether it was assigned.
    async fn register(&self, registration_id: String) -> Option<String> {
        let registered = device(&registration_id)
            .register(Transport::Https, &self.target, &self.trust, |_| {})
            .await;
        registered.ok().map(|_| registration_id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_device_that_heard_of_its_hub_is_lost_in_a_crash() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let directory = tempfile::tempdir().unwrap();
    let mut emulator = Emulator::start(directory.path(), &webhook).await;
    let fleet = (0..400).map(|number| emulator.register(format!("fleet-{number}")));
    let mut fleet = stream::iter(fleet).buffer_unordered(40);
    let mut heard = Vec::new();
    while heard.len() < 60 {
        heard.extend(
            fleet
                .next()
                .await
                .expect("the fleet ended before the crash"),
        );
    }
    drop(fleet);
    emulator.process.kill().await.unwrap();

    let (file, saved) = StateFile::open(&directory.path().join("state")).unwrap();
    for registration_id in &heard {
        let record = saved
            .registrations
            .iter()
            .find(|record| record.registration_id == *registration_id);
        let assignment = record.and_then(|record| record.assignment());
        assert_eq!(assignment.map(|at| at.hub.as_str()), Some(TOASTERS));
        let device = saved
            .devices
            .iter()
            .find(|(_, identity)| identity.device_id == *registration_id);
        assert_eq!(device.map(|(hub, _)| hub.as_str()), Some(TOASTERS));
    }
    drop(file);

    let emulator = Emulator::start(directory.path(), &webhook).await;
    assert_eq!(
        emulator.state,
        format!("state {} registrations", saved.registrations.len())
    );
    let again = heard[0].clone();
    assert_eq!(emulator.register(again.clone()).await, Some(again.clone()));
    let last = webhook.calls().pop().unwrap().body;
    assert_eq!(last["deviceRuntimeContext"]["registrationId"], again);
    assert_eq!(
        last["deviceRuntimeContext"]["currentIotHubHostName"],
        TOASTERS
    );
}

#[tokio::test]
async fn a_state_file_in_use_or_of_another_kind_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let _open = StateFile::open(&path).unwrap();
    let error = format!(
        "{:#}",
        anyhow::Error::from(StateFile::open(&path).unwrap_err())
    );
    let expected = format!("cannot open the state file {}: ", path.display());
    assert!(error.starts_with(&expected), "{error}");
    let other = directory.path().join("other");
    std::fs::write(&other, "not a database, but longer than its magic number").unwrap();
    let error = format!(
        "{:#}",
        anyhow::Error::from(StateFile::open(&other).unwrap_err())
    );
    let expected = format!("cannot open the state file {}: ", other.display());
    assert!(error.starts_with(&expected), "{error}");
}

#[tokio::test]
async fn a_handler_that_falls_over_in_the_middle_assigns_after_its_restart() {
    let app = App::plain();
    let options = HostOptions::new(app.path())
        .handler(puppet())
        .env("PUPPET_MODE", "allocate-later");
    let host = FunctionsHost::start(options).await.unwrap();
    let listener = support::free_port().await;
    let address = listener.local_addr().unwrap();
    let serving = host.clone();
    tokio::spawn(async move { serving.serve(listener).await });
    let mut config = Config::tutorial();
    config.set_webhook(&format!("http://{address}/api/Puppet"), Replace::All);
    let settings = Settings {
        time_scale: 0.001,
        ..config.settings().unwrap()
    };
    let service = TestService::start(settings).await;
    let assigned = service
        .register(&device("breakroom499-contoso-tstrsd-007"))
        .await
        .unwrap();
    assert_eq!(assigned.hub, TOASTERS);
    assert_eq!(host.starts(), 2);
}
