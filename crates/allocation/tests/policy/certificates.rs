//! What of a certificate a policy sees, and when an unreadable one matters.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    Certificate, CertificateParams, DistinguishedName, DnType, DnValue, Issuer, KeyPair,
    SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::support::{decide, request, rules};

const HUB: &str = "h.azure-devices.net";

/// A second organizational unit: rcgen holds one of each type that it knows.
fn second_unit() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 11])
}

fn issuer() -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Fabrikam Device CA 1");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Fabrikam");
    Issuer::new(params, KeyPair::generate().unwrap())
}

fn certificate(serial: &[u8]) -> Certificate {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationalUnitName, "Line 7");
    name.push(second_unit(), "Line 8");
    name.push(DnType::CommonName, "dev-1");
    name.push(DnType::OrganizationName, "Fabrikam, Inc. \"Süd\"");
    name.push(
        DnType::CountryName,
        DnValue::PrintableString("DE".try_into().unwrap()),
    );
    name.push(
        DnType::StateOrProvinceName,
        DnValue::BmpString("Łódź".try_into().unwrap()),
    );
    name.push(DnType::LocalityName, "München");
    params.distinguished_name = name;
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.not_before = date_time_ymd(2026, 1, 2) + Duration::from_secs(3 * 3600 + 4 * 60 + 5);
    // Behind 2049 the time is written in another type.
    params.not_after = date_time_ymd(2051, 12, 31);
    params
        .signed_by(&KeyPair::generate().unwrap(), &issuer())
        .unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02X}").unwrap();
        hex
    })
}

/// What is decided on a device with this `x509` member, where the payload tells the whole
/// certificate.
#[track_caller]
fn told(x509: &Value) -> Value {
    let file = rules(&json!([
        {"name": "with", "when": {"certificate": {"exists": true}}, "hub": {}, "payload": "{certificate}"},
        {"name": "without", "when": {"certificate": {"exists": false}}, "hub": {}},
    ]));
    decide(&file, &request("dev-1", &json!({"x509": x509}), &[HUB]))
}

#[test]
fn a_certificate_tells_names_number_validity_and_thumbprints() {
    let certificate = certificate(&[0x00, 0x0a, 0xbc, 0x00]);
    let der = certificate.der();
    let decision = told(&json!({"clientCertificate": STANDARD.encode(der)}));
    assert_eq!(
        decision["payload"],
        json!({
            "subject": {
                "CN": "dev-1", "O": "Fabrikam, Inc. \"Süd\"", "OU": "Line 7",
                "C": "DE", "ST": "Łódź", "L": "München",
            },
            "issuer": {"CN": "Fabrikam Device CA 1", "O": "Fabrikam"},
            "serialNumber": "0ABC00",
            "notBefore": "2026-01-02T03:04:05Z",
            "notAfter": "2051-12-31T00:00:00Z",
            "sha1Thumbprint": hex(&Sha1::digest(der)),
            "sha256Thumbprint": hex(&Sha256::digest(der)),
        })
    );
}

#[test]
fn a_serial_number_has_no_leading_zero_byte() {
    for (serial, expected) in [
        (&[0x01][..], "01"),
        (&[0x00], "00"),
        (&[0x00, 0x00, 0x7f], "7F"),
        // DER puts a zero byte before it, as it would else be negative.
        (&[0xff, 0x01], "FF01"),
    ] {
        let certificate = STANDARD.encode(certificate(serial).der());
        let decision = told(&json!({"clientCertificate": certificate}));
        assert_eq!(decision["payload"]["serialNumber"], expected, "{serial:?}");
    }
}

#[test]
fn a_certificate_is_base64_of_der_base64_of_pem_or_pem() {
    let certificate = certificate(&[1]);
    let (der, pem) = (STANDARD.encode(certificate.der()), certificate.pem());
    let expected = hex(&Sha1::digest(certificate.der()));
    for text in [
        der.clone(),
        der.trim_end_matches('=').to_owned(),
        format!("{}\r\n{}\r\n", &der[..64], &der[64..]),
        STANDARD.encode(&pem),
        pem.clone(),
        pem.replace('\n', "\r\n"),
        format!("subject=CN = dev-1\n{pem}"),
    ] {
        let decision = told(&json!({"clientCertificate": text}));
        assert_eq!(decision["rule"], "with", "{text}");
        assert_eq!(decision["payload"]["sha1Thumbprint"], expected, "{text}");
    }
}

