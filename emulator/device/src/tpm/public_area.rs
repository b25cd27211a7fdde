//! The public part of a TPM's key, as the device sends it: a `TPM2B_PUBLIC`.
//!
//! The attributes and policies are those of the templates with which the SDKs make both keys: the
//! TCG's profile of an RSA endorsement key, and the storage root key of its provisioning guidance.
//! Sources: <https://trustedcomputinggroup.org/resource/tpm-library-specification/>, part 2, and
//! <https://trustedcomputinggroup.org/resource/tcg-ek-credential-profile-for-tpm-family-2-0/>.

use ring::digest;

use super::buffer::sized;

/// The identifiers of the algorithms.
mod algorithm {
    pub(super) const RSA: u16 = 0x01;
    pub(super) const AES: u16 = 0x06;
    pub(super) const SHA256: u16 = 0x0B;
    pub(super) const NULL: u16 = 0x10;
    pub(super) const CFB: u16 = 0x43;
}

/// The bits of `TPMA_OBJECT`.
mod attribute {
    pub(super) const FIXED_TPM: u32 = 1 << 1;
    pub(super) const FIXED_PARENT: u32 = 1 << 4;
    pub(super) const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;
    pub(super) const USER_WITH_AUTH: u32 = 1 << 6;
    pub(super) const ADMIN_WITH_POLICY: u32 = 1 << 7;
    pub(super) const NO_DA: u32 = 1 << 10;
    pub(super) const RESTRICTED: u32 = 1 << 16;
    pub(super) const DECRYPT: u32 = 1 << 17;
}

/// What both keys have: they never leave their TPM, and decrypt what the TPM's own structures hold.
const STORAGE_KEY: u32 = attribute::FIXED_TPM
    | attribute::FIXED_PARENT
    | attribute::SENSITIVE_DATA_ORIGIN
    | attribute::RESTRICTED
    | attribute::DECRYPT;

/// The command code of `TPM2_PolicySecret`.
const POLICY_SECRET: u32 = 0x151;

/// The handle of the endorsement hierarchy.
const RH_ENDORSEMENT: u32 = 0x4000_000B;

const AES_KEY_BITS: u16 = 128;
const RSA_KEY_BITS: u16 = 2_048;

/// The `TPM2B_PUBLIC` of the endorsement key with this modulus.
pub(super) fn endorsement_key(modulus: &[u8]) -> Vec<u8> {
    let attributes = STORAGE_KEY | attribute::ADMIN_WITH_POLICY;
    public_area(attributes, &endorsement_policy(), modulus)
}

/// The `TPM2B_PUBLIC` of the storage root key with this modulus.
pub(super) fn storage_root_key(modulus: &[u8]) -> Vec<u8> {
    let attributes = STORAGE_KEY | attribute::USER_WITH_AUTH | attribute::NO_DA;
    public_area(attributes, &[], modulus)
}

/// How a TPM names the object with this public area (without the length in front).
pub(super) fn name(public_area: &[u8]) -> Vec<u8> {
    let mut name = algorithm::SHA256.to_be_bytes().to_vec();
    name.extend_from_slice(sha256(public_area).as_ref());
    name
}

fn public_area(attributes: u32, policy: &[u8], modulus: &[u8]) -> Vec<u8> {
    let mut area = Vec::new();
    let number = |area: &mut Vec<u8>, number: u16| area.extend(number.to_be_bytes());
    number(&mut area, algorithm::RSA);
    number(&mut area, algorithm::SHA256);
    area.extend(attributes.to_be_bytes());
    area.extend(sized(policy));
    // How the key protects what it holds.
    number(&mut area, algorithm::AES);
    number(&mut area, AES_KEY_BITS);
    number(&mut area, algorithm::CFB);
    // It has no scheme of its own.
    number(&mut area, algorithm::NULL);
    number(&mut area, RSA_KEY_BITS);
    // The exponent that each TPM takes, 65537, is written as 0.
    area.extend(0_u32.to_be_bytes());
    area.extend(sized(modulus));
    sized(&area)
}

/// The policy that asks for the secret of the endorsement hierarchy: `PolicyUpdate` of a policy
/// that was empty, and of an empty reference.
fn endorsement_policy() -> Vec<u8> {
    // The name of a hierarchy is its handle.
    let mut update = vec![0; digest::SHA256_OUTPUT_LEN];
    update.extend(POLICY_SECRET.to_be_bytes());
    update.extend(RH_ENDORSEMENT.to_be_bytes());
    sha256(sha256(&update).as_ref()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// An endorsement key that a TPM simulator gave, of a public bug report of the C SDK.
    const PUBLISHED: &str = "AToAAQALAAMAsgAgg3GXZ0SEs/gakMyNRqXXJP1S124GUgtk8qHaGzMUaaoABgCAAEMAEAgAAAAAAAEAopqgkUBwtpr1sCgVJcEZxsJtpmtOAt9K7SjGFe4hsp6DJ/dd2E5UFzBC+Jp8Fzqf5ukRBkqrAgIuAvHRsruIedk1uarJSLhbDpFLHxFd7iDNcYfrvdgVNT2T9zrvkh2y04WuRQg2D5qf0tZF82jeTjR/YJK7uWhaRwWOwZ3b1XD9l6wFOrwK/Ic0PEsjneFXQzL0n9uKyuHmHNz+wHppmOiMAabvnXXEin9ou7/iowY/+YhFm3j7atsVvxMI5HEM3Mq+W4imUuzPxVX7fZH+oWPKP5ofpWBTf+MdttGby1AjGnv8JE69JriOYoZG2/4qbsfv9M7a7NFrBlaW7Rt36w==";

    #[test]
    fn an_endorsement_key_is_written_as_a_tpm_simulator_writes_it() {
        let published = STANDARD.decode(PUBLISHED).unwrap();
        let (_, modulus) = published.split_at(published.len() - 256);
        assert_eq!(STANDARD.encode(endorsement_key(modulus)), PUBLISHED);
    }

    #[test]
    fn a_storage_root_key_has_the_attributes_of_its_template() {
        let key = storage_root_key(&[7; 256]);
        let head = [
            [0x01, 0x1A], // the length of all
            [0x00, 0x01], // RSA
            [0x00, 0x0B], // SHA-256
            [0x00, 0x03], // its attributes
            [0x04, 0x72],
            [0x00, 0x00], // no policy
            [0x00, 0x06], // AES
            [0x00, 0x80], // of 128 bits
            [0x00, 0x43], // in CFB mode
            [0x00, 0x10], // no scheme
            [0x08, 0x00], // 2048 bits
            [0x00, 0x00], // the usual exponent
            [0x00, 0x00],
            [0x01, 0x00], // the length of the modulus
        ]
        .concat();
        assert_eq!(key, [head, vec![7; 256]].concat());
    }
}
