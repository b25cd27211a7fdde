//! Each file of `fixtures/field/` behaves as the README beside it says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use emulator_text::read_text;
use provisioning::{Certificate, Config, Period, TrialDevice};
use serde_json::json;
use simulated_device::credential::ClientCertificate;
use simulated_device::registration::Device;
use support::{
    TOASTERS, TestService, TestWebhook, assign, connect, device, device_key, exchange, hurried,
    tutorial,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/field");
const TOASTER: &str = "device-1-contoso-tstrsd-007";

/// What a file is, and what must become of it.
#[derive(Clone, Copy)]
enum Check {
    /// The body of a registration, and the error that it gets.
    Registration(Option<u32>),
    /// A configuration, and what the sentence that refuses it says.
    Configuration(Option<&'static str>),
    /// A webhook's answer that assigns.
    Answer,
    /// The configuration in a text on a certificate of another name.
    CommonName,
    /// The test beside this crate's that uses the file.
    Test(&'static str),
}

const CHECKS: [(&str, Check); 12] = [
    ("cn-mismatch.md", Check::CommonName),
    ("config-bom.json", Check::Configuration(None)),
    (
        "config-geolatency.json",
        Check::Configuration(Some(
            "enrollment my-group: allocationPolicy geoLatency isn't emulated, as no latency to a hub can be measured here",
        )),
    ),
    (
        "config-x509-group.json",
        Check::Configuration(Some(
            "enrollment my-x509-group: attestation.x509.signingCertificates.primary.certificate is missing",
        )),
    ),
    (
        "events-two-components.json",
        Check::Test("digital-twins/tests/components.rs"),
    ),
    (
        "function-renamed-binding.json",
        Check::Test("tests/emulated_host.rs"),
    ),
    (
        "registration-modelid-top-level.json",
        Check::Registration(Some(400_012)),
    ),
    (
        "registration-nested-quotes.txt",
        Check::Registration(Some(400_012)),
    ),
    ("registration-pascal-case.json", Check::Registration(None)),
    (
        "request-bom.json",
        Check::Test("emulator/cli/tests/commands.rs"),
    ),
    (
        "request-good.json",
        Check::Test("emulator/cli/tests/commands.rs"),
    ),
    ("webhook-answer-desired-top-level.json", Check::Answer),
];

fn text(name: &str) -> String {
    read_text(&Path::new(FOLDER).join(name)).unwrap()
}

async fn registration(name: &str, error: Option<u32>) {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let token = support::token(&device_key(TOASTER), TOASTER);
    let request = format!(
        "PUT /0ne00LOCAL1/registrations/{TOASTER}/register?api-version=2021-06-01 HTTP/1.1\r\nAuthorization: {token}"
    );
    let tls = connect(&service, service.endpoints.https, None).await;
    let answer = exchange(tls, &request, &text(name)).await;
    let expected = match error {
        None => ("HTTP/1.1 202 Accepted", json!(null)),
        Some(code) => ("HTTP/1.1 400 Bad Request", json!(code)),
    };
    let actual = (answer.status_line(), answer.body["errorCode"].clone());
    assert_eq!(actual, expected, "{name}");
}

fn configuration(name: &str, refused: Option<&str>) {
    let settings = Config::parse(&text(name)).and_then(Config::settings);
    match (settings, refused) {
        (Ok(settings), None) => assert_eq!(settings.enrollments.groups().count(), 1, "{name}"),
        (Err(error), Some(sentence)) => {
            let error = format!("{error:#}");
            assert!(error.starts_with(sentence), "{name}: {error}");
        }
        (settings, refused) => panic!("{name}: {settings:?}, not {refused:?}"),
    }
}

async fn answer(name: &str) {
    let text = text(name);
    let webhook = TestWebhook::start(move |_, _| (200, text.clone())).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let assigned = service.register(&device(TOASTER)).await.unwrap();
    assert_eq!(assigned.hub, TOASTERS, "{name}");
    let service = service.provisioning.service();
    let twin = &service.hubs().device(TOASTERS, TOASTER).unwrap().twin;
    let twin = serde_json::to_value(twin).unwrap();
    assert_eq!(twin, json!({"tags": {"a": 1}, "desired": {}}), "{name}");
}

async fn common_name(name: &str) {
    let certificate = TrialDevice::self_signed("device-a", Period::of_days(1)).unwrap();
    let info = Certificate::from_der(certificate.der()).unwrap().info();
    let thumbprint = info.sha256_thumbprint.unwrap();
    let text = text(name);
    let (_, config) = text.split_once("\n    {").unwrap();
    let config = format!("{{{config}").replace("FINGERPRINT", &thumbprint);
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(hurried(Config::parse(&config).unwrap(), &webhook)).await;
    let device = Device {
        registration_id: "device-b-contoso-tstrsd-007".to_owned(),
        credential: ClientCertificate::from_pem(&certificate.pem(), &certificate.key_pem())
            .unwrap()
            .into(),
        payload: None,
    };
    let refused = service.register(&device).await.unwrap_err();
    let expected = "the service answered 401 401002: Invalid certificate.";
    assert_eq!(refused.to_string(), expected, "{name}");
}

fn used_by(name: &str, test: &str) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let source = std::fs::read_to_string(root.join(test)).unwrap();
    assert!(source.contains(name), "{test} doesn't use {name}");
}

#[tokio::test]
async fn every_file_is_checked_and_behaves() {
    let files: BTreeSet<String> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let checked: BTreeSet<String> = CHECKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, checked);
    for (name, check) in CHECKS {
        match check {
            Check::Registration(error) => registration(name, error).await,
            Check::Configuration(refused) => configuration(name, refused),
            Check::Answer => answer(name).await,
            Check::CommonName => common_name(name).await,
            Check::Test(test) => used_by(name, test),
        }
    }
}
