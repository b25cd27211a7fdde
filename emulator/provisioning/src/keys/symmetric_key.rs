//! Symmetric keys, and the keys of a group's devices that are derived from the group's.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-symmetric-key-attestation>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Deserializer, de};

/// A symmetric key of an enrollment or a device. Its `Debug` shows nothing of it.
#[derive(Clone, Debug)]
pub struct SymmetricKey(SecretSlice<u8>);

impl SymmetricKey {
    /// Reads a key as the portal shows it, in base64.
    ///
    /// # Errors
    /// The text isn't base64, or is empty.
    pub fn parse(text: &str) -> Result<Self, SymmetricKeyError> {
        match STANDARD.decode(text) {
            Ok(bytes) if !bytes.is_empty() => Ok(Self(bytes.into())),
            _ => Err(SymmetricKeyError),
        }
    }

    /// The key of the device `registration_id` in the group whose key this is, as
    /// `az iot dps enrollment-group compute-device-key` computes it.
    #[must_use]
    pub fn derive(&self, registration_id: &str) -> Self {
        Self(self.hmac(registration_id).into())
    }

    /// The base64 text of the HMAC-SHA256 of `text`.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.hmac(text))
    }

    /// Whether `signature` is this key's for `text`; compares in constant time.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        hmac::verify(&key, text.as_bytes(), signature).is_ok()
    }

    /// The key as the portal shows it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0.expose_secret())
    }

    fn hmac(&self, text: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    }
}

impl From<[u8; 32]> for SymmetricKey {
    fn from(key: [u8; 32]) -> Self {
        Self(key.to_vec().into())
    }
}

impl<'de> Deserialize<'de> for SymmetricKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A key that isn't base64. It doesn't say which text, as that may be a key with a typing error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a symmetric key must be base64 text, as the portal shows it")]
pub struct SymmetricKeyError;

#[cfg(test)]
mod tests {
    use super::*;

    const TUTORIAL_KEY: &str =
        "oiK77Oy7rBw8YB6IS6ukRChAw+Yq6GC61RMrPLSTiOOtdI+XDu0LmLuNm11p+qv2I+adqGUdZHm46zXAQdZoOA==";
    const DOCUMENTATION_KEY: &str =
        "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";

    #[track_caller]
    fn check(group_key: &str, registration_id: &str, device_key: &str) {
        let derived = SymmetricKey::parse(group_key)
            .unwrap()
            .derive(registration_id);
        assert_eq!(derived.to_base64(), device_key, "{registration_id}");
    }

    #[test]
    fn device_keys_are_those_of_the_documentation() {
        check(
            TUTORIAL_KEY,
            "breakroom499-contoso-tstrsd-007",
            "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=",
        );
        check(
            TUTORIAL_KEY,
            "mainbuilding167-contoso-hpsd-088",
            "6uejA9PfkQgmYylj8Zerp3kcbeVrGZ172YLa7VSnJzg=",
        );
        check(
            DOCUMENTATION_KEY,
            "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
            "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=",
        );
    }

    #[test]
    fn the_case_of_the_id_counts() {
        check(
            TUTORIAL_KEY,
            "DEV-Upper.1:_x",
            "ot2seUoTyphQy6jH17UR47Fr3yg5Kgd3IznhaCDTq/8=",
        );
        check(
            TUTORIAL_KEY,
            "dev-upper.1:_x",
            "CxPs9JxZAQt2DqGRKtw9e5DlzBw3DI4SS0EgszEC97c=",
        );
    }

    #[test]
    fn a_key_is_neither_shown_nor_repeated() {
        let key = SymmetricKey::parse(TUTORIAL_KEY).unwrap();
        assert_eq!(
            format!("{key:?}"),
            "SymmetricKey(SecretBox<[u8]>([REDACTED]))"
        );
        let error = SymmetricKey::parse("not base64").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a symmetric key must be base64 text, as the portal shows it"
        );
        assert!(SymmetricKey::parse("").is_err());
    }
}
