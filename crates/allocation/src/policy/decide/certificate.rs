//! What a policy may know of the device's certificate.
//!
//! The service sends the leaf as base64; its members become JSON, so that paths find them as they
//! find all else.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::policy::json::text::{Value, quote};

/// What `x509.clientCertificate` holds is not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadableCertificate;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const PEM_START: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// The certificate of the member `x509` as JSON; `None` when there is none.
pub(crate) fn read(x509: &str) -> Result<Option<String>, UnreadableCertificate> {
    let names = ["clientCertificate".to_owned()];
    match Value::at(x509, &names) {
        Value::Missing => Ok(None),
        Value::Text(text) => {
            let der = der(&text).ok_or(UnreadableCertificate)?;
            describe(&der).map(Some).ok_or(UnreadableCertificate)
        }
        _ => Err(UnreadableCertificate),
    }
}

/// The DER of base64 of DER, of base64 of PEM, or of PEM.
fn der(text: &str) -> Option<Vec<u8>> {
    if text.contains(PEM_START) {
        return pem(text);
    }
    let bytes = base64(text)?;
    match std::str::from_utf8(&bytes) {
        Ok(inside) if inside.contains(PEM_START) => pem(inside),
        _ => Some(bytes),
    }
}

fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, behind) = text.split_once(PEM_START)?;
    let (inside, _) = behind.split_once(PEM_END)?;
    base64(inside)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    BASE64.decode(text).ok()
}

fn describe(der: &[u8]) -> Option<String> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let mut json = String::from("{\"subject\":");
    name(certificate.subject(), &mut json);
    json.push_str(",\"issuer\":");
    name(certificate.issuer(), &mut json);
    let mut member = |name: &str, value: &str| {
        json.push_str(",\"");
        json.push_str(name);
        json.push_str("\":");
        quote(value, &mut json);
    };
    member("serialNumber", &serial_number(certificate.raw_serial()));
    member("notBefore", &time(certificate.validity().not_before));
    member("notAfter", &time(certificate.validity().not_after));
    member("sha1Thumbprint", &hex(&Sha1::digest(der)));
    member("sha256Thumbprint", &hex(&Sha256::digest(der)));
    json.push('}');
    Some(json)
}

/// The attributes that paths know; of one that is there twice, the first.
fn name(name: &X509Name<'_>, json: &mut String) {
    use x509_parser::oid_registry as oid;
    let attributes = [
        ("CN", oid::OID_X509_COMMON_NAME),
        ("O", oid::OID_X509_ORGANIZATION_NAME),
        ("OU", oid::OID_X509_ORGANIZATIONAL_UNIT),
        ("C", oid::OID_X509_COUNTRY_NAME),
        ("ST", oid::OID_X509_STATE_OR_PROVINCE_NAME),
        ("L", oid::OID_X509_LOCALITY_NAME),
    ];
    json.push('{');
    let mut is_first = true;
    for (short, oid) in attributes {
        let Some(text) = name.iter_by_oid(&oid).next().map(text) else {
            continue;
        };
        if !is_first {
            json.push(',');
        }
        is_first = false;
        quote(short, json);
        json.push(':');
        quote(&text, json);
    }
    json.push('}');
}

/// The text of an attribute, of whichever of the string types it is.
fn text(attribute: &AttributeTypeAndValue<'_>) -> String {
    const BMP_STRING: u32 = 30;
    let value = attribute.attr_value();
    if value.header.tag().0 == BMP_STRING {
        let units: Vec<u16> = value
            .data
            .chunks_exact(2)
            .map(|pair| (u16::from(pair[0]) << 8) | u16::from(pair[1]))
            .collect();
        return String::from_utf16_lossy(&units);
    }
    match std::str::from_utf8(value.data) {
        Ok(text) => text.to_owned(),
        // T61 strings are Latin-1 in practice.
        Err(_) => value.data.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn serial_number(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    hex(&bytes[zeros.min(bytes.len().saturating_sub(1))..])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}

fn time(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
