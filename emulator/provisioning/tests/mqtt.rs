//! The device API over MQTT and over MQTT in a WebSocket, with a simulated device and with the packets of the SDKs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use provisioning::{
    Config, DeviceCertificate, Period, Provisioning, Session, TrialDevice, WebhookClient,
};
use serde_json::{Value, json};
use simulated_device::connection::Transport;
use simulated_device::registration::{Assigned, Device, RegistrationError};
use support::{
    HEAT_PUMPS, TOASTERS, TestService, TestWebhook, assign, device, device_key, tutorial,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";

async fn register(
    service: &TestService,
    transport: Transport,
    device: &Device,
) -> Result<Assigned, RegistrationError> {
    device
        .register(transport, &service.target(), &service.trust(), |_| {})
        .await
}

#[tokio::test]
async fn a_device_registers_over_mqtt_and_over_a_web_socket() {
    let webhook = TestWebhook::start(|_, request| {
        let payload = &request["deviceRuntimeContext"]["payload"];
        let answer = json!({"iotHubHostName": HEAT_PUMPS, "payload": {"echo": payload}});
        (200, answer.to_string())
    })
    .await;
    let service = TestService::start(tutorial(&webhook)).await;
    for transport in [Transport::Mqtt, Transport::Ws] {
        let mut device = device(TOASTER);
        device.payload = Some(json!({"firmware": "12.0.2.5"}));
        let assigned = register(&service, transport, &device).await.unwrap();
        let expected = Assigned {
            hub: HEAT_PUMPS.to_owned(),
            device_id: TOASTER.to_owned(),
            payload: Some(json!({"echo": {"firmware": "12.0.2.5"}})),
        };
        assert_eq!(assigned, expected, "{transport:?}");
    }
    assert_eq!(webhook.calls().len(), 2);
}

#[tokio::test]
async fn a_refusal_by_the_webhook_is_an_answer_with_status_200() {
    let webhook = TestWebhook::start(|_, _| (400, "no".to_owned())).await;
    let service = TestService::start(tutorial(&webhook)).await;
    for transport in [Transport::Mqtt, Transport::Ws] {
        let error = register(&service, transport, &device(TOASTER))
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the registration failed 400207: Custom allocation failed with status code: 400"
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_when_the_device_registers() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let mut wrong = device(TOASTER);
    wrong.credential = device_key("another").into();
    for transport in [Transport::Mqtt, Transport::Ws] {
        let error = register(&service, transport, &wrong).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the service answered 401 401002: Unauthorized"
        );
    }
}

#[tokio::test]
async fn a_message_past_the_limit_is_answered() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let mut big = device(TOASTER);
    big.payload = Some(json!("x".repeat(98_304)));
    let error = register(&service, Transport::Mqtt, &big)
        .await
        .unwrap_err()
        .to_string();
    let expected = "the service answered 400 400004: Invalid argument: the message has";
    assert!(error.starts_with(expected), "{error}");
}

/// One packet, with a remaining length below 16,384.
fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap();
    let mut bytes = vec![first];
    if length < 128 {
        bytes.push(u8::try_from(length).unwrap());
    } else {
        bytes.push(u8::try_from(length & 127).unwrap() | 128);
        bytes.push(u8::try_from(length >> 7).unwrap());
    }
    bytes.extend(rest);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// A CONNECT as the Python SDK sends it: level 4, flags 0xC0, keep-alive 60.
fn connect(client_id: &str, user_name: &str, password: &str) -> Vec<u8> {
    let mut rest = [text("MQTT"), vec![4, 0xC0, 0, 60]].concat();
    rest.extend(text(client_id));
    rest.extend(text(user_name));
    rest.extend(text(password));
    packet(0x10, &rest)
}

fn subscribe(filter: &str, qos: u8) -> Vec<u8> {
    packet(0x82, &[vec![0, 1], text(filter), vec![qos]].concat())
}

/// A PUBLISH that wants a PUBACK, with packet id 2.
fn publish(topic: &str, body: &str) -> Vec<u8> {
    packet(
        0x32,
        &[text(topic), vec![0, 2], body.as_bytes().to_vec()].concat(),
    )
}

