//! Key pairs for certificates, of either algorithm that the service's clients may be limited to.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::UnwrapErr;
use rustls::pki_types::PrivatePkcs8KeyDer;

/// The size of an RSA key, as the service's own certificate has it.
const RSA_BITS: usize = 2_048;

/// The algorithm of a certificate's key, which decides the cipher suites that a client must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, as the real service's certificate.
    #[default]
    Rsa,
    /// ECDSA with the curve P-256.
    Ecdsa,
}

/// Why there is no key pair.
#[derive(Debug, thiserror::Error)]
pub enum KeyPairError {
    /// The system gives no random numbers.
    #[error("cannot make an ECDSA key")]
    Ecdsa(#[source] rcgen::Error),
    /// The system gives no random numbers.
    #[error("cannot make an RSA key")]
    Rsa(#[from] rsa::Error),
    /// The key can't be written down.
    #[error("cannot encode an RSA key")]
    EncodeRsa(#[from] rsa::pkcs8::Error),
    /// The key can't be used.
    #[error("cannot use an RSA key")]
    UseRsa(#[source] rcgen::Error),
}

impl KeyAlgorithm {
    /// Makes a new key pair.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate(self) -> Result<KeyPair, KeyPairError> {
        match self {
            Self::Rsa => rsa(),
            Self::Ecdsa => {
                KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(KeyPairError::Ecdsa)
            }
        }
    }

    /// The algorithm of a key pair.
    #[must_use]
    pub fn of(key: &KeyPair) -> Self {
        if key.is_compatible(&PKCS_RSA_SHA256) {
            Self::Rsa
        } else {
            Self::Ecdsa
        }
    }
}

/// ring can sign with RSA keys and can't make them, so another crate makes this one.
fn rsa() -> Result<KeyPair, KeyPairError> {
    let mut random = UnwrapErr(getrandom::SysRng);
    let key = rsa::PrivateKey::new(&mut random, RSA_BITS)?;
    let der = key.to_pkcs8_der()?;
    let der = PrivatePkcs8KeyDer::from(der.as_bytes());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).map_err(KeyPairError::UseRsa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_pair_has_the_algorithm_that_was_asked_for() {
        for algorithm in [KeyAlgorithm::Rsa, KeyAlgorithm::Ecdsa] {
            let key = algorithm.generate().unwrap();
            assert_eq!(KeyAlgorithm::of(&key), algorithm);
        }
    }
}
