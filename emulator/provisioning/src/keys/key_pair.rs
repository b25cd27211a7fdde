//! Key pairs for certificates, of either algorithm that the service's clients may be limited to.

use anyhow::Context as _;
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

impl KeyAlgorithm {
    /// Makes a new key pair.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate(self) -> anyhow::Result<KeyPair> {
        match self {
            Self::Rsa => rsa(),
            Self::Ecdsa => {
                KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make an ECDSA key")
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
fn rsa() -> anyhow::Result<KeyPair> {
    let mut random = UnwrapErr(getrandom::SysRng);
    let key = rsa::PrivateKey::new(&mut random, RSA_BITS).context("cannot make an RSA key")?;
    let der = key.to_pkcs8_der().context("cannot encode an RSA key")?;
    let der = PrivatePkcs8KeyDer::from(der.as_bytes());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).context("cannot use an RSA key")
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