fn token(registration_id: &str) -> String {
    support::token(&device_key(registration_id), registration_id)
}

fn user_name(registration_id: &str) -> String {
    format!(
        "0ne00LOCAL1/registrations/{registration_id}/api-version=2019-03-31&ClientVersion=azure-iot-device%2F2.14.0"
    )
}

const ANSWERS: &str = "$dps/registrations/res/#";
const REGISTER: &str = "$dps/registrations/PUT/iotdps-register/?$rid=r-1";

/// The tutorial's service with a webhook that can't be reached.
fn provisioning() -> Provisioning {
    let mut config = Config::tutorial();
    config.set_webhook("http://127.0.0.1:9/", provisioning::Replace::All);
    let settings = config.settings().unwrap();
    Provisioning::in_memory(settings, WebhookClient::new().unwrap())
}

/// A session that nothing connects.
fn session() -> Session {
    Session::new(provisioning(), None)
}

/// A session in which a device has connected and subscribed.
fn subscribed(qos: u8) -> Session {
    let mut session = session();
    let accepted = session.receive(&connect(TOASTER, &user_name(TOASTER), &token(TOASTER)));
    assert_eq!(accepted.send, [0x20, 2, 0, 0]);
    assert!(!accepted.close);
    let granted = session.receive(&subscribe(ANSWERS, qos));
    assert_eq!(granted.send, [0x90, 3, 0, 1, qos.min(1)]);
    session
}

/// The topic and the body of a PUBLISH, after what comes before it.
#[track_caller]
fn published(bytes: &[u8], before: &[u8], first: u8) -> (String, Value) {
    let bytes = bytes.strip_prefix(before).unwrap();
    assert_eq!(bytes[0], first);
    let start = if bytes[1] & 128 == 0 { 2 } else { 3 };
    let length = usize::from(u16::from_be_bytes([bytes[start], bytes[start + 1]]));
    let (topic, rest) = bytes[start + 2..].split_at(length);
    let packet_id = if first == 0x30 { 0 } else { 2 };
    (
        String::from_utf8(topic.to_vec()).unwrap(),
        serde_json::from_slice(&rest[packet_id..]).unwrap(),
    )
}

