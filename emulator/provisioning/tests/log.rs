//! What the provisioning service logs of texts that somebody else wrote, before and after they have
//! proved who they are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Mutex;

use provisioning::{Config, Provisioning, Replace, Session, WebhookClient};
use serde_json::json;
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::tpm::SoftwareTpm;
use support::packets::{self, PEER, packet, text};
use support::{
    TOASTERS, TestService, TestWebhook, assign, connect as connect_tls, device, exchange, tutorial,
};

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

fn connect(registration_id: &str) -> Vec<u8> {
    let user_name = format!("0ne00LOCAL1/registrations/{registration_id}/api-version=2019-03-31");
    connect_as(registration_id, &user_name)
}

fn publish(topic: &str) -> Vec<u8> {
    packet(0x30, &text(topic))
}

/// Keeps the lines of every test here.
fn keep_lines() {
    static KEEP: std::sync::Once = std::sync::Once::new();
    KEEP.call_once(|| {
        log::set_logger(&LINES).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

#[track_caller]
fn assert_logged(line: &str) {
    let lines = LINES.0.lock().unwrap().clone();
    assert!(
        lines.iter().any(|logged| logged == line),
        "{line}\n{lines:#?}"
    );
}

fn provisioning() -> Provisioning {
    let mut config = Config::tutorial();
    config.set_webhook("http://127.0.0.1:9/", Replace::All);
    let settings = config.settings().unwrap();
    Provisioning::in_memory(settings, WebhookClient::new().unwrap())
}

/// A CONNECT with this client id and this user name.
fn connect_as(client_id: &str, user_name: &str) -> Vec<u8> {
    packets::connect(client_id, user_name, "")
}

#[tokio::test]
async fn each_refusal_over_mqtt_is_one_line() {
    keep_lines();
    let provisioning = provisioning();
    let subscribe = packets::subscribe("devices/#", 1);
    let register = publish("$dps/registrations/PUT/iotdps-register/?$rid=1");
    let user_name = |version: &str| format!("0ne00LOCAL1/registrations/mqtt-1{version}");
    let good = || connect_as("mqtt-1", &user_name("/api-version=2019-03-31"));
    for (sent, line) in [
        (
            connect_as("mqtt-1", "hub.example/mqtt-1/?api-version=2021-04-12"),
            "192.0.2.7:50001: refused with CONNACK 4, the user name is \"hub.example/mqtt-1/?api-version=2021-04-12\", with which a \
             device connects to its IoT hub; hubs aren't emulated",
        ),
        (
            connect_as("mqtt-1", "me"),
            "192.0.2.7:50001: refused with CONNACK 4, the user name is \"me\", and must be \
             {idScope}/registrations/{registrationId}/api-version=2019-03-31",
        ),
        (
            connect_as("mqtt-2", &user_name("/api-version=2019-03-31")),
            "mqtt-1: refused with CONNACK 2, the client id is \"mqtt-2\", and must be the registration id",
        ),
        (
            packet(
                0x10,
                &[text("MQIsdp"), vec![3, 2, 0, 60], text("mqtt-1")].concat(),
            ),
            "192.0.2.7:50001: refused with CONNACK 1, the device speaks MQTT 3.1 and the service MQTT 3.1.1 alone",
        ),
        (
            [good(), subscribe].concat(),
            "mqtt-1: refused with SUBACK 128, devices/# is not $dps/registrations/res/#, the only filter there is",
        ),
        (
            [
                connect_as("mqtt-1", &user_name("/api-version=2017-01-01")),
                register.clone(),
            ]
            .concat(),
            "mqtt-1: refused, Invalid argument: api-version 2017-01-01 isn't emulated; those from 2018-11-01 to \
             2021-10-01 are",
        ),
        (
            [connect_as("mqtt-1", &user_name("")), register].concat(),
            "mqtt-1: refused, Invalid argument: api-version is missing; those from 2018-11-01 to 2021-10-01 are \
             emulated",
        ),
        (
            [
                good(),
                publish("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1"),
            ]
            .concat(),
            "mqtt-1: refused, Invalid argument: operationId is missing; the topic ends in \
             ?$rid={requestId}&operationId={operationId}, with the operationId of the answer to the registration",
        ),
        (
            [good(), publish("$dps/registrations/PUT/iotdps-register/")].concat(),
            "mqtt-1: refused, Invalid argument: the topic ends without ?$rid={requestId}",
        ),
        (
            [
                good(),
                publish("$dps/registrations/PUT/iotdps-register/?$rid=1"),
            ]
            .concat(),
            "mqtt-1: the answer isn't sent, the device must subscribe to $dps/registrations/res/# first",
        ),
        (
            b"AMQP\x03\x01\0\0".to_vec(),
            "192.0.2.7:50001: hung up, this is AMQP, which isn't emulated; let the device speak MQTT or HTTPS",
        ),
        (
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            "192.0.2.7:50001: hung up, this looks like HTTP, which is served on the HTTPS port; this one is for MQTT",
        ),
        (
            vec![0xC0, 0],
            "192.0.2.7:50001: hung up, the first packet is not an MQTT CONNECT",
        ),
        (
            [good(), vec![0xC1, 0]].concat(),
            "mqtt-1: hung up, the device broke a rule of MQTT 3.1.1 (MalformedPacket)",
        ),
    ] {
        Session::new(provisioning.clone(), PEER, None).receive(&sent);
        assert_logged(line);
    }
    Session::new(provisioning.clone(), PEER, None).log_silence();
    assert_logged("192.0.2.7:50001: hung up, no MQTT CONNECT came within 10 seconds");
    let mut session = Session::new(provisioning.clone(), PEER, None);
    session.receive(&good());
    session.log_silence();
    assert_logged("mqtt-1: hung up, silent for 90 seconds");
    session.receive(&publish("$dps/registrations/PUT/iotdps-register/?rid=1"));
    assert_logged(
        "mqtt-1: the topic has no $rid, so that the answer's is empty, as the service answers it",
    );
}

#[tokio::test]
async fn each_refusal_over_https_is_one_line() {
    keep_lines();
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let register = "PUT /0ne00LOCAL1/registrations/https-1/register";
    let version = "?api-version=2021-06-01";
    let json = "Content-Type: application/json";
    for (request, body, line) in [
        (
            format!("{register} HTTP/1.1\r\n{json}"),
            "{}",
            "https-1: refused, Invalid argument: api-version is missing; those from 2018-11-01 to 2021-10-01 are \
             emulated",
        ),
        (
            format!("{register}?api-version=2025-07-01-preview HTTP/1.1\r\n{json}"),
            "{}",
            "https-1: refused, Invalid argument: api-version 2025-07-01-preview isn't emulated; those from 2018-11-01 to \
             2021-10-01 are",
        ),
        (
            format!("{register}{version} HTTP/1.1\r\nContent-Type: text/plain"),
            "{}",
            "https-1: refused, The media type must be application/json.",
        ),
        (
            format!("{register}{version} HTTP/1.1\r\n{json}"),
            &support::field("registration-modelid-top-level.json"),
            "https-1: refused, Deserialization error. \"modelId\" is not a member of a registration, which are \
             registrationId, payload and tpm; what the webhook is to see belongs into the payload, as in \
             {\"payload\":{\"modelId\":…}}",
        ),
        (
            format!("{register}{version} HTTP/1.1\r\n{json}"),
            &support::field("registration-nested-quotes.txt"),
            "https-1: refused, Deserialization error. the body is not a JSON object: expected `,` or `}` at line 1 column \
             62; an object stands without quotes around it, and quotes within text need a backslash",
        ),
        (
            "PUT /0ne00LOCAL1/register HTTP/1.1".to_owned(),
            "{}",
            "PUT /0ne00LOCAL1/register: refused, Resource not found. A device registers with PUT \
             /{idScope}/registrations/{registrationId}/register?api-version=2021-06-01.",
        ),
        (
            "POST /enrollmentgroups/query?api-version=2021-10-01 HTTP/1.1".to_owned(),
            "{}",
            "POST /enrollmentgroups/query: refused, Resource not found. This address belongs to the service API, which \
             isn't emulated.",
        ),
        (
            format!("{} HTTP/1.1", register.replace("PUT", "POST")),
            "{}",
            "POST /0ne00LOCAL1/registrations/https-1/register: refused, Method not allowed. A device registers with PUT, \
             polls with GET and looks itself up with POST.",
        ),
        (
            "GET /$iothub/websocket HTTP/1.1".to_owned(),
            "",
            "GET /$iothub/websocket: refused, Invalid argument: Connection header did not include 'upgrade'",
        ),
    ] {
        let connection = connect_tls(&service, service.endpoints.https, None).await;
        let answer = exchange(connection, &request, body).await;
        assert!(
            !answer.status_line().contains(" 20"),
            "{request}: {}",
            answer.head
        );
        assert_logged(line);
    }
}

#[tokio::test]
async fn what_a_webhook_answers_at_the_wrong_place_is_one_line() {
    keep_lines();
    let webhook =
        TestWebhook::start(|_, _| (200, support::field("webhook-answer-desired-top-level.json")))
            .await;
    let service = TestService::start(tutorial(&webhook)).await;
    let assigned = service.register(&device("webhook-1")).await.unwrap();
    assert_eq!(assigned.hub, TOASTERS);
    assert_logged(
        "webhook-1: of the webhook's answer, initialTwin.desired is not a twin's member and is ignored; \
         initialTwin.properties.desired is",
    );
}

#[tokio::test]
async fn each_refusal_of_a_tpm_is_one_line() {
    keep_lines();
    let software = SoftwareTpm::generate().unwrap();
    let keys = json!({
        "endorsementKey": software.endorsement_key(),
        "storageRootKey": software.storage_root_key(),
    });
    let config = json!({"linkedHubs": [TOASTERS], "enrollments": [{
        "registrationId": "tpm-1", "attestation": {"type": "tpm", "tpm": keys},
    }]});
    let settings = Config::parse(&config.to_string()).unwrap().settings();
    let service = TestService::start(settings.unwrap()).await;
    let made_up = SymmetricKey::from_bytes(vec![7; 32]).unwrap();
    let signed = support::token(&made_up, "tpm-1");
    let body = json!({"registrationId": "tpm-1", "tpm": keys}).to_string();
    for (token, line) in [
        (
            Some(&signed),
            "tpm-1: refused, until its TPM signs with the nonce that it is sent; none was remembered for its token",
        ),
        (
            None,
            "tpm-1: refused, until its TPM signs with the nonce that it is sent",
        ),
        (
            Some(&signed),
            "tpm-1: refused, the token isn't signed with the nonce that the device's TPM was sent last",
        ),
    ] {
        let token = token.map_or_else(String::new, |token| format!("\r\nAuthorization: {token}"));
        let request = format!(
            "PUT /0ne00LOCAL1/registrations/tpm-1/register?api-version=2021-06-01 HTTP/1.1{token}"
        );
        let connection = connect_tls(&service, service.endpoints.https, None).await;
        let answer = exchange(connection, &request, &body).await;
        assert_eq!(answer.status_line(), "HTTP/1.1 401 Unauthorized");
        assert_logged(line);
    }
    let mut session = Session::new(service.provisioning.clone(), PEER, None);
    session.receive(&connect("tpm-1"));
    session.receive(&packets::publish(
        "$dps/registrations/PUT/iotdps-register/?$rid=1",
        "{}",
    ));
    assert_logged(
        "tpm-1: refused, Invalid argument: a device with a TPM registers over HTTPS or AMQP; the service takes none \
         over MQTT",
    );
}

#[tokio::test]
async fn what_others_write_forges_no_line_of_the_log() {
    keep_lines();
    let provisioning = provisioning();
    let register = "$dps/registrations/PUT/iotdps-register/?$rid";
    for (registration_id, topic) in [
        (FORGED, FORGED),
        (FORGED, register),
        ("toaster", &"x".repeat(10_000)),
    ] {
        let mut session = Session::new(provisioning.clone(), PEER, None);
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
        format!(
            "{SHOWN}: hung up, {SHOWN} is not a topic of the device API; a device registers with {register}={{requestId}}"
        ),
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
