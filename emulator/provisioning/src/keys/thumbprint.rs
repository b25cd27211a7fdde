//! Certificates that devices present, and the thumbprints that enrollments hold of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use rustls::pki_types::CertificateDer;

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The SHA-256 of a certificate in DER.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(bytes)
    }

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

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

/// Upper-case digits without separators.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// The certificates that a device presented in its TLS handshake, in DER.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCertificate {
    leaf: Vec<u8>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl DeviceCertificate {
    /// Takes a handshake's certificate that came alone.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Self {
        Self {
            leaf: der.to_vec(),
            intermediates: Vec::new(),
        }
    }

    /// Takes the certificates of a handshake, the device's own first; `None` when there is none.
    #[must_use]
    pub fn from_chain(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let (leaf, intermediates) = chain.split_first()?;
        Some(Self {
            leaf: leaf.to_vec(),
            intermediates: intermediates
                .iter()
                .map(|certificate| certificate.clone().into_owned())
                .collect(),
        })
    }

    /// The device's own certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.leaf
    }

    /// What came with it.
    #[must_use]
    pub fn intermediates(&self) -> &[CertificateDer<'static>] {
        &self.intermediates
    }

    /// The SHA-256 of the device's own certificate.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.leaf)
    }

    /// The device's own certificate as a webhook gets it: base64 without armour.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.leaf)
    }
}

impl fmt::Debug for DeviceCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCertificate(…)")
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
        assert_eq!(certificate.thumbprint().to_string(), of_abc);
        assert_eq!(Thumbprint::parse(&of_abc[1..]), None);
        assert_eq!(Thumbprint::parse(&"é".repeat(32)), None);
    }
}