#[tokio::test]
async fn the_packets_of_the_python_sdk_are_answered() {
    let mut session = subscribed(1);
    let body = format!(r#"{{"payload": null, "registrationId": "{TOASTER}"}}"#);
    let reaction = session.receive(&publish(REGISTER, &body));
    let (topic, accepted) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=r-1&retry-after=3");
    let operation_id = accepted["operationId"].as_str().unwrap();
    assert_eq!(
        accepted,
        json!({"operationId": operation_id, "status": "assigning"})
    );

    let polling = format!(
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=r-2&operationId={operation_id}"
    );
    let reaction = session.receive(&publish(&polling, " "));
    let (topic, status) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=r-2&retry-after=3");
    assert_eq!(
        status["registrationState"],
        json!({"registrationId": TOASTER, "status": "assigning"})
    );

    assert_eq!(
        session.receive(&[0xC0, 0]).send,
        [0xD0, 0],
        "a ping is answered"
    );
    assert!(
        session.receive(&[0xE0, 0]).close,
        "a goodbye ends the session"
    );
}

#[tokio::test]
async fn an_answer_has_no_higher_qos_than_the_subscription() {
    let mut session = subscribed(0);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    let (topic, _) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=r-1&retry-after=3");
    let reaction = subscribed(2).receive(&publish(REGISTER, "{}"));
    published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
}

#[tokio::test]
async fn packets_may_come_in_pieces_and_together() {
    let mut session = session();
    let bytes = [
        connect(TOASTER, &user_name(TOASTER), &token(TOASTER)),
        subscribe(ANSWERS, 1),
    ]
    .concat();
    let (first, rest) = bytes.split_at(20);
    assert!(session.receive(first).send.is_empty());
    let reaction = session.receive(rest);
    assert_eq!(reaction.send, [0x20, 2, 0, 0, 0x90, 3, 0, 1, 1]);
}

#[tokio::test]
async fn a_bad_token_connects_and_is_refused_at_registration() {
    let mut session = session();
    let accepted = session.receive(&connect(TOASTER, &user_name(TOASTER), "nonsense"));
    assert_eq!(accepted.send, [0x20, 2, 0, 0]);
    session.receive(&subscribe(ANSWERS, 1));
    let reaction = session.receive(&publish(REGISTER, "{}"));
    let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(topic, "$dps/registrations/res/401/?$rid=r-1");
    assert_eq!(
        (&body["errorCode"], &body["message"]),
        (&json!(401_002), &json!("Unauthorized"))
    );
}

#[tokio::test]
async fn an_api_version_that_is_not_emulated_is_refused_at_registration() {
    for version in ["2017-01-01", "2020xxxxxx"] {
        let mut session = session();
        let user_name = format!("0ne00LOCAL1/registrations/{TOASTER}/api-version={version}");
        session.receive(&connect(TOASTER, &user_name, &token(TOASTER)));
        session.receive(&subscribe(ANSWERS, 1));
        let reaction = session.receive(&publish(REGISTER, "{}"));
        let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
        assert_eq!(topic, "$dps/registrations/res/400/?$rid=r-1", "{version}");
        assert_eq!(body["errorCode"], 400_004, "{version}");
    }
}

#[tokio::test]
async fn a_device_that_breaks_the_rules_is_hung_up_on() {
    let good = || connect(TOASTER, &user_name(TOASTER), &token(TOASTER));
    let good_with = |place: usize, byte: u8| {
        let mut bytes = good();
        bytes[place] = byte;
        bytes
    };
    for (why, bytes, answer) in [
        (
            "the user name names no registration",
            connect(TOASTER, "hub/toaster", ""),
            vec![0x20, 2, 0, 4],
        ),
        (
            "the client id is another's",
            connect("other", &user_name(TOASTER), ""),
            vec![0x20, 2, 0, 2],
        ),
        ("there was no CONNECT", subscribe(ANSWERS, 1), vec![]),
        (
            "a message comes before CONNECT",
            publish(REGISTER, "{}"),
            vec![],
        ),
        (
            "a message without a packet id comes before CONNECT",
            packet(0x30, &text(REGISTER)),
            vec![],
        ),
        ("a ping comes before CONNECT", vec![0xC0, 0], vec![]),
        (
            "CONNECT's reserved flag is set",
            good_with(10, 0xC1),
            vec![],
        ),
        ("CONNECT's header has flags", good_with(0, 0x11), vec![]),
        (
            "SUBSCRIBE's header has other flags than its own",
            [
                good(),
                packet(0x80, &[vec![0, 1], text(ANSWERS), vec![1]].concat()),
            ]
            .concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "the packet id is zero, at which the library panics",
            [good(), packet(0x32, &[text(REGISTER), vec![0, 0]].concat())].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "the packet id is zero with QoS 2",
            [good(), packet(0x34, &[text(REGISTER), vec![0, 0]].concat())].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "it connects twice",
            [good(), good()].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "the topic is a hub's",
            [good(), publish("devices/toaster/messages/events/", "{}")].concat(),
            vec![0x20, 2, 0, 0, 0x40, 2, 0, 2],
        ),
        (
            "the packet is too big",
            [good(), vec![0x32, 0xFF, 0xFF, 0xFF, 0x7F]].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "it speaks MQTT 3.1",
            packet(
                0x10,
                &[text("MQIsdp"), vec![3, 2, 0, 60], text(TOASTER)].concat(),
            ),
            vec![0x20, 2, 0, 1],
        ),
        (
            "it speaks MQTT 5",
            packet(
                0x10,
                &[text("MQTT"), vec![5, 2, 0, 60, 0], text(TOASTER)].concat(),
            ),
            vec![0x20, 2, 0, 1],
        ),
        (
            "it speaks a protocol that nobody knows",
            packet(
                0x10,
                &[text("MOTT"), vec![4, 2, 0, 60], text(TOASTER)].concat(),
            ),
            vec![],
        ),
        ("it is AMQP", b"AMQP\x03\x01\0\0".to_vec(), vec![]),
        ("its first byte isn't MQTT's", b"G".to_vec(), vec![]),
        (
            "it isn't MQTT",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
                .to_vec(),
            vec![],
        ),
    ] {
        let reaction = session().receive(&bytes);
        assert!(reaction.close, "{why}");
        assert_eq!(reaction.send, answer, "{why}");
    }
}

#[tokio::test]
async fn another_subscription_is_refused_and_without_one_there_is_no_answer() {
    let mut session = session();
    session.receive(&connect(TOASTER, &user_name(TOASTER), &token(TOASTER)));
    let refused = session.receive(&subscribe("devices/#", 1));
    assert_eq!(refused.send, [0x90, 3, 0, 1, 0x80]);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    assert_eq!(reaction.send, [0x40, 2, 0, 2]);
}

#[tokio::test]
async fn unsubscribing_from_another_topic_stops_no_answers() {
    let mut session = subscribed(1);
    let unsubscribe = |filter: &str| packet(0xA2, &[vec![0, 3], text(filter)].concat());
    assert_eq!(session.receive(&unsubscribe("other")).send, [0xB0, 2, 0, 3]);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(session.receive(&unsubscribe(ANSWERS)).send, [0xB0, 2, 0, 3]);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    assert_eq!(reaction.send, [0x40, 2, 0, 2]);
}

#[tokio::test]
async fn the_keep_alive_of_the_device_bounds_its_silence() {
    let silence = std::time::Duration::from_secs(90);
    let before = Instant::now();
    let session = subscribed(1);
    let after = Instant::now();
    assert!((before + silence..=after + silence).contains(&session.deadline()));
}

#[tokio::test]
async fn a_device_has_seconds_to_introduce_itself() {
    let seconds = std::time::Duration::from_secs(10);
    let before = Instant::now();
    let session = session();
    assert!((before + seconds..=Instant::now() + seconds).contains(&session.deadline()));
}

#[tokio::test]
async fn a_topic_without_the_dollar_is_answered_as_the_service_answers_it() {
    let mut session = subscribed(0);
    let topic = "$dps/registrations/PUT/iotdps-register/?rid=1";
    let body = r#"{"payload" : {"modelId" : "dtmi:com:Microchip:SAM_IoT_WM;2"}}"#;
    let reaction = session.receive(&publish(topic, body));
    let (topic, _) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=&retry-after=3");
}

#[tokio::test]
async fn a_body_that_is_no_registration_is_a_deserialization_error() {
    for name in [
        "registration-modelid-top-level.json",
        "registration-nested-quotes.txt",
    ] {
        let mut session = subscribed(0);
        let reaction = session.receive(&publish(REGISTER, &support::field(name)));
        let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
        assert_eq!(topic, "$dps/registrations/res/400/?$rid=r-1", "{name}");
        assert_eq!(
            (&body["errorCode"], &body["message"]),
            (&json!(400_012), &json!("Deserialization error.")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn only_a_whole_packet_ends_the_silence() {
    let mut session = subscribed(1);
    let deadline = session.deadline();
    session.receive(&[0xC0]);
    assert_eq!(session.deadline(), deadline);
    assert_eq!(session.receive(&[0]).send, [0xD0, 0]);
    assert!(session.deadline() > deadline);
}

#[tokio::test]
async fn a_packet_that_never_ends_keeps_no_connection_open() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let mut tls = support::connect(&service, service.endpoints.mqtt, None).await;
    let mut hurried = connect(TOASTER, &user_name(TOASTER), &token(TOASTER));
    // A keep-alive of one second.
    hurried[11] = 0;
    hurried[12] = 1;
    tls.write_all(&hurried).await.unwrap();
    let mut connack = [0; 4];
    tls.read_exact(&mut connack).await.unwrap();
    assert_eq!(connack, [0x20, 2, 0, 0]);
    tls.write_all(&[0x32, 100]).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(tls);
    let trickle = tokio::spawn(async move {
        while writer.write_all(&[0]).await.is_ok() && writer.flush().await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
    let mut rest = Vec::new();
    let ended = reader.read_to_end(&mut rest);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(15), ended).await;
    assert!(ended.is_ok(), "the connection stays open");
    trickle.abort();
}

#[tokio::test]
async fn a_certificate_takes_the_place_of_the_password() {
    let made = || TrialDevice::self_signed("x509-dev-1", Period::of_days(1)).unwrap();
    let (enrolled, another) = (made(), made());
    let certificate = enrolled.pem();
    let config = json!({"linkedHubs": [TOASTERS], "enrollments": [{
        "registrationId": "x509-dev-1",
        "attestation": {"type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": certificate}}}},
    }]});
    let settings = Config::parse(&config.to_string())
        .unwrap()
        .settings()
        .unwrap();
    let provisioning = Provisioning::in_memory(settings, WebhookClient::new().unwrap());
    for (presented, status) in [(enrolled, 202), (another, 401)] {
        let certificate = DeviceCertificate::from_der(presented.der());
        let mut session = Session::new(provisioning.clone(), Some(certificate));
        let mut without_password = [text("MQTT"), vec![4, 0x80, 0, 60]].concat();
        without_password.extend(text("x509-dev-1"));
        without_password.extend(text(&user_name("x509-dev-1")));
        let accepted = session.receive(&packet(0x10, &without_password));
        assert_eq!(accepted.send, [0x20, 2, 0, 0]);
        session.receive(&subscribe(ANSWERS, 1));
        let reaction = session.receive(&publish(REGISTER, "{}"));
        let (topic, _) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
        let expected = format!("$dps/registrations/res/{status}/?$rid=r-1");
        assert!(topic.starts_with(&expected), "{topic}");
    }
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[tokio::test]
async fn mangled_packets_bring_no_session_down() {
    let conversation = [
        connect(TOASTER, &user_name(TOASTER), &token(TOASTER)),
        subscribe(ANSWERS, 1),
        publish(REGISTER, "{}"),
        packet(0x34, &[text(REGISTER), vec![0, 3]].concat()),
        packet(0x62, &[0, 3]),
        packet(0xA2, &[vec![0, 4], text("other")].concat()),
        vec![0xC0, 0],
    ]
    .concat();
    let provisioning = provisioning();
    let mut numbers = Numbers(7);
    for _ in 0..5_000 {
        let mut mangled = conversation.clone();
        for _ in 0..=numbers.below(4) {
            let place = numbers.below(mangled.len());
            // Zeros are the values of which some have to be refused.
            let byte = numbers.below(2) * numbers.below(256);
            mangled[place] = u8::try_from(byte).unwrap();
        }
        mangled.truncate(mangled.len() - numbers.below(2) * numbers.below(mangled.len()));
        let mut session = Session::new(provisioning.clone(), None);
        let (first, rest) = mangled.split_at(numbers.below(mangled.len()));
        if !session.receive(first).close {
            session.receive(rest);
        }
    }
}

/// The head of the answer to a WebSocket's handshake that offers `protocol`.
async fn handshake(service: &TestService, protocol: &str) -> String {
    let mut tls = support::connect(service, service.endpoints.https, None).await;
    let request = format!(
        "GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    );
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tls.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn the_sub_protocol_is_echoed_in_the_device_s_spelling() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    for protocol in ["mqtt", "MQTT"] {
        let head = handshake(&service, protocol).await;
        assert!(
            head.starts_with("HTTP/1.1 101 Switching Protocols"),
            "{head}"
        );
        assert!(
            head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "{head}"
        );
        assert!(
            head.contains(&format!("sec-websocket-protocol: {protocol}\r\n")),
            "{head}"
        );
        assert!(!head.contains("sec-websocket-extensions"), "{head}");
    }
}

#[tokio::test]
async fn a_web_socket_for_amqp_is_refused() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    for protocol in ["AMQPWSB10", "amqp, x"] {
        let head = handshake(&service, protocol).await;
        assert!(head.starts_with("HTTP/1.1 400 Bad Request"), "{head}");
    }
    let head = handshake(&service, "AMQPWSB10, mqtt").await;
    assert!(head.contains("sec-websocket-protocol: mqtt\r\n"), "{head}");
}
