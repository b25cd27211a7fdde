//! What a TPM can't do.

use crate::keys::symmetric_key::SymmetricKeyError;

/// Why a TPM can't be made, read or written, or doesn't unwrap a key.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    /// There are no random numbers.
    #[error("cannot make an RSA key")]
    Generate(#[source] rsa::Error),
    /// The keys have no form in PEM.
    #[error("cannot write the private keys as PEM")]
    Write(#[source] rsa::pkcs8::Error),
    /// The text is not a TPM's.
    #[error("it must hold the two RSA keys of a software TPM in PEM")]
    Read,
    /// The wrapped key is not text of the right kind.
    #[error("it is not base64")]
    NotBase64(#[source] base64::DecodeError),
    /// The wrapped key ends too early.
    #[error("it ends too early")]
    TooShort,
    /// Another endorsement key, or another storage root key, is the one that can read it.
    #[error("it was wrapped for another TPM")]
    AnotherTpm(#[source] rsa::Error),
    /// The storage root key is another.
    #[error("it was wrapped for a TPM with another storage root key")]
    AnotherStorageRoot,
    /// The key inside has the wrong length.
    #[error("its inner key is not one for AES-128")]
    InnerKey,
    /// What is inside was changed.
    #[error("its inner integrity is broken")]
    InnerIntegrity,
    /// The key that was wrapped is empty.
    #[error("it holds no key")]
    NoKey(#[source] SymmetricKeyError),
}
