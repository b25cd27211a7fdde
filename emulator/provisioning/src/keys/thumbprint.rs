//! Certificates that devices present, and the thumbprints that enrollments hold of them.
//!
//! No chain is checked and no date: an individual enrollment names the certificate itself.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Reads 64 hexadecimal digits, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// The certificate that a device presented in its TLS handshake, in DER.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCertificate(Vec<u8>);

impl DeviceCertificate {
    /// Takes the certificate of a handshake.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Self {
        Self(der.to_vec())
    }

    /// Its SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, &self.0).as_ref());
        Thumbprint(bytes)
    }

    /// The certificate as a webhook gets it: base64 without armour.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl fmt::Debug for DeviceCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeviceCertificate(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_the_sha256_in_any_case() {
        let of_abc = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        let certificate = DeviceCertificate::from_der(b"abc");
        assert_eq!(Thumbprint::parse(of_abc), Some(certificate.thumbprint()));
        assert_eq!(
            Thumbprint::parse(&of_abc.to_lowercase()),
            Some(certificate.thumbprint())
        );
        assert_eq!(Thumbprint::parse(&of_abc[1..]), None);
        assert_eq!(Thumbprint::parse(&"é".repeat(32)), None);
    }
}
