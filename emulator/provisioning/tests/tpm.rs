//! Devices that prove themselves with a TPM, which the simulated device has in software.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use provisioning::Config;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulated_device::connection::Transport;
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::Device;
use simulated_device::tpm::SoftwareTpm;
use support::{RawAnswer, TOASTERS, TestService, TestWebhook, assign, connect, exchange, hurried};

const SCOPE: &str = "0ne00LOCAL1";
const DEVICE: &str = "press-07";
const UNAUTHORIZED: &str = "the service answered 401 401002: Unauthorized";

/// A service that enrolls the device with these keys.
fn enrolling(keys: &Value) -> Value {
    json!({
        "linkedHubs": [TOASTERS],
        "enrollments": [{
            "registrationId": DEVICE,
            "deviceId": "press-seven",
            "allocationPolicy": "custom",
            "attestation": {"type": "tpm", "tpm": keys, "x509": null, "symmetricKey": null},
        }],
    })
}

fn keys(tpm: &SoftwareTpm) -> Value {
    json!({"endorsementKey": tpm.endorsement_key(), "storageRootKey": tpm.storage_root_key()})
}

async fn service(webhook: &TestWebhook, tpm: &SoftwareTpm) -> TestService {
    let config = enrolling(&json!({"endorsementKey": tpm.endorsement_key()}));
    let config = Config::parse(&config.to_string()).unwrap();
    TestService::start(hurried(config, webhook)).await
}

fn device(registration_id: &str, tpm: &SoftwareTpm) -> Device {
    Device {
        registration_id: registration_id.to_owned(),
        credential: tpm.clone().into(),
        payload: Some(json!({"line": 7})),
    }
}

/// Sends one request of the device, with this token if there is one.
async fn send(
    service: &TestService,
    method: &str,
    resource: &str,
    token: Option<&str>,
    body: &Value,
) -> RawAnswer {
    let authorization =
        token.map_or_else(String::new, |token| format!("\r\nAuthorization: {token}"));
    let request = format!(
        "{method} /{SCOPE}/registrations/{DEVICE}/{resource}?api-version=2021-06-01 HTTP/1.1{authorization}"
    );
    let tls = connect(service, service.endpoints.https, None).await;
    exchange(tls, &request, &body.to_string()).await
}

async fn register(service: &TestService, token: Option<&str>, tpm: &SoftwareTpm) -> RawAnswer {
    let body = json!({"registrationId": DEVICE, "tpm": keys(tpm)});
    send(service, "PUT", "register", token, &body).await
}

fn sign(key: &SymmetricKey) -> String {
    support::token(key, DEVICE)
}

/// The nonce of an answer that is a challenge.
#[track_caller]
fn nonce(answer: &RawAnswer) -> String {
    assert_eq!(answer.status_line(), "HTTP/1.1 401 Unauthorized");
    assert_eq!(answer.header("x-ms-error-code"), Some("401002"));
    let nonce = answer.body["authenticationKey"].as_str().unwrap();
    assert_eq!(
        answer.body,
        json!({"message": "Unauthorized", "authenticationKey": nonce, "keyName": "registration"})
    );
    nonce.to_owned()
}

#[track_caller]
fn check_unauthorized(answer: &RawAnswer) {
    assert_eq!(answer.status_line(), "HTTP/1.1 401 Unauthorized");
    assert_eq!(answer.body["errorCode"], 401_002);
    assert!(answer.body.get("authenticationKey").is_none());
}

#[tokio::test]
async fn a_device_with_the_enrolled_tpm_is_assigned_and_the_webhook_sees_its_keys() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let service = service(&webhook, &tpm).await;
    for _ in 0..2 {
        let assigned = service.register(&device(DEVICE, &tpm)).await.unwrap();
        assert_eq!(assigned.hub, TOASTERS);
        assert_eq!(assigned.device_id, "press-seven");
    }
    let call = webhook.calls().remove(0);
    assert_eq!(
        call.body["deviceRuntimeContext"],
        json!({"registrationId": DEVICE, "tpm": keys(&tpm), "payload": {"line": 7}})
    );
    assert_eq!(
        call.body["individualEnrollment"]["attestation"],
        json!({"type": "tpm", "tpm": {"endorsementKey": tpm.endorsement_key()}})
    );
}

