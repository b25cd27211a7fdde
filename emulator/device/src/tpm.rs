//! A TPM in software, as far as a device needs one to register.
//!
//! It has an endorsement key and a storage root key, and does what `TPM2_ActivateCredential` and
//! `TPM2_Import` do with the blob that the service sends. What it keeps secret is in a file, so it
//! secures nothing. Source: <https://trustedcomputinggroup.org/resource/tpm-library-specification/>.

use std::fmt;
use std::sync::Arc;

use aes::Aes128;
use anyhow::{Context as _, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cfb_mode::Decryptor;
use cfb_mode::cipher::KeyIvInit as _;
use ring::{digest, hmac};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::sha2::Sha256;
use rsa::traits::PublicKeyParts as _;
use rsa::{Oaep, PrivateKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use provisioning::keys::symmetric_key::SymmetricKey;
use provisioning::keys::tpm::TpmPublicKey;

const RSA_BITS: usize = 2_048;
const AES_BYTES: usize = 16;

/// The algorithm SHA-256, with which the name of an object begins.
const ALG_SHA256: [u8; 2] = [0, 0x0B];

/// A TPM. Clones are handles to the same one; its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct SoftwareTpm(Arc<Keys>);

struct Keys {
    endorsement: PrivateKey,
    storage_root: PrivateKey,
    public: [TpmPublicKey; 2],
}

impl SoftwareTpm {
    /// Makes one with new keys.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> anyhow::Result<Self> {
        let key =
            || PrivateKey::new(&mut getrandom::SysRng, RSA_BITS).context("cannot make an RSA key");
        Self::new(key()?, key()?)
    }

    fn new(endorsement: PrivateKey, storage_root: PrivateKey) -> anyhow::Result<Self> {
        let public = [
            TpmPublicKey::endorsement(&endorsement.n_bytes())?,
            TpmPublicKey::storage_root(&storage_root.n_bytes())?,
        ];
        Ok(Self(Arc::new(Keys {
            endorsement,
            storage_root,
            public,
        })))
    }

    /// Reads what [`to_pem`](Self::to_pem) wrote.
    ///
    /// # Errors
    /// The text is something else.
    pub fn from_pem(text: &str) -> anyhow::Result<Self> {
        let keys: Vec<PrivateKey> = PrivatePkcs8KeyDer::pem_slice_iter(text.as_bytes())
            .map(|key| PrivateKey::from_pkcs8_der(key.ok()?.secret_pkcs8_der()).ok())
            .collect::<Option<_>>()
            .unwrap_or_default();
        let [endorsement, storage_root] = <[PrivateKey; 2]>::try_from(keys)
            .map_err(|_| anyhow!("it must hold the two RSA keys of a software TPM in PEM"))?;
        Self::new(endorsement, storage_root)
    }

    /// Its private keys: first the endorsement key, then the storage root key.
    ///
    /// # Errors
    /// Never for keys that were made here; the encoder's signature allows it.
    pub fn to_pem(&self) -> anyhow::Result<String> {
        let pem = |key: &PrivateKey| key.to_pkcs8_pem(LineEnding::LF);
        let keys = &self.0;
        Ok([pem(&keys.endorsement)?.as_str(), &pem(&keys.storage_root)?].concat())
    }

    /// The public endorsement key, in base64.
    #[must_use]
    pub fn endorsement_key(&self) -> String {
        let [endorsement_key, _] = &self.0.public;
        endorsement_key.to_base64()
    }

    /// The public storage root key, in base64.
    #[must_use]
    pub fn storage_root_key(&self) -> String {
        let [_, storage_root_key] = &self.0.public;
        storage_root_key.to_base64()
    }

    /// Unwraps a key that the service sends, in base64.
    ///
    /// # Errors
    /// It was wrapped for another TPM, or isn't a wrapped key.
    pub fn activate(&self, blob: &str) -> anyhow::Result<SymmetricKey> {
        let blob = STANDARD.decode(blob).context("it is not base64")?;
        let mut reader = Reader(&blob);
        let credential = reader.sized()?;
        let credential_secret = reader.sized()?;
        let duplicate = reader.sized()?;
        let duplicate_secret = reader.sized()?;
        let public = reader.sized()?;

        let storage_root = STANDARD.decode(self.storage_root_key())?;
        let seed = decrypt_seed(&self.0.endorsement, b"IDENTITY\0", credential_secret)?;
        let inner_key = unprotect(&seed, &name(Reader(&storage_root).sized()?), credential)?;
        let inner_key = Reader(&inner_key).sized()?;

        let name = name(public);
        let seed = decrypt_seed(&self.0.storage_root, b"DUPLICATE\0", duplicate_secret)?;
        let inner = decrypt(inner_key, &unprotect(&seed, &name, duplicate)?)?;
        let mut reader = Reader(&inner);
        let integrity = reader.sized()?;
        let actual = digest::digest(&digest::SHA256, &[reader.0, &name].concat());
        ensure!(
            integrity == actual.as_ref(),
            "its inner integrity is broken"
        );
        let mut sensitive = Reader(reader.sized()?);
        // The type, the password and the value that blinds the public area.
        sensitive.take(2)?;
        sensitive.sized()?;
        sensitive.sized()?;
        Ok(SymmetricKey::parse(&STANDARD.encode(sensitive.sized()?))?)
    }
}

impl fmt::Debug for SoftwareTpm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SoftwareTpm(…)")
    }
}

