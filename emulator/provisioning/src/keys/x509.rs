//! An X.509 certificate, as far as the service looks into it: names, dates and thumbprints.
//!
//! Whether one certificate issued another is for [`chain`](crate::keys::chain).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{self, Algorithm};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::clock::Timestamp;
use crate::keys::thumbprint::{Thumbprint, hexadecimal};

/// How the service writes the dates of a certificate.
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// What opens a certificate in PEM.
const ARMOUR: &str = "-----BEGIN";

/// What the service tells of a certificate, in its own words.
///
/// Source:
/// <https://learn.microsoft.com/rest/api/iot-dps/service/enrollment-group/get#x509certificateinfo>.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct X509CertificateInfo {
    /// The holder's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_name: Option<String>,
    /// The SHA-1, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha1_thumbprint: Option<String>,
    /// The SHA-256, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256_thumbprint: Option<String>,
    /// The issuer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<String>,
    /// When it begins to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before_utc: Option<String>,
    /// When it ceases to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after_utc: Option<String>,
    /// The serial number, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The version of X.509.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    common_name: Option<String>,
    subject: String,
    issuer: String,
    serial_number: String,
    version: u32,
    not_before: i64,
    not_after: i64,
}

/// Whether a certificate holds at a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It holds.
    Valid,
    /// It will hold.
    NotYet,
    /// It has held.
    Expired,
}

/// Why something is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseCertificateError {
    /// The text is neither PEM nor base64.
    #[error("it must be a certificate in PEM, or in base64 of DER")]
    Text,
    /// The bytes aren't a certificate's.
    #[error("it isn't an X.509 certificate")]
    Der,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.subject)
    }
}

impl Certificate {
    /// Reads a certificate as people and tools write it down: PEM, base64 of DER, or base64 of PEM.
    /// Of several in PEM, the first.
    ///
    /// # Errors
    /// The text contains no certificate.
    pub fn parse(text: &str) -> Result<Self, ParseCertificateError> {
        let from_pem = |pem: &[u8]| {
            CertificateDer::from_pem_slice(pem).map_err(|_| ParseCertificateError::Text)
        };
        if text.contains(ARMOUR) {
            return Self::from_der(&from_pem(text.as_bytes())?);
        }
        let dense: String = text.split_whitespace().collect();
        let bytes = STANDARD
            .decode(dense)
            .map_err(|_| ParseCertificateError::Text)?;
        if bytes.starts_with(ARMOUR.as_bytes()) {
            return Self::from_der(&from_pem(&bytes)?);
        }
        Self::from_der(&bytes)
    }

    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// The bytes aren't a certificate's.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseCertificateError> {
        let (rest, read) =
            X509Certificate::from_der(der).map_err(|_| ParseCertificateError::Der)?;
        if !rest.is_empty() {
            return Err(ParseCertificateError::Der);
        }
        let common_name = read
            .subject()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok());
        Ok(Self {
            common_name: common_name.map(str::to_owned),
            subject: name(read.subject()),
            issuer: name(read.issuer()),
            serial_number: hexadecimal(read.raw_serial()),
            version: read.version().0 + 1,
            not_before: seconds(read.validity().not_before),
            not_after: seconds(read.validity().not_after),
            der: CertificateDer::from(der.to_vec()),
        })
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The first common name of its holder: of a device, the registration id.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// Its holder's whole name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its issuer's whole name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.der)
    }

    /// Whether it holds at `now`.
    #[must_use]
    pub fn validity(&self, now: Timestamp) -> Validity {
        let now = now.unix();
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else {
            Validity::Valid
        }
    }

    /// The first moment of its validity, as text.
    #[must_use]
    pub fn not_before(&self) -> String {
        date(self.not_before)
    }

    /// The last moment of its validity, as text.
    #[must_use]
    pub fn not_after(&self) -> String {
        date(self.not_after)
    }

    /// What the service tells of it.
    #[must_use]
    pub fn info(&self) -> X509CertificateInfo {
        X509CertificateInfo {
            subject_name: Some(self.subject.clone()),
            sha1_thumbprint: Some(digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.der.as_ref())),
            sha256_thumbprint: Some(self.thumbprint().to_string()),
            issuer_name: Some(self.issuer.clone()),
            not_before_utc: Some(self.not_before()),
            not_after_utc: Some(self.not_after()),
            serial_number: Some(self.serial_number.clone()),
            version: Some(self.version),
        }
    }
}