#[tokio::test]
async fn another_tpm_and_an_unknown_device_are_refused() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let service = service(&webhook, &tpm).await;
    let another = SoftwareTpm::generate().unwrap();
    check_unauthorized(&register(&service, None, &another).await);
    let refused = service.register(&device(DEVICE, &another)).await;
    assert_eq!(refused.unwrap_err().to_string(), UNAUTHORIZED);
    let stranger = service.register(&device("press-08", &tpm)).await;
    assert_eq!(
        stranger.unwrap_err().to_string(),
        "the service answered 404 404201: Enrollment not found."
    );
    assert!(webhook.calls().is_empty());
}

#[tokio::test]
async fn a_tpm_that_lacks_the_enrolled_storage_root_key_is_refused() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let another = SoftwareTpm::generate().unwrap();
    let config = enrolling(&json!({
        "endorsementKey": tpm.endorsement_key(),
        "storageRootKey": another.storage_root_key(),
    }));
    let config = Config::parse(&config.to_string()).unwrap();
    let service = TestService::start(hurried(config, &webhook)).await;
    let refused = service.register(&device(DEVICE, &tpm)).await;
    assert_eq!(refused.unwrap_err().to_string(), UNAUTHORIZED);
    let body = json!({"tpm": {"EndorsementKey": tpm.endorsement_key(), "storageRootKey": null}});
    // The enrollment's is taken for the device's, which has another and can't read the nonce.
    let challenge = nonce(&send(&service, "PUT", "register", None, &body).await);
    assert!(tpm.activate(&challenge).is_err());
}

#[tokio::test]
async fn a_token_has_to_be_signed_with_the_nonce_that_was_sent_last() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let service = service(&webhook, &tpm).await;
    let first = tpm
        .activate(&nonce(&register(&service, None, &tpm).await))
        .unwrap();
    let second = tpm
        .activate(&nonce(&register(&service, None, &tpm).await))
        .unwrap();
    assert_ne!(
        first.to_base64().expose_secret(),
        second.to_base64().expose_secret()
    );
    let made_up = SymmetricKey::from_bytes(vec![7; 32]).unwrap();
    for key in [&first, &made_up] {
        check_unauthorized(&register(&service, Some(&sign(key)), &tpm).await);
    }
    let accepted = register(&service, Some(&sign(&second)), &tpm).await;
    assert_eq!(
        accepted.status_line(),
        "HTTP/1.1 202 Accepted",
        "{}",
        accepted.body
    );
}

#[tokio::test]
async fn a_token_that_has_started_a_registration_starts_no_other() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let service = service(&webhook, &tpm).await;
    let made_up = sign(&SymmetricKey::from_bytes(vec![7; 32]).unwrap());
    let unknown = register(&service, Some(&made_up), &tpm).await;
    let token = sign(&tpm.activate(&nonce(&unknown)).unwrap());
    let accepted = register(&service, Some(&token), &tpm).await;
    let operation = accepted.body["operationId"].as_str().unwrap();
    let operation = format!("operations/{operation}");
    let finished = loop {
        let answer = send(&service, "GET", &operation, Some(&token), &json!({})).await;
        if answer.body["status"] != "assigning" {
            break answer;
        }
    };
    let state = &finished.body["registrationState"];
    assert_eq!(state["status"], "assigned");
    let hub_key = state["tpm"]["authenticationKey"].as_str().unwrap();
    let hub_key = tpm.activate(hub_key).unwrap();

    let again = nonce(&register(&service, Some(&token), &tpm).await);
    assert_eq!(webhook.calls().len(), 1);
    let old = send(&service, "GET", &operation, Some(&token), &json!({})).await;
    check_unauthorized(&old);
    let fresh = tpm.activate(&again).unwrap();
    assert_ne!(
        fresh.to_base64().expose_secret(),
        hub_key.to_base64().expose_secret()
    );
    let answer = send(&service, "GET", &operation, Some(&sign(&fresh)), &json!({})).await;
    assert_eq!(answer.body["status"], "assigned", "{}", answer.body);
}