fn decrypt_seed(key: &PrivateKey, label: &[u8], secret: &[u8]) -> anyhow::Result<Vec<u8>> {
    let padding = Oaep::<Sha256>::new_with_label(label.to_vec());
    key.decrypt(padding, secret)
        .context("it was wrapped for another TPM")
}

/// Checks the HMAC in front, and decrypts what is behind it.
fn unprotect(seed: &[u8], name: &[u8], protected: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut reader = Reader(protected);
    let integrity = reader.sized()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derive(seed, "INTEGRITY", &[], 256));
    hmac::verify(&key, &[reader.0, name].concat(), integrity)
        .map_err(|_| anyhow!("it was wrapped for a TPM with another storage root key"))?;
    let key = derive(seed, "STORAGE", name, 128);
    decrypt(key.get(..AES_BYTES).unwrap_or_default(), reader.0)
}

fn decrypt(key: &[u8], bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let cipher = Decryptor::<Aes128>::new_from_slices(key, &[0; AES_BYTES])
        .map_err(|_| anyhow!("its inner key is not one for AES-128"))?;
    let mut bytes = bytes.to_vec();
    cipher.decrypt(&mut bytes);
    Ok(bytes)
}

/// The first block of `KDFa`.
fn derive(seed: &[u8], label: &str, context: &[u8], bits: u32) -> Vec<u8> {
    let mut hmac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, seed));
    hmac.update(&1_u32.to_be_bytes());
    hmac.update(label.as_bytes());
    hmac.update(&[0]);
    hmac.update(context);
    hmac.update(&bits.to_be_bytes());
    hmac.sign().as_ref().to_vec()
}

/// How a TPM names the object with this public area.
fn name(public: &[u8]) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA256, public);
    [&ALG_SHA256[..], digest.as_ref()].concat()
}

/// Reads buffers that have their length in front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> anyhow::Result<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .context("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn sized(&mut self) -> anyhow::Result<&'a [u8]> {
        let length = u16::from_be_bytes(self.take(2)?.try_into()?);
        self.take(usize::from(length))
    }
}

#[cfg(test)]
mod tests {
    use provisioning::keys::tpm::{Seed, activation_blob};

    use super::*;

    fn blob(endorsement: &SoftwareTpm, storage_root: &SoftwareTpm) -> Vec<u8> {
        let key = |text: &str| TpmPublicKey::parse(text).unwrap();
        activation_blob(
            &key(&endorsement.endorsement_key()),
            &key(&storage_root.storage_root_key()),
            b"a key for HMACs",
            &Seed::new(uuid::Uuid::nil(), uuid::Uuid::nil()),
        )
        .unwrap()
    }

    fn activate(tpm: &SoftwareTpm, blob: &[u8]) -> Result<String, String> {
        tpm.activate(&STANDARD.encode(blob))
            .map(|key| key.to_base64())
            .map_err(|error| format!("{error}"))
    }

    #[test]
    fn only_the_tpm_with_both_keys_unwraps_a_key() {
        let tpm = SoftwareTpm::generate().unwrap();
        let another = SoftwareTpm::generate().unwrap();
        let key = Ok(STANDARD.encode("a key for HMACs"));
        assert_eq!(activate(&tpm, &blob(&tpm, &tpm)), key);
        let again = SoftwareTpm::from_pem(&tpm.to_pem().unwrap()).unwrap();
        assert_eq!(activate(&again, &blob(&tpm, &tpm)), key);
        for (endorsement, storage_root, sentence) in [
            (&another, &another, "it was wrapped for another TPM"),
            (&another, &tpm, "it was wrapped for another TPM"),
            (
                &tpm,
                &another,
                "it was wrapped for a TPM with another storage root key",
            ),
        ] {
            let blob = blob(endorsement, storage_root);
            assert_eq!(activate(&tpm, &blob), Err(sentence.to_owned()));
        }
        let whole = blob(&tpm, &tpm);
        for length in [0, 1, whole.len() / 2] {
            assert_eq!(
                activate(&tpm, &whole[..length]),
                Err("it ends too early".to_owned())
            );
        }
    }

    #[test]
    fn a_file_that_is_not_a_tpm_is_refused_and_no_key_is_shown() {
        let tpm = SoftwareTpm::generate().unwrap();
        assert_eq!(format!("{tpm:?}"), "SoftwareTpm(…)");
        let pem = tpm.to_pem().unwrap();
        let (first, _) = pem.split_at(pem.len() / 2);
        for text in ["", "?", first] {
            let error = SoftwareTpm::from_pem(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                "it must hold the two RSA keys of a software TPM in PEM"
            );
        }
    }
}
