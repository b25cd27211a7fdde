//! What the provisioning service logs of texts that somebody else wrote, before and after they have proved who they are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Mutex;

use provisioning::enrollment::config::{Config, Replace};
use provisioning::server::mqtt_session::Session;
use provisioning::server::provisioning::Provisioning;
use provisioning::webhook::client::Webhook;
use serde_json::json;
use support::{TestService, TestWebhook, device, tutorial};

/// A line of a log, forged, and steering the terminal.
const FORGED: &str = "x\u{1b}[2J\r\ntoaster: assigned to \u{9b}31m\u{85}\u{2028}\u{2029}\u{202e}";

/// [`FORGED`], as it may be shown.
const SHOWN: &str = r"x\u{1b}[2J\r\ntoaster: assigned to \u{9b}31m\u{85}\u{2028}\u{2029}\u{202e}";

/// Keeps the service's lines.
struct Lines(Mutex<Vec<String>>);

static LINES: Lines = Lines(Mutex::new(Vec::new()));

impl log::Log for Lines {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("provisioning")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap();
    let low = u8::try_from(length & 127).unwrap() | 128;
    let high = u8::try_from(length >> 7).unwrap();
    [vec![first, low, high], rest.to_vec()].concat()
}

fn connect(registration_id: &str) -> Vec<u8> {
    let user_name = format!("0ne00LOCAL1/registrations/{registration_id}/api-version=2019-03-31");
    let head = [text("MQTT"), vec![4, 0xC0, 0, 60]].concat();
    let names = [text(registration_id), text(&user_name), text("")].concat();
    packet(0x10, &[head, names].concat())
}

fn publish(topic: &str) -> Vec<u8> {
    packet(0x30, &text(topic))
}

#[tokio::test]
async fn what_others_write_forges_no_line_of_the_log() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let mut config = Config::tutorial();
    config.set_webhook("http://127.0.0.1:9/", Replace::All);
    let settings = config.settings().unwrap();
    let provisioning = Provisioning::in_memory(settings, Webhook::new().unwrap());
    let register = "$dps/registrations/PUT/iotdps-register/?$rid=1";
    for (registration_id, topic) in [
        (FORGED, FORGED),
        (FORGED, register),
        ("toaster", &"x".repeat(10_000)),
    ] {
        let mut session = Session::new(provisioning.clone(), None);
        session.receive(&connect(registration_id));
        session.receive(&publish(topic));
    }

    let webhook =
        TestWebhook::start(|_, _| (200, json!({ "iotHubHostName": FORGED }).to_string())).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let registered = service.register(&device("toaster")).await;
    let failed = format!(
        "the registration failed 400207: Custom allocation failed: {SHOWN} is not one of the linked hubs"
    );
    assert_eq!(registered.unwrap_err().to_string(), failed);

    let lines = LINES.0.lock().unwrap();
    for expected in [
        format!("{SHOWN}: hung up, {SHOWN} is no topic of the device API"),
        format!(
            "toaster: failed 400207: Custom allocation failed: {SHOWN} is not one of the linked hubs"
        ),
    ] {
        assert!(lines.contains(&expected), "{lines:#?}");
    }
    let refused = format!("{SHOWN}: refused, ");
    assert!(
        lines.iter().any(|line| line.starts_with(&refused)),
        "{lines:#?}"
    );
    for line in lines.iter() {
        let steers = |c: char| c.is_control() || "\u{2028}\u{2029}\u{202e}".contains(c);
        assert!(!line.contains(steers), "{line:?}");
        assert!(line.len() < 1_000, "{line}");
    }
}