#[tokio::test]
async fn a_device_with_a_tpm_is_refused_over_mqtt() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let service = service(&webhook, &tpm).await;
    let (target, trust) = (service.target(), service.trust());
    for transport in [Transport::Mqtt, Transport::Ws] {
        let device = device(DEVICE, &tpm);
        let refused = device
            .register(transport, &target, &trust, |_| {})
            .await
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the service answered 400 400004: Invalid argument: a device with a TPM registers over \
             HTTPS or AMQP; the service takes none over MQTT"
        );
    }
    assert!(webhook.calls().is_empty());
}

#[tokio::test]
async fn a_registration_without_usable_keys_hears_what_is_wrong() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let tpm = SoftwareTpm::generate().unwrap();
    let service = service(&webhook, &tpm).await;
    let unusable = "must be base64 of the public area (TPM2B_PUBLIC) of an RSA key of 2048 bits with \
                    SHA-256 and AES-128, as the SDKs' tools print it";
    for (body, sentence) in [
        (
            json!({}),
            "tpm is missing, with endorsementKey and storageRootKey, which the enrollment asks for"
                .to_owned(),
        ),
        (
            json!({"tpm": {"storageRootKey": tpm.storage_root_key()}}),
            "tpm.endorsementKey is missing".to_owned(),
        ),
        (
            json!({"tpm": {"endorsementKey": tpm.endorsement_key()}}),
            "tpm.storageRootKey is missing".to_owned(),
        ),
        (
            json!({"tpm": {"endorsementKey": "RUs="}}),
            format!("tpm.endorsementKey can't be used: it {unusable}"),
        ),
    ] {
        let answer = send(&service, "PUT", "register", None, &body).await;
        assert_eq!(answer.status_line(), "HTTP/1.1 400 Bad Request", "{body}");
        assert_eq!(
            answer.body["message"],
            format!("Invalid argument: {sentence}")
        );
    }
    for body in [json!({"tpm": "EK"}), json!({"tpm": {"endorsementKey": 7}})] {
        let answer = send(&service, "PUT", "register", None, &body).await;
        assert_eq!(answer.body["errorCode"], 400_012, "{body}");
    }
}

#[test]
fn an_enrollment_that_no_tpm_can_have_is_refused() {
    let tpm = SoftwareTpm::generate().unwrap();
    let refused = |config: &Value| {
        let config = Config::parse(&config.to_string()).unwrap();
        config.settings().unwrap_err().to_string()
    };
    assert_eq!(
        refused(&enrolling(&Value::Null)),
        "enrollment press-07: attestation.tpm.endorsementKey is missing, which is the TPM's own"
    );
    for (keys, member) in [
        (json!({"endorsementKey": "RUs="}), "endorsementKey"),
        (
            json!({"endorsementKey": tpm.endorsement_key(), "storageRootKey": "?"}),
            "storageRootKey",
        ),
    ] {
        let refusal = refused(&enrolling(&keys));
        let opening = format!(
            "enrollment press-07: attestation.tpm.{member} can't be used: it must be base64"
        );
        assert!(refusal.starts_with(&opening), "{refusal}");
    }
    let group = json!({"linkedHubs": [TOASTERS], "enrollmentGroups": [
        {"enrollmentGroupId": "g", "attestation": {"type": "tpm", "tpm": keys(&tpm)}}]});
    assert_eq!(
        refused(&group),
        "enrollment g: attestation.type is tpm, which only an individual enrollment can have"
    );
}
