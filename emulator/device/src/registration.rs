//! What a device does to register: it asks, is told to wait, and asks again until it knows its hub.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::connection::{Connection, Identity, Reply, Target, Transport, Trust};
use super::credential::Credential;
use emulator_text::printable;
use provisioning::keys::sas_token::SasToken;
use provisioning::keys::symmetric_key::SymmetricKey;
use provisioning::service::moment::Moment;

/// How long a device's token is good.
const TOKEN_HOLDS: Duration = Duration::from_hours(1);

/// How long a device waits that isn't told how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);

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

/// Where a device was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// Its hub.
    pub hub: String,
    /// Its id in the hub.
    pub device_id: String,
    /// What the webhook told it.
    pub payload: Option<Value>,
}

/// Why a device has no hub.
#[derive(Debug)]
pub enum NotAssigned {
    /// The registration failed, for this reason.
    Failed {
        /// The reason, as a number.
        error_code: u64,
        /// The reason, as a sentence.
        message: String,
    },
    /// The enrollment is disabled.
    Disabled,
    /// The service refused the request.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason, as a number.
        error_code: u64,
        /// The reason, as a sentence.
        message: String,
    },
    /// The service gave no answer.
    Unreachable(anyhow::Error),
}

impl NotAssigned {
    /// What the C SDK calls it, its `PROV_DEVICE_RESULT`.
    ///
    /// Source: <https://github.com/Azure/azure-iot-sdk-c/blob/main/provisioning_client/src/prov_device_ll_client.c>.
    #[must_use]
    pub fn device_result(&self) -> &'static str {
        match self {
            Self::Failed {
                error_code: 400_208,
                ..
            } => "PROV_DEVICE_RESULT_HUB_NOT_SPECIFIED",
            Self::Failed {
                error_code: 400_209,
                ..
            } => "PROV_DEVICE_RESULT_UNAUTHORIZED",
            Self::Failed { .. } | Self::Refused { .. } => "PROV_DEVICE_RESULT_DEV_AUTH_ERROR",
            Self::Disabled => "PROV_DEVICE_RESULT_DISABLED",
            Self::Unreachable(_) => "PROV_DEVICE_RESULT_TRANSPORT",
        }
    }
}

impl fmt::Display for NotAssigned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed {
                error_code,
                message,
            } => write!(
                formatter,
                "the registration failed {error_code}: {}",
                printable(message)
            ),
            Self::Disabled => write!(formatter, "the enrollment is disabled"),
            Self::Refused {
                status,
                error_code,
                message,
            } => write!(
                formatter,
                "the service answered {status} {error_code}: {}",
                printable(message)
            ),
            Self::Unreachable(error) => write!(formatter, "{error:#}"),
        }
    }
}

impl std::error::Error for NotAssigned {}

impl From<anyhow::Error> for NotAssigned {
    fn from(error: anyhow::Error) -> Self {
        Self::Unreachable(error)
    }
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
    ) -> Result<Assigned, NotAssigned> {
        let identity = self.identity(target);
        let presenting = match &self.credential {
            Credential::SymmetricKey(_) | Credential::Tpm(_) => None,
            Credential::Certificate(certificate) => Some(trust.presenting(certificate)?),
        };
        let trust = presenting.as_ref().unwrap_or(trust);
        let mut connection = Connection::open(transport, target, trust, identity).await?;
        let body = self.body().to_string();
        let mut reply = connection.register(&body).await?;
        if let Some(token) = self.meet_challenge(&reply, target)? {
            connection.set_token(token);
            reply = connection.register(&body).await?;
        }
        tell(Status::Connected);
        loop {
            let wait = reply.retry_after.map_or(DEFAULT_WAIT, Duration::from_secs);
            match progress(reply)? {
                Progress::Done { assigned, hub_key } => {
                    self.keep(hub_key.as_deref())?;
                    return Ok(assigned);
                }
                Progress::Assigning(operation_id) => {
                    tell(Status::Assigning);
                    tokio::time::sleep(wait).await;
                    reply = connection.operation_status(&operation_id).await?;
                    while reply.status == THROTTLED {
                        tokio::time::sleep(wait).await;
                        reply = connection.operation_status(&operation_id).await?;
                    }
                }
                Progress::Throttled => {
                    tokio::time::sleep(wait).await;
                    reply = connection.register(&body).await?;
                }
            }
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

    fn token(&self, key: &SymmetricKey, target: &Target) -> String {
        let expiry = Moment::of_system().now.after(TOKEN_HOLDS);
        SasToken::issue(key, &target.id_scope, &self.registration_id, expiry)
    }

    /// The token that a nonce asks for, if the reply is one.
    fn meet_challenge(&self, reply: &Reply, target: &Target) -> anyhow::Result<Option<String>> {
        let nonce = reply.body["authenticationKey"].as_str();
        match (&self.credential, nonce) {
            (Credential::Tpm(tpm), Some(nonce)) if reply.status == UNAUTHORIZED => {
                let key = tpm
                    .activate(nonce)
                    .context("the TPM can't unwrap the nonce")?;
                Ok(Some(self.token(&key, target)))
            }
            _ => Ok(None),
        }
    }

    /// Unwraps the device's key for its hub, as a device with a TPM does at the end.
    fn keep(&self, hub_key: Option<&str>) -> anyhow::Result<()> {
        if let Credential::Tpm(tpm) = &self.credential {
            let hub_key = hub_key.context("the answer has no registrationState.tpm")?;
            tpm.activate(hub_key)
                .context("the TPM can't unwrap its key for the hub")?;
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

const UNAUTHORIZED: u16 = 401;
const THROTTLED: u16 = 429;

/// What a device does next.
enum Progress {
    Done {
        assigned: Assigned,
        hub_key: Option<String>,
    },
    Assigning(String),
    Throttled,
}

fn progress(reply: Reply) -> Result<Progress, NotAssigned> {
    let Reply {
        status, mut body, ..
    } = reply;
    let error_code = |value: &Value| value["errorCode"].as_u64().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if status == THROTTLED {
        return Ok(Progress::Throttled);
    }
    if status >= 300 {
        return Err(NotAssigned::Refused {
            status,
            error_code: error_code(&body),
            message: text(&body["message"]),
        });
    }
    let state = &mut body["registrationState"];
    match body_status(state) {
        Some("assigned") => Ok(Progress::Done {
            hub_key: state["tpm"]["authenticationKey"]
                .as_str()
                .map(str::to_owned),
            assigned: Assigned {
                hub: text(&state["assignedHub"]),
                device_id: text(&state["deviceId"]),
                payload: Some(state["payload"].take()).filter(|payload| !payload.is_null()),
            },
        }),
        Some("failed") => Err(NotAssigned::Failed {
            error_code: error_code(state),
            message: text(&state["errorMessage"]),
        }),
        Some("disabled") => Err(NotAssigned::Disabled),
        _ => body["operationId"]
            .as_str()
            .map(|operation_id| Progress::Assigning(operation_id.to_owned()))
            .context("the answer has neither a result nor an operationId")
            .map_err(NotAssigned::from),
    }
}

fn body_status(state: &Value) -> Option<&str> {
    state["status"].as_str()
}
