//! The blob with which the service hands a key to a TPM, so that no other can read it.
//!
//! The key is wrapped for the storage root key as `TPM2_Import` takes it, under an inner key that
//! `TPM2_ActivateCredential` gives only to the TPM that holds both the endorsement key and the
//! storage root key. The structures and the derivations are those of the TPM 2.0 library (parts 1
//! and 2, above all section 24 of part 1 and its annexes on RSA and on duplication). The order of
//! the structures is the one in which the C SDK reads them.
//! Sources: <https://trustedcomputinggroup.org/resource/tpm-library-specification/>,
//! <https://learn.microsoft.com/azure/iot-dps/concepts-tpm-attestation>.

use std::convert::Infallible;
use std::fmt;

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cfb_mode::Encryptor;
use cfb_mode::cipher::KeyIvInit as _;
use ring::{digest, hmac};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::Sha256;
use rsa::{BoxedUint, Oaep, PublicKey};
use uuid::Uuid;

const ALG_RSA: u16 = 0x0001;
const ALG_HMAC: u16 = 0x0005;
const ALG_AES: u16 = 0x0006;
const ALG_KEYEDHASH: u16 = 0x0008;
const ALG_SHA256: u16 = 0x000B;
const ALG_NULL: u16 = 0x0010;
const ALG_CFB: u16 = 0x0043;

/// The exponent that a TPM writes as 0.
const DEFAULT_EXPONENT: u32 = 65_537;

/// `fixedTPM`, `fixedParent`, `sensitiveDataOrigin`, `adminWithPolicy`, `restricted`, `decrypt`.
const ENDORSEMENT_KEY_ATTRIBUTES: u32 = 0x0003_00B2;

/// `PolicySecret` of the endorsement hierarchy, as the TCG's profile of endorsement keys has it.
const ENDORSEMENT_KEY_POLICY: [u8; HASH_BYTES] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
    0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA,
];

/// `fixedTPM`, `fixedParent`, `sensitiveDataOrigin`, `userWithAuth`, `noDA`, `restricted`,
/// `decrypt`.
const STORAGE_ROOT_KEY_ATTRIBUTES: u32 = 0x0003_0472;

/// `sign` and `userWithAuth`: the key signs, and has an empty password.
const ID_KEY_ATTRIBUTES: u32 = 1 << 18 | 1 << 6;

const RSA_BITS: u16 = 2_048;
const AES_KEY_BITS: u16 = 128;
const AES_BITS: u32 = AES_KEY_BITS as u32;
const HASH_BITS: u32 = 256;
const HASH_BYTES: usize = 32;

/// The public part of a TPM's RSA key.
#[derive(Clone, PartialEq, Eq)]
pub struct TpmPublicKey {
    encoded: Vec<u8>,
    modulus: Vec<u8>,
    exponent: u32,
}

/// The text is no public key of a TPM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be base64 of the public area (TPM2B_PUBLIC) of an RSA key of 2048 bits with \
     SHA-256 and AES-128, as the SDKs' tools print it"
)]
pub struct TpmKeyError;

impl fmt::Debug for TpmPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TpmPublicKey(…)")
    }
}

impl TpmPublicKey {
    /// Reads base64 of a `TPM2B_PUBLIC`.
    ///
    /// # Errors
    /// It is something else, or a key that no TPM is emulated for.
    pub fn parse(text: &str) -> Result<Self, TpmKeyError> {
        let dense: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(dense).map_err(|_| TpmKeyError)?;
        Self::read(&bytes).ok_or(TpmKeyError)
    }

    /// The endorsement key with this modulus, made by the template that the SDKs use.
    ///
    /// # Errors
    /// No key has this modulus.
    pub fn endorsement(modulus: &[u8]) -> Result<Self, TpmKeyError> {
        Self::made(ENDORSEMENT_KEY_ATTRIBUTES, &ENDORSEMENT_KEY_POLICY, modulus)
    }

