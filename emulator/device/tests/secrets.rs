//! No secret is in the `Debug` of what holds one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Debug;

use provisioning::{Period, TrialDevice};
use secrecy::SecretString;
use serde_json::json;
use simulated_device::credential::{ClientCertificate, Credential};
use simulated_device::keys::sas_token::sas_token;
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::Device;
use simulated_device::tpm::SoftwareTpm;

const KEY: &str = "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=";

#[track_caller]
fn check(value: &dyn Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
}

#[test]
fn nothing_that_holds_a_secret_shows_it() {
    let key: SymmetricKey = KEY.parse().unwrap();
    let hidden_key = "SymmetricKey(SecretBox<[u8]>([REDACTED]))";
    check(&key, hidden_key);
    check(&key.to_base64(), "SecretBox<str>([REDACTED])");
    check(
        &sas_token(&key, "0ne00LOCAL1", "toaster", 1),
        "SecretBox<str>([REDACTED])",
    );

    let certificate = TrialDevice::self_signed("toaster", Period::of_days(1)).unwrap();
    let private_key = certificate.key_pem();
    let certificate = ClientCertificate::from_pem(&certificate.pem(), &private_key).unwrap();
    check(&certificate, "ClientCertificate(…)");

    let tpm = SoftwareTpm::generate().unwrap();
    check(&tpm, "SoftwareTpm(…)");
    check(&tpm.to_pem().unwrap(), "SecretBox<str>([REDACTED])");

    for (credential, hidden) in [
        (Credential::from(key), format!("SymmetricKey({hidden_key})")),
        (
            certificate.into(),
            "Certificate(ClientCertificate(…))".to_owned(),
        ),
        (tpm.into(), "Tpm(SoftwareTpm(…))".to_owned()),
    ] {
        check(&credential, &hidden);
        let device = Device {
            registration_id: "toaster".to_owned(),
            credential,
            payload: Some(json!({"line": 7})),
        };
        check(
            &device,
            &format!(
                "Device {{ registration_id: \"toaster\", credential: {hidden}, \
                 payload: Some(Object {{\"line\": Number(7)}}) }}"
            ),
        );
    }
}

#[test]
fn an_error_shows_nothing_of_the_text_that_it_is_about() {
    let text = "c2VjcmV0 with a typing error";
    let key = SymmetricKey::parse(text).unwrap_err();
    check(&key, "SymmetricKeyError");
    let text: SecretString = text.into();
    check(&SoftwareTpm::from_pem(&text).unwrap_err(), "Read");
    let device = TrialDevice::self_signed("toaster", Period::of_days(1)).unwrap();
    let error = ClientCertificate::from_pem(&device.pem(), &text).unwrap_err();
    check(&error, "NoKey");
}
