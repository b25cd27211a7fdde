//! How a TPM unwraps a key that was sent to it, and to no other.
//!
//! `TPM2_ActivateCredential` opens the first part with the endorsement key, if the storage root key
//! is the one that it was made for. That gives the inner key, with which `TPM2_Import` opens the
//! second. The sections of the TPM library's part 1 on protected storage, credentials and
//! duplication define both. Source:
//! <https://trustedcomputinggroup.org/resource/tpm-library-specification/>.

use aes::Aes128;
use cfb_mode::Decryptor;
use cfb_mode::cipher::KeyIvInit as _;
use ring::{digest, hmac};
use rsa::sha2::Sha256;
use rsa::{Oaep, PrivateKey};

use super::buffer::Buffers;
use super::error::TpmError;
use super::public_area::name;
use crate::keys::symmetric_key::SymmetricKey;

const AES_BLOCK: [u8; 16] = [0; 16];

/// What the service sends, in its order.
pub(super) struct WrappedKey<'a> {
    credential: &'a [u8],
    credential_secret: &'a [u8],
    duplicate: &'a [u8],
    duplicate_secret: &'a [u8],
    public_area: &'a [u8],
}

impl<'a> WrappedKey<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, TpmError> {
        let mut buffers = Buffers::of(bytes);
        Ok(Self {
            credential: buffers.sized()?,
            credential_secret: buffers.sized()?,
            duplicate: buffers.sized()?,
            duplicate_secret: buffers.sized()?,
            public_area: buffers.sized()?,
        })
    }

    /// The inner key, which only the TPM with both keys reads.
    pub(super) fn inner_key(
        &self,
        endorsement: &PrivateKey,
        storage_root_name: &[u8],
    ) -> Result<Vec<u8>, TpmError> {
        let seed = Seed::decrypt(endorsement, "IDENTITY", self.credential_secret)?;
        let credential = seed.open(storage_root_name, self.credential)?;
        Ok(Buffers::of(&credential).sized()?.to_vec())
    }

    /// The key that was sent.
    pub(super) fn import(
        &self,
        storage_root: &PrivateKey,
        inner_key: &[u8],
    ) -> Result<SymmetricKey, TpmError> {
        let name = name(self.public_area);
        let seed = Seed::decrypt(storage_root, "DUPLICATE", self.duplicate_secret)?;
        let inner = aes_cfb(inner_key, seed.open(&name, self.duplicate)?)?;
        let mut inner = Buffers::of(&inner);
        let integrity = inner.sized()?;
        let sensitive = inner.rest();
        let actual = digest::digest(&digest::SHA256, &[sensitive, &name].concat());
        if integrity != actual.as_ref() {
            return Err(TpmError::InnerIntegrity);
        }
        let mut sensitive = Buffers::of(inner.sized()?);
        let _type = sensitive.plain(2)?;
        let _password = sensitive.sized()?;
        let _blinding = sensitive.sized()?;
        SymmetricKey::from_bytes(sensitive.sized()?.to_vec()).map_err(TpmError::NoKey)
    }
}

/// What a structure's two keys are derived from.
struct Seed(Vec<u8>);

impl Seed {
    /// Takes the seed that was encrypted for this key, and for this purpose.
    fn decrypt(key: &PrivateKey, purpose: &str, secret: &[u8]) -> Result<Self, TpmError> {
        // The terminating zero is part of the label.
        let label = [purpose.as_bytes(), &[0]].concat();
        key.decrypt(Oaep::<Sha256>::new_with_label(label), secret)
            .map(Self)
            .map_err(TpmError::AnotherTpm)
    }

    /// Checks that a structure belongs to the object of this name, and decrypts it.
    fn open(&self, name: &[u8], structure: &[u8]) -> Result<Vec<u8>, TpmError> {
        let mut buffers = Buffers::of(structure);
        let integrity = buffers.sized()?;
        let encrypted = buffers.rest();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive("INTEGRITY", &[], 256));
        hmac::verify(&key, &[encrypted, name].concat(), integrity)
            .map_err(|_| TpmError::AnotherStorageRoot)?;
        aes_cfb(&self.derive("STORAGE", name, 128), encrypted.to_vec())
    }

    /// The derivation `KDFa`. Its first block is all that is asked for.
    fn derive(&self, label: &str, context: &[u8], bits: u16) -> Vec<u8> {
        let mut block = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        block.update(&1_u32.to_be_bytes());
        block.update(label.as_bytes());
        block.update(&[0]);
        block.update(context);
        block.update(&u32::from(bits).to_be_bytes());
        let mut key = block.sign().as_ref().to_vec();
        key.truncate(usize::from(bits / 8));
        key
    }
}

/// Decrypts AES-128 in CFB mode that started from zeros.
fn aes_cfb(key: &[u8], mut bytes: Vec<u8>) -> Result<Vec<u8>, TpmError> {
    let cipher =
        Decryptor::<Aes128>::new_from_slices(key, &AES_BLOCK).map_err(|_| TpmError::InnerKey)?;
    cipher.decrypt(&mut bytes);
    Ok(bytes)
}
