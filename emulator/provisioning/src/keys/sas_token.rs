//! The token with which a device proves that it has its symmetric key.
//!
//! Source:
//! <https://learn.microsoft.com/azure/iot-dps/how-to-control-access#security-token-structure>. The
//! signature is over the text of `sr` as the token spells it: the device SDKs write `%2F`, `%2f`
//! and a bare `/`, and each signs its own spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::clock::Timestamp;
use crate::keys::symmetric_key::SymmetricKey;

/// What opens every token.
const SCHEME: &str = "SharedAccessSignature ";

/// The policy name that the device SDKs write into `skn`.
const REGISTRATION_POLICY: &str = "registration";

/// Everything but the unreserved characters of a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A shared access signature as it was sent.
pub struct SasToken {
    raw_resource: String,
    resource: String,
    signature: Vec<u8>,
    raw_expiry: String,
    expiry: i64,
}

impl SasToken {
    /// Takes a token apart.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn parse(text: &str) -> Result<Self, SasTokenError> {
        let fields = text.strip_prefix(SCHEME).ok_or(SasTokenError::Scheme)?;
        let field = |name: &'static str| {
            fields
                .split('&')
                .filter_map(|field| field.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        let required = |name| field(name).ok_or(SasTokenError::Missing(name));
        let raw_resource = required("sr")?;
        let raw_expiry = required("se")?;
        if let Some(policy) = field("skn")
            && ![REGISTRATION_POLICY, ""].contains(&policy)
        {
            return Err(SasTokenError::Policy);
        }
        Ok(Self {
            raw_resource: raw_resource.to_owned(),
            resource: decode(raw_resource).ok_or(SasTokenError::Malformed("sr"))?,
            signature: decode(required("sig")?)
                .and_then(|signature| STANDARD.decode(signature).ok())
                .ok_or(SasTokenError::Malformed("sig"))?,
            raw_expiry: raw_expiry.to_owned(),
            expiry: raw_expiry
                .parse()
                .map_err(|_| SasTokenError::Malformed("se"))?,
        })
    }

    /// Whether the token is for `registration_id` in `id_scope`, in any case and spelling.
    #[must_use]
    pub fn is_for(&self, id_scope: &str, registration_id: &str) -> bool {
        self.resource
            .eq_ignore_ascii_case(&resource(id_scope, registration_id))
    }

    /// Whether the token has run out.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expiry <= now.unix()
    }

    /// Whether the token was signed with `key`.
    #[must_use]
    pub fn is_signed_with(&self, key: &SymmetricKey) -> bool {
        let signed = format!("{}\n{}", self.raw_resource, self.raw_expiry);
        key.verifies(&signed, &self.signature)
    }

    /// The token that a device with `key` sends, good until `expiry`.
    #[must_use]
    pub fn issue(
        key: &SymmetricKey,
        id_scope: &str,
        registration_id: &str,
        expiry: Timestamp,
    ) -> String {
        let resource = resource(id_scope, registration_id);
        let resource = utf8_percent_encode(&resource, ESCAPED);
        let expiry = expiry.unix();
        let signature = key.sign(&format!("{resource}\n{expiry}"));
        let signature = utf8_percent_encode(&signature, ESCAPED);
        format!("{SCHEME}sr={resource}&sig={signature}&se={expiry}&skn={REGISTRATION_POLICY}")
    }
}

fn resource(id_scope: &str, registration_id: &str) -> String {
    format!("{id_scope}/registrations/{registration_id}")
}

fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SasTokenError {
    /// It doesn't open with `SharedAccessSignature`.
    #[error("the token doesn't open with {SCHEME:?}")]
    Scheme,
    /// It lacks this field.
    #[error("the token has no {0}")]
    Missing(&'static str),
    /// This field can't be read.
    #[error("the token's {0} can't be read")]
    Malformed(&'static str),
    /// It names a policy other than `registration`.
    #[error("the token's skn must be {REGISTRATION_POLICY:?}, or be left out")]
    Policy,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOASTER_KEY: &str = "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=";
    const NODE_KEY: &str = "nbO0ldL+n/7CU6og6DHiBbRI5dJHs3PySRJvEqr2/a8=";

    /// A token as an SDK really sent it.
    #[track_caller]
    fn check(key: &str, sr: &str, se: &str, sig: &str, registration_id: &str) {
        let sig = utf8_percent_encode(sig, ESCAPED);
        let token = SasToken::parse(&format!("SharedAccessSignature sr={sr}&sig={sig}&se={se}"));
        let token = token.unwrap();
        assert!(token.is_for("0ne00LOCAL1", registration_id), "{sr}");
        let key = SymmetricKey::parse(key).unwrap();
        assert!(token.is_signed_with(&key), "{sr}");
    }

    #[test]
    fn the_tokens_of_the_sdks_verify_in_each_spelling() {
        check(
            TOASTER_KEY,
            "0ne00LOCAL1%2Fregistrations%2Fbreakroom499-contoso-tstrsd-007",
            "1795326955",
            "2gx5uZU2Kz6tUzgeaB1tw0qMLjK6GwsVGW12wOU7vHQ=",
            "breakroom499-contoso-tstrsd-007",
        );
        check(
            TOASTER_KEY,
            "0ne00LOCAL1%2Fregistrations%2Fbreakroom499-contoso-tstrsd-007",
            "1795327825",
            "qI+vHzh1t2znF1aHoHN9bE4u/WAl1W9vnX7TjB87UAQ=",
            "breakroom499-contoso-tstrsd-007",
        );
        check(
            TOASTER_KEY,
            "0ne00LOCAL1%2fregistrations%2fbreakroom499-contoso-tstrsd-007",
            "1795326236",
            "CzTT6BKuPU3fis+6qVwqUeGalOV8TiBVT4RwTDbF+2E=",
            "breakroom499-contoso-tstrsd-007",
        );
        check(
            NODE_KEY,
            "0ne00LOCAL1/registrations/node-http",
            "1795327037",
            "aMfXLiLLQTR5sQ5YHvJ8BiblwWfslg3lOYC1wBcKl+A=",
            "node-http",
        );
        check(
            NODE_KEY,
            "0ne00LOCAL1/registrations/node-http",
            "1795327859",
            "JFz/QreNu0//AndW3UF+SEZLbQiXqiyG8nlmUKyp4lI=",
            "NODE-http",
        );
    }

    #[test]
    fn the_service_token_of_the_documentation_verifies() {
        let key = "18RQk/hOPJR9EbsJlk2j8WA6vWaj/yi+oaYg7zmxfQNdOyMSu+SJ8O7TSlZhDJCYmn4rzEiVKIzNiVAWjLxrGA==";
        let token = SasToken::parse(
            "SharedAccessSignature sr=MyExampleHub.azure-devices.net%2Fdevices%2Fmy-symkey-device\
             &sig=f%2BwW8XOKeJOtiPc9Iwjc4OpExvPM7NlhM9qxN2a1aAM%3D&se=1663119026",
        );
        let key = SymmetricKey::parse(key).unwrap();
        assert!(token.unwrap().is_signed_with(&key));
    }

    #[test]
    fn an_issued_token_holds_until_its_expiry_and_for_its_device_and_key_only() {
        let key = SymmetricKey::parse(TOASTER_KEY).unwrap();
        let expiry = Timestamp::from_unix(1_000).unwrap();
        let token = SasToken::issue(&key, "0ne00LOCAL1", "toaster", expiry);
        let token = SasToken::parse(&token).unwrap();
        assert!(token.is_signed_with(&key));
        assert!(!token.is_signed_with(&SymmetricKey::parse(NODE_KEY).unwrap()));
        assert!(token.is_for("0NE00local1", "Toaster"));
        assert!(!token.is_for("0ne00LOCAL2", "toaster"));
        assert!(!token.is_for("0ne00LOCAL1", "heatpump"));
        assert!(!token.has_expired(Timestamp::from_unix(999).unwrap()));
        assert!(token.has_expired(Timestamp::from_unix(1_000).unwrap()));
    }

    #[test]
    fn what_is_no_token_says_why() {
        #[track_caller]
        fn check(text: &str, expected: SasTokenError, sentence: &str) {
            let error = SasToken::parse(text).err().unwrap();
            assert_eq!((error, error.to_string().as_str()), (expected, sentence));
        }
        check(
            "Bearer x",
            SasTokenError::Scheme,
            "the token doesn't open with \"SharedAccessSignature \"",
        );
        check(
            "SharedAccessSignature sr=a&sig=YQ==",
            SasTokenError::Missing("se"),
            "the token has no se",
        );
        check(
            "SharedAccessSignature sr=a&sig=!!&se=1",
            SasTokenError::Malformed("sig"),
            "the token's sig can't be read",
        );
        check(
            "SharedAccessSignature sr=a&sig=YQ==&se=soon",
            SasTokenError::Malformed("se"),
            "the token's se can't be read",
        );
        check(
            "SharedAccessSignature sr=a&sig=YQ==&se=1&skn=owner",
            SasTokenError::Policy,
            "the token's skn must be \"registration\", or be left out",
        );
    }
}