    /// The storage root key with this modulus, made by the template that the SDKs use.
    ///
    /// # Errors
    /// No key has this modulus.
    pub fn storage_root(modulus: &[u8]) -> Result<Self, TpmKeyError> {
        Self::made(STORAGE_ROOT_KEY_ATTRIBUTES, &[], modulus)
    }

    fn made(attributes: u32, policy: &[u8], modulus: &[u8]) -> Result<Self, TpmKeyError> {
        let area = [
            &ALG_RSA.to_be_bytes()[..],
            &ALG_SHA256.to_be_bytes(),
            &attributes.to_be_bytes(),
            &sized(policy),
            &ALG_AES.to_be_bytes(),
            &AES_KEY_BITS.to_be_bytes(),
            &ALG_CFB.to_be_bytes(),
            &ALG_NULL.to_be_bytes(),
            &RSA_BITS.to_be_bytes(),
            // The default exponent.
            &[0; 4],
            &sized(modulus),
        ]
        .concat();
        Self::read(&sized(&area)).ok_or(TpmKeyError)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader(bytes);
        let area = outer.sized()?;
        let mut reader = Reader(area);
        let known = outer.0.is_empty()
            && reader.number()? == ALG_RSA
            && reader.number()? == ALG_SHA256
            // The attributes.
            && reader.take(4).is_some()
            // The policy.
            && reader.sized().is_some()
            && reader.number()? == ALG_AES
            && reader.number()? == AES_KEY_BITS
            && reader.number()? == ALG_CFB
            && reader.number()? == ALG_NULL
            && reader.number()? == RSA_BITS;
        let exponent = u32::from_be_bytes(reader.take(4)?.try_into().ok()?);
        let modulus = reader.sized()?;
        let key = Self {
            encoded: area.to_vec(),
            modulus: modulus.to_vec(),
            exponent: if exponent == 0 {
                DEFAULT_EXPONENT
            } else {
                exponent
            },
        };
        // A trial shows what is not a modulus.
        let mut random = Random::new(&Seed::new(Uuid::nil(), Uuid::nil()));
        let mut encrypts = || {
            key.encrypt(b"TRIAL\0", &[0; HASH_BYTES], &mut random)
                .is_some()
        };
        (known && reader.0.is_empty() && encrypts()).then_some(key)
    }

    /// The key as a device sends it: base64 of the `TPM2B_PUBLIC`.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(sized(&self.encoded))
    }

    fn to_rsa(&self) -> Option<PublicKey> {
        let modulus = BoxedUint::from_be_slice(&self.modulus, u32::from(RSA_BITS)).ok()?;
        PublicKey::new(modulus, BoxedUint::from(self.exponent)).ok()
    }

    /// How a TPM names the key.
    fn name(&self) -> Vec<u8> {
        name(&self.encoded)
    }

    /// Encrypts a seed for whoever has the private key.
    fn encrypt(&self, label: &[u8], seed: &[u8], random: &mut Random) -> Option<Vec<u8>> {
        let padding = Oaep::<Sha256>::new_with_label(label.to_vec());
        self.to_rsa()?.encrypt(random, padding, seed).ok()
    }
}

/// Wraps `key` for the TPM that holds both keys. The seed makes each blob another one.
///
/// # Errors
/// A key can't encrypt.
pub fn activation_blob(
    endorsement_key: &TpmPublicKey,
    storage_root_key: &TpmPublicKey,
    key: &[u8],
    seed: &Seed,
) -> Result<Vec<u8>, TpmKeyError> {
    let mut random = Random::new(seed);
    let inner_key: [u8; 16] = random.bytes();
    let credential = make_credential(
        endorsement_key,
        &storage_root_key.name(),
        &inner_key,
        &mut random,
    );
    let duplicate = duplicate(storage_root_key, key, &inner_key, &mut random);
    let (credential, duplicate) = credential.zip(duplicate).ok_or(TpmKeyError)?;
    // The C SDK reads the length of one more buffer, which the service may fill; here it is empty.
    Ok([credential, duplicate, vec![0, 0]].concat())
}

