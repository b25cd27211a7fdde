//! A key on its way to a device's TPM.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// A key in base64, wrapped so that only the device's TPM can read it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct WrappedKey(SecretString);

impl From<String> for WrappedKey {
    fn from(base64: String) -> Self {
        Self(base64.into())
    }
}

impl PartialEq for WrappedKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for WrappedKey {}

impl Serialize for WrappedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}
