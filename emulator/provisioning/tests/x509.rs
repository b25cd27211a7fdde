//! Devices that prove themselves with a certificate: their own, which their enrollment names, or
//! one that leads to a group's.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use provisioning::{Config, Period, TrialAuthority, TrialDevice};
use serde_json::{Value, json};
use simulated_device::connection::Transport;
use simulated_device::credential::ClientCertificate;
use simulated_device::registration::{Assigned, Device, RegistrationError};
use support::{TOASTERS, TestService, TestWebhook, assign, hurried};

const DEVICE: &str = "x509-dev-1";
const TRANSPORTS: [Transport; 3] = [Transport::Https, Transport::Mqtt, Transport::Ws];

fn year() -> Period {
    Period::of_days(365)
}

async fn service(webhook: &TestWebhook, config: &Value) -> TestService {
    let config = Config::parse(&config.to_string()).unwrap();
    TestService::start(hurried(config, webhook)).await
}

/// A service that enrolls the device with this certificate.
fn individual(enrolled: &TrialDevice) -> Value {
    json!({
        "linkedHubs": [TOASTERS],
        "enrollments": [{
            "registrationId": DEVICE,
            "deviceId": "press-07",
            "allocationPolicy": "custom",
            "attestation": {"type": "x509", "x509": {"clientCertificates": {
                "primary": {"certificate": enrolled.pem()}, "secondary": null}, "caReferences": null}},
        }],
    })
}

/// A service that enrolls whom `signing` signed.
fn group(signing: &TrialAuthority) -> Value {
    json!({
        "linkedHubs": [TOASTERS],
        "enrollmentGroups": [{
            "enrollmentGroupId": "g",
            "allocationPolicy": "custom",
            "attestation": {"type": "x509", "x509": {"signingCertificates": {"primary": {"certificate": signing.pem()}}}},
        }],
    })
}

/// A device that presents its certificate, and others behind it.
fn device(certificate: &TrialDevice, behind: &[&TrialAuthority]) -> Device {
    let chain: String = behind.iter().map(|authority| authority.pem()).collect();
    let pem = certificate.pem() + &chain;
    Device {
        registration_id: DEVICE.to_owned(),
        credential: ClientCertificate::from_pem(&pem, &certificate.key_pem())
            .unwrap()
            .into(),
        payload: None,
    }
}

async fn register(
    service: &TestService,
    device: &Device,
    transport: Transport,
) -> Result<Assigned, RegistrationError> {
    let (target, trust) = (service.target(), service.trust());
    device.register(transport, &target, &trust, |_| {}).await
}

async fn check_refused(service: &TestService, device: &Device, message: &str) {
    for transport in TRANSPORTS {
        let refused = register(service, device, transport).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("the service answered 401 401002: {message}"),
            "{transport}"
        );
    }
}

#[tokio::test]
async fn a_device_with_the_enrolled_certificate_is_assigned_over_each_transport() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let certificate = TrialDevice::self_signed(DEVICE, year()).unwrap();
    let service = service(&webhook, &individual(&certificate)).await;
    for transport in TRANSPORTS {
        let device = device(&certificate, &[]);
        let assigned = register(&service, &device, transport).await.unwrap();
        assert_eq!(assigned.hub, TOASTERS);
        assert_eq!(assigned.device_id, "press-07");
    }
    let call = webhook.calls().remove(0);
    let sent = &call.body["deviceRuntimeContext"]["x509"];
    assert_eq!(
        *sent,
        json!({"clientCertificate": STANDARD.encode(certificate.der())})
    );
    let enrollment = &call.body["individualEnrollment"];
    assert_eq!(enrollment["deviceId"], "press-07");
    let sent = &enrollment["attestation"]["x509"]["clientCertificates"];
    assert_eq!(sent["primary"]["info"]["subjectName"], "CN=x509-dev-1");
    assert_eq!(sent["primary"]["certificate"], Value::Null);
    assert_eq!(sent.as_object().unwrap().len(), 1, "{sent}");
}

#[tokio::test]
async fn a_device_without_the_enrolled_certificate_is_refused_over_each_transport() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let enrolled = TrialDevice::self_signed(DEVICE, year()).unwrap();
    let service = service(&webhook, &individual(&enrolled)).await;
    let another = TrialDevice::self_signed(DEVICE, year()).unwrap();
    check_refused(&service, &device(&another, &[]), "Invalid certificate.").await;
    assert!(webhook.calls().is_empty());
}

#[tokio::test]
async fn the_registration_id_must_be_the_certificates_common_name() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let certificate = TrialDevice::self_signed("device-a", year()).unwrap();
    let service = service(&webhook, &individual(&certificate)).await;
    check_refused(&service, &device(&certificate, &[]), "Invalid certificate.").await;
    assert!(webhook.calls().is_empty());
}

#[tokio::test]
async fn a_device_of_a_group_is_assigned_over_each_transport() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let root = TrialAuthority::root("Root", year()).unwrap();
    let intermediate = root.intermediate("Intermediate", year()).unwrap();
    let certificate = intermediate.device(DEVICE, year()).unwrap();
    let service = service(&webhook, &group(&root)).await;
    for transport in TRANSPORTS {
        let device = device(&certificate, &[&intermediate]);
        let assigned = register(&service, &device, transport).await.unwrap();
        assert_eq!(assigned.device_id, DEVICE, "{transport}");
    }
    let call = webhook.calls().remove(0);
    assert_eq!(
        call.body["deviceRuntimeContext"]["x509"],
        json!({"clientCertificate": STANDARD.encode(certificate.der())})
    );
    let x509 = &call.body["enrollmentGroup"]["attestation"]["x509"];
    let signing = &x509["signingCertificates"]["primary"];
    assert_eq!(signing["info"]["issuerName"], "CN=Root");
    assert_eq!(signing["certificate"], Value::Null);

    let authority_not_found = "CA certificate not found.";
    check_refused(&service, &device(&certificate, &[]), authority_not_found).await;
    let stranger = TrialAuthority::root("Root", year()).unwrap();
    let impostor = stranger.device(DEVICE, year()).unwrap();
    check_refused(&service, &device(&impostor, &[]), authority_not_found).await;
    assert_eq!(webhook.calls().len(), TRANSPORTS.len());
}

#[tokio::test]
async fn a_device_whose_enrollment_is_disabled_hears_so_though_its_group_is_enabled() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let root = TrialAuthority::root("Root", year()).unwrap();
    let certificate = root.device(DEVICE, year()).unwrap();
    let mut config = group(&root);
    config["enrollments"] = individual(&certificate)["enrollments"].clone();
    config["enrollments"][0]["provisioningStatus"] = json!("disabled");
    let service = service(&webhook, &config).await;
    for transport in TRANSPORTS {
        let device = device(&certificate, &[]);
        let refused = register(&service, &device, transport).await.unwrap_err();
        assert!(matches!(refused, RegistrationError::Disabled), "{refused}");
    }
    assert!(webhook.calls().is_empty());
}
