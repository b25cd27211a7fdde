use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::*;
use crate::enrollment::config::Config;
use crate::keys::trial_certificates::{Period, TrialAuthority, TrialDevice};
use crate::service::attestation::attest;
use crate::service::caller::Transport;
use crate::service::tpm::Nonces;
use crate::wire::request_error::RequestError;

const HUB: &str = "contoso-toasters-hub-1098.azure-devices.net";
const DEVICE: &str = "toaster-1";

fn year() -> Period {
    Period::of_days(365)
}

/// A root, an intermediate and a second intermediate below it.
struct Pki {
    root: TrialAuthority,
    upper: TrialAuthority,
    lower: TrialAuthority,
}

impl Pki {
    fn new() -> Self {
        let root = TrialAuthority::root("Root", year()).unwrap();
        let upper = root.intermediate("Upper", year()).unwrap();
        let lower = upper.intermediate("Lower", year()).unwrap();
        Self { root, upper, lower }
    }

    fn device(&self) -> TrialDevice {
        self.lower.device(DEVICE, year()).unwrap()
    }
}

fn group(name: &str, signing: &TrialAuthority) -> Value {
    json!({"enrollmentGroupId": name,
        "attestation": {"type": "x509", "x509": {"signingCertificates": {"primary": {"certificate": signing.pem()}}}}})
}

fn config(groups: &[Value]) -> Value {
    json!({"linkedHubs": [HUB], "enrollmentGroups": groups})
}

fn uploaded(name: &str, authority: &TrialAuthority) -> Value {
    json!({"name": name, "certificate": authority.pem()})
}