/// A name as .NET writes it: the last part first, and values with a comma in quotes.
fn name(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name.iter_attributes().map(attribute).collect();
    parts.reverse();
    parts.join(", ")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = oid2abbrev(attribute.attr_type(), oid_registry())
        .map_or_else(|_| attribute.attr_type().to_id_string(), str::to_owned);
    let value = attribute.as_str().unwrap_or_default();
    if value.contains([',', '+', '"', ';', '=']) {
        format!("{kind}=\"{}\"", value.replace('"', "\"\""))
    } else {
        format!("{kind}={value}")
    }
}

fn seconds(time: ASN1Time) -> i64 {
    time.timestamp()
}

fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(SECONDS).ok())
        .unwrap_or_default()
}

fn digest(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    hexadecimal(digest::digest(algorithm, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn certificate() -> rcgen::Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Contoso, Ltd.");
        params
            .distinguished_name
            .push(DnType::CommonName, "toaster-1");
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 2, 1);
        params.serial_number = Some(vec![0xA1, 0xB2].into());
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_certificate_is_read_in_each_form_that_people_hand_in() {
        let made = certificate();
        let base64 = STANDARD.encode(made.der());
        let lines: String = base64
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8(line.to_vec()).unwrap() + "\r\n")
            .collect();
        for text in [made.pem(), base64, lines, STANDARD.encode(made.pem())] {
            let certificate = Certificate::parse(&text).unwrap();
            assert_eq!(certificate.der(), made.der());
            assert_eq!(certificate.common_name(), Some("toaster-1"));
        }
    }

    #[test]
    fn what_is_no_certificate_says_so() {
        #[track_caller]
        fn check(text: &str, expected: ParseCertificateError, sentence: &str) {
            let error = Certificate::parse(text).unwrap_err();
            assert_eq!((error, error.to_string().as_str()), (expected, sentence));
        }
        let sentence = "it must be a certificate in PEM, or in base64 of DER";
        check(
            "",
            ParseCertificateError::Der,
            "it isn't an X.509 certificate",
        );
        check("intermediate.pem", ParseCertificateError::Text, sentence);
        let key = KeyPair::generate().unwrap().serialize_pem();
        check(&key, ParseCertificateError::Text, sentence);
        check(
            "YWJj",
            ParseCertificateError::Der,
            "it isn't an X.509 certificate",
        );
    }

    #[test]
    fn the_info_is_the_services() {
        let made = certificate();
        let certificate = Certificate::from_der(made.der()).unwrap();
        let info = serde_json::to_value(certificate.info()).unwrap();
        assert_eq!(info["subjectName"], r#"CN=toaster-1, O="Contoso, Ltd.""#);
        assert_eq!(info["issuerName"], r#"CN=toaster-1, O="Contoso, Ltd.""#);
        assert_eq!(info["notBeforeUtc"], "2026-01-01T00:00:00Z");
        assert_eq!(info["notAfterUtc"], "2026-02-01T00:00:00Z");
        assert_eq!(info["version"], 3);
        assert_eq!(info["sha1Thumbprint"].as_str().unwrap().len(), 40);
        assert_eq!(info["sha256Thumbprint"].as_str().unwrap().len(), 64);
        assert!(info["serialNumber"].as_str().unwrap().ends_with("A1B2"));
    }

    #[test]
    fn a_certificate_holds_from_its_first_to_its_last_second() {
        let made = certificate();
        let certificate = Certificate::from_der(made.der()).unwrap();
        let at = |seconds: i64| Timestamp::from_unix(seconds).unwrap();
        let (first, last) = (1_767_225_600, 1_769_904_000);
        for (seconds, expected) in [
            (first - 1, Validity::NotYet),
            (first, Validity::Valid),
            (last, Validity::Valid),
            (last + 1, Validity::Expired),
        ] {
            assert_eq!(certificate.validity(at(seconds)), expected, "{seconds}");
        }
    }
}
