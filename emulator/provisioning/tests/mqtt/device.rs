//! Devices over real connections, with TLS and in a WebSocket.

use serde_json::json;
use simulated_device::connection::Transport;
use simulated_device::registration::{Assigned, Device, RegistrationError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::TOASTER;
use crate::support;
use crate::support::packets::{connect, token, user_name};
use crate::support::{
    HEAT_PUMPS, TOASTERS, TestService, TestWebhook, assign, device, device_key, tutorial,
};

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

#[tokio::test]
async fn a_second_connection_of_a_device_ends_the_first() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let hello = |id: &str| connect(id, &user_name(id), &token(id));
    let mut connections = Vec::new();
    for id in [TOASTER, "another", &TOASTER.to_uppercase()] {
        let mut connection = support::connect(&service, service.endpoints.mqtt, None).await;
        connection.write_all(&hello(id)).await.unwrap();
        let mut accepted = [0; 4];
        connection.read_exact(&mut accepted).await.unwrap();
        assert_eq!(accepted, [0x20, 2, 0, 0]);
        connections.push(connection);
    }
    let mut rest = Vec::new();
    connections.remove(0).read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [] as [u8; 0]);
    for mut connected in connections {
        connected.write_all(&[0xC0, 0]).await.unwrap();
        let mut pong = [0; 2];
        connected.read_exact(&mut pong).await.unwrap();
        assert_eq!(pong, [0xD0, 0]);
    }
}