#[test]
fn a_certificate_that_is_absent_or_null_is_missing() {
    for x509 in [json!(null), json!({}), json!({"clientCertificate": null})] {
        assert_eq!(
            told(&x509),
            json!({"rule": "without", "status": 200, "hub": HUB}),
            "{x509}"
        );
    }
    let file = rules(&json!([
        {"name": "with", "when": {"certificate": {"exists": true}}, "hub": {}},
    ]));
    let decision = decide(&file, &request("dev-1", &json!({}), &[HUB]));
    assert_eq!(decision["rule"], "otherwise");
}

#[test]
fn anything_else_is_unreadable_and_refused() {
    let certificate = certificate(&[1]);
    let der = certificate.der();
    let pem = certificate.pem();
    let cut = &der[..der.len() - 1];
    let and_more = [der.as_ref(), b"x"].concat();
    for unreadable in [
        json!(""),
        json!("no base64"),
        json!(STANDARD.encode("no DER")),
        json!(STANDARD.encode(cut)),
        json!(STANDARD.encode(and_more)),
        json!(pem.replace("-----END CERTIFICATE-----", "")),
        json!("-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n"),
        json!(5),
        json!(true),
        json!([STANDARD.encode(der)]),
        json!({"der": STANDARD.encode(der)}),
    ] {
        assert_eq!(
            told(&json!({"clientCertificate": unreadable})),
            json!({"rule": "with", "status": 400, "sentence": "The device's certificate can't be read."}),
            "{unreadable}"
        );
    }
}

#[test]
fn an_unreadable_certificate_matters_when_its_rule_s_turn_comes() {
    let file = rules(&json!([
        {"name": "early", "when": {"registrationId": "early"}, "hub": {}},
        {"name": "needs", "when": {"registrationId": "other", "certificate.subject.O": "Fabrikam"},
         "hub": {}},
        {"name": "late", "when": {"registrationId": "late"}, "hub": {}},
    ]));
    for (id, rule, status) in [
        ("early", "early", 200),
        // Whatever the rule's other conditions say.
        ("late", "needs", 400),
        ("other", "needs", 400),
    ] {
        let x509 = json!({"x509": {"clientCertificate": "%"}});
        let decision = decide(&file, &request(id, &x509, &[HUB]));
        assert_eq!(
            (&decision["rule"], &decision["status"]),
            (&json!(rule), &json!(status)),
            "{id}"
        );
    }
}

#[test]
fn a_certificate_is_needed_wherever_a_rule_names_it() {
    let by_key = json!({"t": {"key": "{certificate.subject.OU}", "table": {}}});
    for (rows, rule) in [
        (json!({}), json!({"hub": "{certificate.subject.CN}"})),
        (
            json!({}),
            json!({"hub": {"among": {"not": "{certificate.subject.CN}"}}}),
        ),
        (
            json!({}),
            json!({"hub": {}, "initialTwin": {"tags": {"a": "{certificate.subject.CN?}"}}}),
        ),
        (
            json!({}),
            json!({"hub": {}, "payload": {"a": ["{certificate.subject.CN?}"]}}),
        ),
        (
            json!({}),
            json!({"hub": {}, "when": {"anyOf": [{"registrationId": "dev-1"},
                {"registrationId": "{certificate.subject.CN}"}]}}),
        ),
        (
            by_key.clone(),
            json!({"hub": {}, "when": {"rows.t": {"exists": false}}}),
        ),
        (by_key, json!({"hub": {}, "payload": {"a": "{rows.t.x?}"}})),
    ] {
        let mut rule = rule;
        rule["name"] = json!("needs");
        let mut file = json!({"version": 1, "rows": rows, "rules": [rule]});
        if rule.get("when").is_some() {
            file["otherwise"] = json!({"refuse": "No."});
        }
        let x509 = json!({"x509": {"clientCertificate": "%"}});
        let decision = decide(
            &crate::support::policy(&file),
            &request("dev-1", &x509, &[HUB]),
        );
        assert_eq!(
            decision["sentence"], "The device's certificate can't be read.",
            "{file}"
        );
    }
}
