//! The token with which a device proves that it has its key.
//!
//! Source:
//! <https://learn.microsoft.com/azure/iot-dps/how-to-control-access#security-token-structure>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;

use crate::keys::symmetric_key::SymmetricKey;

/// All that a URL may hold as it is stays; the rest is escaped.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The token of a device, good until `expiry` in seconds since the start of 1970.
///
/// The signature is over the resource as the token spells it.
#[must_use]
pub fn sas_token(
    key: &SymmetricKey,
    id_scope: &str,
    registration_id: &str,
    expiry: u64,
) -> SecretString {
    let resource = format!("{id_scope}/registrations/{registration_id}");
    let resource = utf8_percent_encode(&resource, RESERVED);
    let signature = STANDARD.encode(key.hmac(&format!("{resource}\n{expiry}")));
    let signature = utf8_percent_encode(&signature, RESERVED);
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn=registration")
        .into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_has_the_signature_that_the_python_sdk_was_seen_to_send() {
        let key = SymmetricKey::parse("JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=").unwrap();
        for (expiry, signature) in [
            (
                1_795_326_955,
                "2gx5uZU2Kz6tUzgeaB1tw0qMLjK6GwsVGW12wOU7vHQ%3D",
            ),
            (
                1_795_327_825,
                "qI%2BvHzh1t2znF1aHoHN9bE4u%2FWAl1W9vnX7TjB87UAQ%3D",
            ),
        ] {
            let token = sas_token(
                &key,
                "0ne00LOCAL1",
                "breakroom499-contoso-tstrsd-007",
                expiry,
            );
            assert_eq!(
                token.expose_secret(),
                format!(
                    "SharedAccessSignature sr=0ne00LOCAL1%2Fregistrations%2F\
                     breakroom499-contoso-tstrsd-007&sig={signature}&se={expiry}&skn=registration"
                )
            );
        }
    }
}