/// What `TPM2_MakeCredential` gives: a `TPM2B_ID_OBJECT` and a `TPM2B_ENCRYPTED_SECRET`.
fn make_credential(
    endorsement_key: &TpmPublicKey,
    name: &[u8],
    credential: &[u8],
    random: &mut Random,
) -> Option<Vec<u8>> {
    let seed: [u8; HASH_BYTES] = random.bytes();
    let secret = endorsement_key.encrypt(b"IDENTITY\0", &seed, random)?;
    let protected = protect(&seed, name, sized(credential))?;
    Some([sized(&protected), sized(&secret)].concat())
}

/// What `TPM2_Duplicate` gives of a key for HMACs: a `TPM2B_PRIVATE`, a `TPM2B_ENCRYPTED_SECRET`
/// and the `TPM2B_PUBLIC`.
fn duplicate(
    parent: &TpmPublicKey,
    key: &[u8],
    inner_key: &[u8; 16],
    random: &mut Random,
) -> Option<Vec<u8>> {
    let blinding: [u8; HASH_BYTES] = random.bytes();
    let unique = digest::digest(&digest::SHA256, &[&blinding[..], key].concat());
    let public = [
        &ALG_KEYEDHASH.to_be_bytes()[..],
        &ALG_SHA256.to_be_bytes(),
        &ID_KEY_ATTRIBUTES.to_be_bytes(),
        // No policy.
        &sized(&[]),
        &ALG_HMAC.to_be_bytes(),
        &ALG_SHA256.to_be_bytes(),
        &sized(unique.as_ref()),
    ]
    .concat();
    let name = name(&public);
    let sensitive = sized(
        &[
            &ALG_KEYEDHASH.to_be_bytes()[..],
            // No password.
            &sized(&[]),
            &sized(&blinding),
            &sized(key),
        ]
        .concat(),
    );
    let integrity = digest::digest(&digest::SHA256, &[&sensitive[..], &name].concat());
    let inner = encrypt(inner_key, [sized(integrity.as_ref()), sensitive].concat())?;
    let seed: [u8; HASH_BYTES] = random.bytes();
    let secret = parent.encrypt(b"DUPLICATE\0", &seed, random)?;
    let private = protect(&seed, &name, inner)?;
    Some([sized(&private), sized(&secret), sized(&public)].concat())
}

/// Encrypts under a seed, with an HMAC in front that ties it to a name.
fn protect(seed: &[u8], name: &[u8], plain: Vec<u8>) -> Option<Vec<u8>> {
    let encrypted = encrypt(&derive(seed, "STORAGE", name, AES_BITS), plain)?;
    let key = derive(seed, "INTEGRITY", &[], HASH_BITS);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let integrity = hmac::sign(&key, &[&encrypted[..], name].concat());
    Some([sized(integrity.as_ref()), encrypted].concat())
}

/// AES-128 in CFB mode, from a vector of zeros.
fn encrypt(key: &[u8], mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let cipher = Encryptor::<Aes128>::new_from_slices(key, &[0; 16]).ok()?;
    cipher.encrypt(&mut bytes);
    Some(bytes)
}

/// `KDFa` with SHA-256, of which one block is enough here.
fn derive(seed: &[u8], label: &str, context: &[u8], bits: u32) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, seed);
    let input = [
        &1_u32.to_be_bytes()[..],
        label.as_bytes(),
        &[0],
        context,
        &bits.to_be_bytes(),
    ]
    .concat();
    let mut block = hmac::sign(&key, &input).as_ref().to_vec();
    block.truncate(usize::try_from(bits / 8).unwrap_or(HASH_BYTES));
    block
}

/// The algorithm and the hash of a public area.
fn name(public: &[u8]) -> Vec<u8> {
    let hash = digest::digest(&digest::SHA256, public);
    [&ALG_SHA256.to_be_bytes()[..], hash.as_ref()].concat()
}

