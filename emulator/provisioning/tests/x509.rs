//! Devices that prove themselves with a certificate, which their enrollment names by its thumbprint.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use provisioning::enrollment::config::Config;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use ring::digest;
use serde_json::{Value, json};
use support::{TOASTERS, TestService, TestWebhook, assign, connect, exchange, hurried};

const DEVICE: &str = "x509-dev-1";

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed([DEVICE.to_owned()]).unwrap()
}

fn copy(certificate: &CertifiedKey<KeyPair>) -> CertifiedKey<KeyPair> {
    let key = certificate.signing_key.serialize_pem();
    CertifiedKey {
        cert: certificate.cert.clone(),
        signing_key: KeyPair::from_pem(&key).unwrap(),
    }
}

fn thumbprint(certificate: &CertifiedKey<KeyPair>) -> String {
    let digest = digest::digest(&digest::SHA256, certificate.cert.der());
    let bytes = digest.as_ref().iter();
    bytes.fold(String::new(), |text, byte| format!("{text}{byte:02X}"))
}

/// A service that enrolls the device with this certificate.
async fn service(webhook: &TestWebhook, enrolled: &CertifiedKey<KeyPair>) -> TestService {
    let config = json!({
        "linkedHubs": [TOASTERS],
        "enrollments": [{
            "registrationId": DEVICE,
            "deviceId": "press-07",
            "allocationPolicy": "custom",
            "attestation": {"type": "x509", "x509": {"clientCertificates": {
                "primary": {"info": {"subjectName": "CN=x509-dev-1", "sha256Thumbprint": thumbprint(enrolled)}}}}},
        }],
    });
    let config = Config::parse(&config.to_string()).unwrap();
    TestService::start(hurried(config, webhook)).await
}

/// The status line and the body of the answer to a registration.
async fn register(
    service: &TestService,
    presented: Option<CertifiedKey<KeyPair>>,
) -> (String, Value) {
    let request =
        format!("PUT /0ne00LOCAL1/registrations/{DEVICE}/register?api-version=2021-06-01 HTTP/1.1");
    let connection = connect(service, service.endpoints.https, presented).await;
    let answer = exchange(connection, &request, "{}").await;
    (answer.status_line().to_owned(), answer.body)
}

#[tokio::test]
async fn a_device_with_the_enrolled_certificate_is_assigned() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let certificate = certificate();
    let service = service(&webhook, &certificate).await;
    let (status_line, body) = register(&service, Some(copy(&certificate))).await;
    assert_eq!(status_line, "HTTP/1.1 202 Accepted");
    let operation_id = body["operationId"].as_str().unwrap();

    let polling = format!(
        "GET /0ne00LOCAL1/registrations/{DEVICE}/operations/{operation_id}?api-version=2021-06-01 HTTP/1.1"
    );
    let state = loop {
        let presented = Some(copy(&certificate));
        let connection = connect(&service, service.endpoints.https, presented).await;
        let answer = exchange(connection, &polling, "").await;
        if answer.header("retry-after").is_none() {
            break answer.body["registrationState"].clone();
        }
    };
    assert_eq!(state["x509"], json!({}));
    assert_eq!(state["deviceId"], "press-07");
    assert_eq!(state["assignedHub"], TOASTERS);

    let [call] = webhook.calls().try_into().unwrap();
    let sent = call.body["deviceRuntimeContext"]["x509"]["clientCertificate"].clone();
    assert_eq!(sent, STANDARD.encode(certificate.cert.der()));
    let enrollment = &call.body["individualEnrollment"];
    assert_eq!(enrollment["attestation"]["type"], "x509");
    assert_eq!(enrollment["deviceId"], "press-07");
}

#[tokio::test]
async fn a_device_without_the_enrolled_certificate_is_refused() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = service(&webhook, &certificate()).await;
    for presented in [None, Some(certificate())] {
        let (status_line, body) = register(&service, presented).await;
        assert_eq!(status_line, "HTTP/1.1 401 Unauthorized");
        assert_eq!(body["errorCode"], 401_002);
        assert_eq!(body["message"], "Invalid certificate.");
    }
    assert!(webhook.calls().is_empty());
}
