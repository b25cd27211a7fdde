//! The proof of a device that has a TPM: a token signed with a nonce that only its TPM can read.
//!
//! A registration without such a token is answered with the nonce, wrapped for the keys that the
//! device shows; its endorsement key must be the enrollment's. A nonce starts one registration, and
//! is good for the questions after it. Source of the exchange:
//! <https://learn.microsoft.com/azure/iot-dps/concepts-tpm-attestation>.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::enrollment::enrollments::TpmKeys;
use crate::enrollment::registration_id::RegistrationId;
use crate::keys::sas_token::SasToken;
use crate::keys::symmetric_key::SymmetricKey;
use crate::keys::tpm::{Seed, TpmKeyError, TpmPublicKey, activation_blob};
use crate::keys::wrapped_key::WrappedKey;
use crate::webhook::allocation_request::DeviceAttestation;
use crate::webhook::tpm_attestation::TpmDevice;
use crate::wire::request_error::RequestError;
use crate::wire::tpm_challenge::TpmChallenge;
use iot_hub::Members;

/// Why a device has to sign with a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It sends no token.
    NoToken,
    /// The service remembers no nonce for the device.
    Forgotten,
    /// The nonce has started a registration.
    Spent,
}

impl Reason {
    fn sentence(self) -> &'static str {
        match self {
            Self::NoToken => "until its TPM signs with the nonce that it is sent",
            Self::Forgotten => {
                "until its TPM signs with the nonce that it is sent; none was remembered for its token"
            }
            Self::Spent => {
                "until its TPM signs with the new nonce that it is sent; its token's has started a \
                 registration before"
            }
        }
    }
}

/// The nonce that each device was sent last.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    secret: Uuid,
    of_devices: HashMap<String, Nonce>,
}

#[derive(Debug)]
struct Nonce {
    key: SymmetricKey,
    device: TpmDevice,
    hub_key: WrappedKey,
    spent: bool,
}

impl Nonces {
    /// Makes the nonces that are to come unpredictable.
    pub(crate) fn set_secret(&mut self, secret: Uuid) {
        self.secret = secret;
    }

    /// Why the device has to be challenged anew, if it has: whether a registration of it is
    /// `running` decides what a spent nonce is still good for.
    pub(crate) fn lacking(&self, id: &RegistrationId, running: bool) -> Option<Reason> {
        match self.of_devices.get(&id.key()) {
            None => Some(Reason::Forgotten),
            Some(nonce) if nonce.spent && !running => Some(Reason::Spent),
            Some(_) => None,
        }
    }

    /// Makes a nonce for a device that shows its keys, and remembers it.
    ///
    /// # Errors
    /// The keys are missing, can't be read, or aren't the enrollment's.
    pub(crate) fn challenge(
        &mut self,
        id: &RegistrationId,
        enrolled: &TpmKeys,
        shown: Option<&RawValue>,
        reason: Reason,
        request: Uuid,
    ) -> Result<TpmChallenge, RequestError> {
        let (endorsement_key, storage_root_key) = read(shown)?;
        if endorsement_key != enrolled.endorsement_key {
            return Err(another_key("endorsement key"));
        }
        let storage_root_key = match (storage_root_key, &enrolled.storage_root_key) {
            (Some(shown), Some(enrolled)) if shown != *enrolled => {
                return Err(another_key("storage root key"));
            }
            (Some(key), _) => key,
            (None, Some(enrolled)) => enrolled.clone(),
            (None, None) => return Err(malformed("tpm.storageRootKey is missing")),
        };
        let wrapped = |seed: Seed| -> Result<([u8; 32], WrappedKey), RequestError> {
            let key = seed.key();
            let blob = activation_blob(&endorsement_key, &storage_root_key, &key, &seed)
                .map_err(|error| unreadable("endorsementKey", error))?;
            Ok((key, STANDARD.encode(blob).into()))
        };
        let secret = self.secret;
        let (key, authentication_key) = wrapped(Seed::new(secret, request))?;
        let (_, hub_key) = wrapped(Seed::new(secret, Uuid::from_u128(!request.as_u128())))?;
        let nonce = Nonce {
            key: key.into(),
            device: TpmDevice {
                endorsement_key: endorsement_key.to_base64(),
                storage_root_key: storage_root_key.to_base64(),
            },
            hub_key,
            spent: false,
        };
        self.of_devices.insert(id.key(), nonce);
        Ok(TpmChallenge::new(authentication_key, reason.sentence()))
    }

    /// Checks a token that is the device's and still good.
    ///
    /// # Errors
    /// It isn't signed with the nonce that the device was sent last.
    pub(crate) fn prove(
        &self,
        id: &RegistrationId,
        token: &SasToken,
    ) -> Result<DeviceAttestation, RequestError> {
        let nonce = self.of_devices.get(&id.key());
        match nonce.filter(|nonce| token.is_signed_with(&nonce.key)) {
            Some(nonce) => Ok(DeviceAttestation::Tpm(nonce.device.clone())),
            None => Err(RequestError::BadSignature(
                "the token isn't signed with the nonce that the device's TPM was sent last"
                    .to_owned(),
            )),
        }
    }

    /// Lets the device's nonce start a registration; gives its key for the hub, wrapped.
    pub(crate) fn spend(&mut self, key: &str) -> Option<WrappedKey> {
        let nonce = self.of_devices.get_mut(key)?;
        nonce.spent = true;
        Some(nonce.hub_key.clone())
    }
}

/// The keys that a device shows.
fn read(tpm: Option<&RawValue>) -> Result<(TpmPublicKey, Option<TpmPublicKey>), RequestError> {
    let tpm = tpm.ok_or_else(|| {
        malformed(
            "tpm is missing, with endorsementKey and storageRootKey, which the enrollment asks for",
        )
    })?;
    let mut members: Members = serde_json::from_str(tpm.get())
        .map_err(|error| RequestError::Unreadable(format!("tpm is not a JSON object: {error}")))?;
    let mut key = |name: &str| {
        let Some(text) = members.take(name).filter(|text| text.get() != "null") else {
            return Ok(None);
        };
        let text: String = serde_json::from_str(text.get())
            .map_err(|_| RequestError::Unreadable(format!("tpm.{name} must be text")))?;
        TpmPublicKey::parse(&text)
            .map(Some)
            .map_err(|error| unreadable(name, error))
    };
    let endorsement_key =
        key("endorsementKey")?.ok_or_else(|| malformed("tpm.endorsementKey is missing"))?;
    Ok((endorsement_key, key("storageRootKey")?))
}

fn malformed(problem: &str) -> RequestError {
    RequestError::Malformed(problem.to_owned())
}

fn unreadable(name: &str, error: TpmKeyError) -> RequestError {
    RequestError::Malformed(format!("tpm.{name} can't be used: {error}"))
}

fn another_key(name: &str) -> RequestError {
    RequestError::BadSignature(format!(
        "the device's {name} is not the one that the enrollment names"
    ))
}
