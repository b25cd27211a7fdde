//! The two keys of a TPM in software.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::PrivateKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::traits::PublicKeyParts as _;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::activation::WrappedKey;
use super::buffer::Buffers;
use super::error::TpmError;
use super::public_area::{self, name};
use crate::keys::symmetric_key::SymmetricKey;

const RSA_BITS: usize = 2_048;

/// A TPM. Clones are handles to the same one; its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct SoftwareTpm(Arc<Keys>);

struct Keys {
    endorsement: PrivateKey,
    storage_root: PrivateKey,
    endorsement_public: Vec<u8>,
    storage_root_public: Vec<u8>,
}

impl SoftwareTpm {
    /// Makes one with new keys.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<Self, TpmError> {
        let key = || PrivateKey::new(&mut getrandom::SysRng, RSA_BITS).map_err(TpmError::Generate);
        Ok(Self::new(key()?, key()?))
    }

    fn new(endorsement: PrivateKey, storage_root: PrivateKey) -> Self {
        Self(Arc::new(Keys {
            endorsement_public: public_area::endorsement_key(&endorsement.n_bytes()),
            storage_root_public: public_area::storage_root_key(&storage_root.n_bytes()),
            endorsement,
            storage_root,
        }))
    }

    /// Reads what [`to_pem`](Self::to_pem) wrote.
    ///
    /// # Errors
    /// The text is something else.
    pub fn from_pem(text: &SecretString) -> Result<Self, TpmError> {
        let text = text.expose_secret().as_bytes();
        let keys: Vec<PrivateKey> = PrivatePkcs8KeyDer::pem_slice_iter(text)
            .map(|key| PrivateKey::from_pkcs8_der(key.ok()?.secret_pkcs8_der()).ok())
            .collect::<Option<_>>()
            .ok_or(TpmError::Read)?;
        let [endorsement, storage_root] =
            <[PrivateKey; 2]>::try_from(keys).map_err(|_| TpmError::Read)?;
        Ok(Self::new(endorsement, storage_root))
    }

    /// Its private keys: first the endorsement key, then the storage root key.
    ///
    /// # Errors
    /// Never for keys that were made here; the encoder's signature allows it.
    pub fn to_pem(&self) -> Result<SecretString, TpmError> {
        let pem = |key: &PrivateKey| key.to_pkcs8_pem(LineEnding::LF).map_err(TpmError::Write);
        let Keys {
            endorsement,
            storage_root,
            ..
        } = &*self.0;
        let text = [pem(endorsement)?.as_str(), &pem(storage_root)?].concat();
        Ok(text.into())
    }

    /// The public endorsement key, in base64 of a `TPM2B_PUBLIC`.
    #[must_use]
    pub fn endorsement_key(&self) -> String {
        STANDARD.encode(&self.0.endorsement_public)
    }

    /// The public storage root key, in base64 of a `TPM2B_PUBLIC`.
    #[must_use]
    pub fn storage_root_key(&self) -> String {
        STANDARD.encode(&self.0.storage_root_public)
    }

    /// Unwraps a key that the service sent, in base64.
    ///
    /// # Errors
    /// It was wrapped for another TPM, or isn't a wrapped key.
    pub fn activate(&self, wrapped: &str) -> Result<SymmetricKey, TpmError> {
        let wrapped = STANDARD.decode(wrapped).map_err(TpmError::NotBase64)?;
        let wrapped = WrappedKey::parse(&wrapped)?;
        let keys = &*self.0;
        let storage_root_name = name(Buffers::of(&keys.storage_root_public).sized()?);
        let inner_key = wrapped.inner_key(&keys.endorsement, &storage_root_name)?;
        wrapped.import(&keys.storage_root, &inner_key)
    }
}

impl fmt::Debug for SoftwareTpm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareTpm(…)")
    }
}

#[cfg(test)]
mod tests {
    use provisioning::{Seed, TpmPublicKey, activation_blob};

    use super::*;

    fn wrapped_for(endorsement: &SoftwareTpm, storage_root: &SoftwareTpm) -> Vec<u8> {
        let key = |text: &str| TpmPublicKey::parse(text).unwrap();
        activation_blob(
            &key(&endorsement.endorsement_key()),
            &key(&storage_root.storage_root_key()),
            b"a key for HMACs",
            &Seed::new(uuid::Uuid::nil(), uuid::Uuid::nil()),
        )
        .unwrap()
    }

    fn activate(tpm: &SoftwareTpm, wrapped: &[u8]) -> Result<String, String> {
        tpm.activate(&STANDARD.encode(wrapped))
            .map(|key| key.to_base64().expose_secret().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_tpm_with_both_keys_unwraps_a_key() {
        let tpm = SoftwareTpm::generate().unwrap();
        let another = SoftwareTpm::generate().unwrap();
        let key = Ok(STANDARD.encode("a key for HMACs"));
        let whole = wrapped_for(&tpm, &tpm);
        assert_eq!(activate(&tpm, &whole), key);
        let again = SoftwareTpm::from_pem(&tpm.to_pem().unwrap()).unwrap();
        assert_eq!(activate(&again, &whole), key);
        for (endorsement, storage_root, sentence) in [
            (&another, &another, "it was wrapped for another TPM"),
            (&another, &tpm, "it was wrapped for another TPM"),
            (
                &tpm,
                &another,
                "it was wrapped for a TPM with another storage root key",
            ),
        ] {
            let wrapped = wrapped_for(endorsement, storage_root);
            assert_eq!(activate(&tpm, &wrapped), Err(sentence.to_owned()));
        }
        for length in [0, 1, whole.len() / 2] {
            assert_eq!(
                activate(&tpm, &whole[..length]),
                Err("it ends too early".to_owned())
            );
        }
        assert_eq!(
            tpm.activate("?").unwrap_err().to_string(),
            "it is not base64"
        );
    }

    #[test]
    fn a_file_that_is_not_a_tpm_is_refused() {
        let tpm = SoftwareTpm::generate().unwrap();
        let pem = tpm.to_pem().unwrap();
        let pem = pem.expose_secret();
        let (first, _) = pem.split_at(pem.len() / 2);
        for text in ["", "?", first] {
            let error = SoftwareTpm::from_pem(&text.into()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "it must hold the two RSA keys of a software TPM in PEM"
            );
        }
    }
}