/// A caller that sends these certificates, its own first.
fn caller(chain: &[&CertificateDer<'static>]) -> Caller {
    let chain: Vec<CertificateDer<'static>> = chain.iter().copied().cloned().collect();
    Caller {
        id_scope: "0ne00LOCAL1".to_owned(),
        registration_id: DEVICE.to_owned(),
        sas_token: None,
        certificate: DeviceCertificate::from_chain(&chain),
        transport: Transport::Https,
    }
}

/// The enrollment that the caller comes through, or the refusal.
fn outcome(config: &Value, caller: &Caller) -> Result<String, RequestError> {
    let settings = Config::parse(&config.to_string())
        .unwrap()
        .settings()
        .unwrap();
    let now = Timestamp::now();
    let attested = attest(
        &settings.enrollments,
        &Nonces::default(),
        "0ne00LOCAL1",
        caller,
        now,
    )?;
    Ok(attested.enrollment.to_string())
}

#[track_caller]
fn check_refused(config: &Value, caller: &Caller, message: &str, reason: &str) {
    match outcome(config, caller) {
        Err(RequestError::BadCertificate(refusal)) => {
            assert_eq!(refusal.to_string(), message);
            assert!(refusal.reason().contains(reason), "{}", refusal.reason());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_takes_a_device_whose_chain_leads_to_its_certificate() {
    let pki = Pki::new();
    let device = pki.device();
    let whole = caller(&[device.der(), pki.lower.der(), pki.upper.der()]);
    for authority in [&pki.root, &pki.upper, &pki.lower] {
        let config = config(&[group("g", authority)]);
        assert_eq!(outcome(&config, &whole), Ok("group g".to_owned()));
    }
    let with_root = caller(&[
        device.der(),
        pki.lower.der(),
        pki.upper.der(),
        pki.root.der(),
    ]);
    let config = config(&[group("g", &pki.root)]);
    assert_eq!(outcome(&config, &with_root), Ok("group g".to_owned()));
    check_refused(
        &config,
        &caller(&[device.der()]),
        "CA certificate not found.",
        "which CN=Lower issued; enroll a group with that certificate or one above it, and send all certificates in between",
    );
}

#[test]
fn the_secondary_certificate_and_named_certificates_count_as_well() {
    let pki = Pki::new();
    let device = pki.lower.device(DEVICE, year()).unwrap();
    let caller = caller(&[device.der(), pki.lower.der(), pki.upper.der()]);
    let other = TrialAuthority::root("Other", year()).unwrap();
    let mut rolled = group("rolled", &other);
    rolled["attestation"]["x509"]["signingCertificates"]["secondary"] =
        json!({"certificate": pki.upper.pem()});
    assert_eq!(
        outcome(&config(&[rolled]), &caller),
        Ok("group rolled".to_owned())
    );

    let names = json!({"primary": "other", "secondary": "Upper"});
    let by_name = json!({"enrollmentGroupId": "named",
        "attestation": {"type": "x509", "x509": {"caReferences": names}}});
    let mut config = config(&[by_name]);
    config["certificates"] = json!([
        uploaded("other", &other),
        {"name": "upper", "properties": {"certificate": pki.upper.pem(), "isVerified": true}},
    ]);
    assert_eq!(outcome(&config, &caller), Ok("group named".to_owned()));
}

#[test]
fn the_group_nearest_to_the_device_decides() {
    let pki = Pki::new();
    let device = pki.device();
    let caller = caller(&[device.der(), pki.lower.der(), pki.upper.der()]);
    let groups = [
        group("root", &pki.root),
        group("lower", &pki.lower),
        group("upper", &pki.upper),
    ];
    assert_eq!(
        outcome(&config(&groups), &caller),
        Ok("group lower".to_owned())
    );
}

#[test]
fn a_chain_must_end_at_an_uploaded_certificate_where_they_are_listed() {
    let pki = Pki::new();
    let device = pki.device();
    let mut config = config(&[group("g", &pki.lower)]);
    config["certificates"] = json!([uploaded("root", &pki.root)]);
    let whole = caller(&[device.der(), pki.lower.der(), pki.upper.der()]);
    assert_eq!(outcome(&config, &whole), Ok("group g".to_owned()));
    check_refused(
        &config,
        &caller(&[device.der(), pki.lower.der()]),
        "CA certificate not found.",
        "send all intermediate certificates behind the device's own",
    );
    config["enrollmentGroups"] = json!([group("g", &TrialAuthority::root("X", year()).unwrap())]);
    check_refused(
        &config,
        &whole,
        "Signing certificate info did not match chain elements",
        "no group's certificate is in it",
    );
}

#[test]
fn what_is_wrong_with_a_certificate_is_told() {
    let pki = Pki::new();
    let config = config(&[group("g", &pki.lower)]);
    let invalid = "Invalid certificate.";
    let mut expired = Period::of_days(-1);
    expired.not_before = expired.not_after - time::Duration::DAY;
    let device = pki.lower.device(DEVICE, expired).unwrap();
    check_refused(
        &config,
        &caller(&[device.der()]),
        invalid,
        "the device's certificate expired at ",
    );
    let mut early = year();
    early.not_before += time::Duration::days(2);
    let device = pki.lower.device(DEVICE, early).unwrap();
    check_refused(
        &config,
        &caller(&[device.der()]),
        invalid,
        "mind this computer's clock",
    );
    let device = pki.lower.device("toaster-2", year()).unwrap();
    check_refused(
        &config,
        &caller(&[device.der()]),
        invalid,
        "must be the common name of the device's certificate, which is \"toaster-2\"; register as \"toaster-2\"",
    );
    check_refused(
        &config,
        &caller(&[]),
        invalid,
        "the device presented none in its TLS handshake",
    );
    check_refused(
        &config,
        &caller(&[pki.lower.intermediate(DEVICE, year()).unwrap().der()]),
        invalid,
        "issue it with basicConstraints CA:FALSE",
    );
}

#[test]
fn an_authority_must_hold_too() {
    let mut past = Period::of_days(-1);
    past.not_before = past.not_after - time::Duration::DAY;
    let root = TrialAuthority::root("Root", past).unwrap();
    let device = root.device(DEVICE, year()).unwrap();
    check_refused(
        &config(&[group("g", &root)]),
        &caller(&[device.der()]),
        "Invalid certificate.",
        "group g: the authority's certificate CN=Root expired at ",
    );
    let root = TrialAuthority::root("Root", year()).unwrap();
    let intermediate = root.intermediate("Old", past).unwrap();
    let device = intermediate.device(DEVICE, year()).unwrap();
    check_refused(
        &config(&[group("g", &root)]),
        &caller(&[device.der(), intermediate.der()]),
        "Invalid certificate.",
        "group g: an intermediate certificate that the device sent has expired",
    );
}

#[test]
fn an_authority_of_the_same_name_is_another() {
    let (root, impostor) = (Pki::new().root, Pki::new().root);
    let device = impostor.device(DEVICE, year()).unwrap();
    check_refused(
        &config(&[group("g", &root)]),
        &caller(&[device.der()]),
        "CA certificate not found.",
        "which CN=Root issued",
    );
    check_refused(
        &config(&[group("g", &root)]),
        &Caller {
            registration_id: "Root".to_owned(),
            ..caller(&[root.der()])
        },
        "Signing certificate info did not match chain elements",
        "the device presents the certificate of group g; issue one for the device itself",
    );
}

#[test]
fn a_disabled_individual_enrollment_shuts_one_device_out() {
    let pki = Pki::new();
    let device = pki.device();
    let caller = caller(&[device.der(), pki.lower.der()]);
    let mut config = config(&[group("g", &pki.upper)]);
    config["enrollments"] = json!([{"registrationId": DEVICE, "provisioningStatus": "disabled",
        "attestation": {"type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": device.pem()}}}}}]);
    assert_eq!(outcome(&config, &caller), Ok("device toaster-1".to_owned()));
}

#[test]
fn a_configuration_that_lacks_a_certificate_says_where_to_get_it() {
    #[track_caller]
    fn check(x509: &Value, certificates: &Value, sentence: &str) {
        let mut config = config(&[
            json!({"enrollmentGroupId": "g", "attestation": {"type": "x509", "x509": x509}}),
        ]);
        if !certificates.is_null() {
            config["certificates"] = certificates.clone();
        }
        let error = Config::parse(&config.to_string())
            .and_then(Config::settings)
            .unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
    let info = json!({"subjectName": "CN=My-Intermediate-CA", "sha256Thumbprint": "AB".repeat(32)});
    check(
        &json!({"signingCertificates": {"primary": {"certificate": null, "info": info}, "secondary": null}}),
        &Value::Null,
        "enrollment g: attestation.x509.signingCertificates.primary.certificate is missing, as the service prints its info \
         alone, and signatures are verified with the certificate itself; put there the text of the file that the group was \
         made with (az iot dps enrollment-group create --certificate-path FILE), PEM or base64",
    );
    check(
        &json!({"signingCertificates": {"primary": {"certificate": "root.pem"}}}),
        &Value::Null,
        "enrollment g: attestation.x509.signingCertificates.primary.certificate: it must be a certificate in PEM, or in \
         base64 of DER",
    );
    check(
        &json!({}),
        &Value::Null,
        "enrollment g: attestation.x509 of a group needs signingCertificates.primary.certificate or caReferences.primary",
    );
    let named = json!({"caReferences": {"primary": "root"}});
    check(
        &named,
        &Value::Null,
        "enrollment g: attestation.x509.caReferences names \"root\"; add it to the configuration's \"certificates\", as \
         {\"name\": \"root\", \"certificate\": \"…\"} or as az iot dps certificate show prints it",
    );
    let root = TrialAuthority::root("Root", year()).unwrap();
    check(
        &named,
        &json!([{"name": "root", "properties": {"certificate": root.pem(), "isVerified": false}}]),
        "enrollment g: attestation.x509.caReferences names \"root\", which isn't verified; the service takes verified \
         certificates only",
    );
    check(
        &named,
        &json!([{"name": "root"}]),
        "certificate root: it isn't an X.509 certificate",
    );
}