/// Bytes with their length in front, as each `TPM2B_…` is written.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// Reads what a TPM wrote.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::from(length))
    }
}

/// What random bytes are derived from, as the core fetches none from the system.
pub struct Seed([u8; HASH_BYTES]);

impl Seed {
    /// The seed of this id, which need not be secret if `secret` is.
    #[must_use]
    pub fn new(secret: Uuid, id: Uuid) -> Self {
        Self(digest_of(secret.as_bytes(), id.as_bytes()))
    }

    /// A key for HMACs, other than what a blob is encrypted with.
    #[must_use]
    pub fn key(&self) -> [u8; HASH_BYTES] {
        digest_of(&self.0, b"key")
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

fn digest_of(key: &[u8], text: &[u8]) -> [u8; HASH_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut bytes = [0; HASH_BYTES];
    bytes.copy_from_slice(hmac::sign(&key, text).as_ref());
    bytes
}

/// Random bytes out of a seed.
struct Random {
    key: hmac::Key,
    block: u64,
}

impl Random {
    fn new(seed: &Seed) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &seed.0),
            block: 0,
        }
    }

    fn bytes<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        self.fill(&mut bytes);
        bytes
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(HASH_BYTES) {
            self.block += 1;
            let block = hmac::sign(&self.key, &self.block.to_be_bytes());
            for (byte, random) in chunk.iter_mut().zip(block.as_ref()) {
                *byte = *random;
            }
        }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random {}

#[cfg(test)]
mod tests {
    use super::*;

    /// An endorsement key that a TPM simulator gave, of a public bug report of the C SDK.
    const PUBLISHED: &str = "AToAAQALAAMAsgAgg3GXZ0SEs/gakMyNRqXXJP1S124GUgtk8qHaGzMUaaoABgCAAEMAEAgAAAAAAAEAopqgkUBwtpr1sCgVJcEZxsJtpmtOAt9K7SjGFe4hsp6DJ/dd2E5UFzBC+Jp8Fzqf5ukRBkqrAgIuAvHRsruIedk1uarJSLhbDpFLHxFd7iDNcYfrvdgVNT2T9zrvkh2y04WuRQg2D5qf0tZF82jeTjR/YJK7uWhaRwWOwZ3b1XD9l6wFOrwK/Ic0PEsjneFXQzL0n9uKyuHmHNz+wHppmOiMAabvnXXEin9ou7/iowY/+YhFm3j7atsVvxMI5HEM3Mq+W4imUuzPxVX7fZH+oWPKP5ofpWBTf+MdttGby1AjGnv8JE69JriOYoZG2/4qbsfv9M7a7NFrBlaW7Rt36w==";

    #[test]
    fn a_published_endorsement_key_is_read() {
        let key = TpmPublicKey::parse(PUBLISHED).unwrap();
        assert_eq!(key.to_base64(), PUBLISHED);
        assert_eq!(key.exponent, DEFAULT_EXPONENT);
        assert_eq!(format!("{key:?}"), "TpmPublicKey(…)");
        let made = TpmPublicKey::endorsement(&key.modulus).unwrap();
        assert_eq!(made.to_base64(), PUBLISHED);
        let blob = |id| {
            let seed = Seed::new(Uuid::nil(), id);
            activation_blob(&key, &key, b"key", &seed).unwrap()
        };
        assert_eq!(blob(Uuid::nil()), blob(Uuid::nil()));
        assert_ne!(blob(Uuid::nil()), blob(Uuid::max()));
    }

    #[test]
    fn what_is_no_key_of_a_tpm_says_what_is() {
        let shorter = &PUBLISHED[..PUBLISHED.len() - 4];
        let another_algorithm = PUBLISHED.replacen("AToAAQ", "AToAIw", 1);
        for text in ["", "?", "AToAAQ==", shorter, &another_algorithm] {
            let error = TpmPublicKey::parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with("it must be base64 of the public area (TPM2B_PUBLIC)"),
                "{error}"
            );
        }
    }
}
