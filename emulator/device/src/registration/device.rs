//! A device that registers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use serde_json::{Value, json};

use super::error::RegistrationError;
use super::progress::{Assigned, Progress};
use crate::connection::{Connection, Identity, Reply, Target, Transport, Trust};
use crate::credential::Credential;
use crate::keys::sas_token::sas_token;
use crate::keys::symmetric_key::SymmetricKey;

/// How long a device's token is good.
const TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// How long a device waits that isn't told how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);

const UNAUTHORIZED: u16 = 401;

/// A device that wants to register.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its registration id.
    pub registration_id: String,
    /// What it proves itself with.
    pub credential: Credential,
    /// What it tells the webhook.
    pub payload: Option<Value>,
}

/// What happens on the way, in the words of the C SDK's `PROV_DEVICE_REG_STATUS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The service has answered.
    Connected,
    /// A hub is being chosen.
    Assigning,
}

impl Device {
    /// Registers, and tells what happens on the way.
    ///
    /// # Errors
    /// The device gets no hub.
    pub async fn register(
        &self,
        transport: Transport,
        target: &Target,
        trust: &Trust,
        mut tell: impl FnMut(Status),
    ) -> Result<Assigned, RegistrationError> {
        let presenting = match &self.credential {
            Credential::SymmetricKey(_) | Credential::Tpm(_) => None,
            Credential::Certificate(certificate) => Some(trust.presenting(certificate)?),
        };
        let trust = presenting.as_ref().unwrap_or(trust);
        let identity = self.identity(target);
        let mut connection = Connection::open(transport, target, trust, identity).await?;
        let body = self.body().to_string();
        let mut reply = connection.register(&body).await?;
        if let Some(token) = self.meet_challenge(&reply, target)? {
            connection.set_token(token);
            reply = connection.register(&body).await?;
        }
        tell(Status::Connected);
        let mut operation = None;
        loop {
            let wait = reply.retry_after.map_or(DEFAULT_WAIT, Duration::from_secs);
            match Progress::of(reply)? {
                Progress::Done { assigned, hub_key } => {
                    self.keep(hub_key.as_deref())?;
                    return Ok(assigned);
                }
                Progress::Assigning(operation_id) => {
                    tell(Status::Assigning);
                    operation = Some(operation_id);
                }
                Progress::Throttled => {}
            }
            tokio::time::sleep(wait).await;
            reply = match &operation {
                Some(operation_id) => connection.operation_status(operation_id).await?,
                None => connection.register(&body).await?,
            };
        }
    }

    fn identity(&self, target: &Target) -> Identity {
        Identity {
            registration_id: self.registration_id.clone(),
            sas_token: match &self.credential {
                Credential::SymmetricKey(key) => Some(self.token(key, target)),
                Credential::Certificate(_) | Credential::Tpm(_) => None,
            },
        }
    }

    fn token(&self, key: &SymmetricKey, target: &Target) -> SecretString {
        // A clock before 1970 gives a token that has run out, as on a board that doesn't know the
        // time.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let expiry = now.unwrap_or_default() + TOKEN_LIFETIME;
        sas_token(
            key,
            &target.id_scope,
            &self.registration_id,
            expiry.as_secs(),
        )
    }

    /// The token that a nonce asks for, if the reply is one.
    fn meet_challenge(
        &self,
        reply: &Reply,
        target: &Target,
    ) -> Result<Option<SecretString>, RegistrationError> {
        let nonce = reply.body["authenticationKey"].as_str();
        match (&self.credential, nonce) {
            (Credential::Tpm(tpm), Some(nonce)) if reply.status == UNAUTHORIZED => {
                let key = tpm.activate(nonce).map_err(RegistrationError::Nonce)?;
                Ok(Some(self.token(&key, target)))
            }
            _ => Ok(None),
        }
    }

    /// Unwraps the device's key for its hub, as a device with a TPM does at the end.
    fn keep(&self, hub_key: Option<&str>) -> Result<(), RegistrationError> {
        if let Credential::Tpm(tpm) = &self.credential {
            let hub_key = hub_key.ok_or(RegistrationError::NoHubKey)?;
            tpm.activate(hub_key).map_err(RegistrationError::HubKey)?;
        }
        Ok(())
    }

    fn body(&self) -> Value {
        let mut body = json!({"registrationId": self.registration_id});
        if let Some(payload) = &self.payload {
            body["payload"] = payload.clone();
        }
        if let Credential::Tpm(tpm) = &self.credential {
            body["tpm"] = json!({
                "endorsementKey": tpm.endorsement_key(),
                "storageRootKey": tpm.storage_root_key(),
            });
        }
        body
    }
}
