//! A device's symmetric key, and how it comes from its group's.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-symmetric-key-attestation>.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

/// A key for HMAC-SHA256. Its `Debug` shows nothing of it.
#[derive(Clone, Debug)]
pub struct SymmetricKey(SecretSlice<u8>);

/// The text is not a key. The error doesn't repeat the text, which may be a key with a typing
/// error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a symmetric key must be base64 text, as the portal shows it")]
pub struct SymmetricKeyError;

impl SymmetricKey {
    /// Reads a key in base64.
    ///
    /// # Errors
    /// The text isn't base64, or is empty.
    pub fn parse(text: &str) -> Result<Self, SymmetricKeyError> {
        let bytes = STANDARD.decode(text).map_err(|_| SymmetricKeyError)?;
        Self::from_bytes(bytes)
    }

    /// A key of these bytes.
    ///
    /// # Errors
    /// There are none.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SymmetricKeyError> {
        if bytes.is_empty() {
            return Err(SymmetricKeyError);
        }
        Ok(Self(bytes.into()))
    }

    /// The key of the device `registration_id` in the group whose key this is: the HMAC of its
    /// registration id.
    #[must_use]
    pub fn derive(&self, registration_id: &str) -> Self {
        Self(self.hmac(registration_id).as_ref().to_vec().into())
    }

    /// The key in base64.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.0.expose_secret()).into()
    }

    /// The HMAC-SHA256 of a text.
    pub(crate) fn hmac(&self, text: &str) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        hmac::sign(&key, text.as_bytes())
    }
}

impl FromStr for SymmetricKey {
    type Err = SymmetricKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUTORIAL_KEY: &str =
        "oiK77Oy7rBw8YB6IS6ukRChAw+Yq6GC61RMrPLSTiOOtdI+XDu0LmLuNm11p+qv2I+adqGUdZHm46zXAQdZoOA==";
    const DOCUMENTATION_KEY: &str =
        "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";

    #[test]
    fn device_keys_are_those_that_the_documentation_prints() {
        for (group_key, registration_id, device_key) in [
            (
                TUTORIAL_KEY,
                "breakroom499-contoso-tstrsd-007",
                "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=",
            ),
            (
                TUTORIAL_KEY,
                "mainbuilding167-contoso-hpsd-088",
                "6uejA9PfkQgmYylj8Zerp3kcbeVrGZ172YLa7VSnJzg=",
            ),
            (
                TUTORIAL_KEY,
                "DEV-Upper.1:_x",
                "ot2seUoTyphQy6jH17UR47Fr3yg5Kgd3IznhaCDTq/8=",
            ),
            (
                DOCUMENTATION_KEY,
                "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
                "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=",
            ),
        ] {
            let group_key: SymmetricKey = group_key.parse().unwrap();
            let derived = group_key.derive(registration_id).to_base64();
            assert_eq!(derived.expose_secret(), device_key, "{registration_id}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_key_is_refused_and_not_repeated() {
        for text in [
            "",
            "not base64",
            "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs",
        ] {
            assert_eq!(
                SymmetricKey::parse(text).unwrap_err().to_string(),
                "a symmetric key must be base64 text, as the portal shows it",
                "{text:?}"
            );
        }
    }
}
