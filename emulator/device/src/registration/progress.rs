//! What an answer means for a device that registers.
//!
//! Source: <https://learn.microsoft.com/rest/api/iot-dps/device/runtime-registration>.

use serde_json::Value;

use super::error::RegistrationError;
use crate::connection::Reply;

const THROTTLED: u16 = 429;

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

/// What a device does next.
#[derive(Debug, PartialEq)]
pub(super) enum Progress {
    /// It goes to its hub.
    Done {
        assigned: Assigned,
        /// The wrapped key with which a device with a TPM does.
        hub_key: Option<String>,
    },
    /// It asks about this operation.
    Assigning(String),
    /// It asks again.
    Throttled,
}

impl Progress {
    pub(super) fn of(reply: Reply) -> Result<Self, RegistrationError> {
        let Reply {
            status, mut body, ..
        } = reply;
        let error_code = |value: &Value| value["errorCode"].as_u64().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if status == THROTTLED {
            return Ok(Self::Throttled);
        }
        if status >= 300 {
            return Err(RegistrationError::Refused {
                status,
                error_code: error_code(&body),
                message: text(&body["message"]),
            });
        }
        let operation_id = body["operationId"].as_str().map(str::to_owned);
        let Some(state) = body.get_mut("registrationState") else {
            return operation_id
                .map(Self::Assigning)
                .ok_or(RegistrationError::NoProgress);
        };
        match state["status"].as_str() {
            Some("assigned") => Ok(Self::Done {
                hub_key: state["tpm"]["authenticationKey"]
                    .as_str()
                    .map(str::to_owned),
                assigned: Assigned {
                    hub: text(&state["assignedHub"]),
                    device_id: text(&state["deviceId"]),
                    payload: Some(state["payload"].take()).filter(|payload| !payload.is_null()),
                },
            }),
            Some("failed") => Err(RegistrationError::Failed {
                error_code: error_code(state),
                message: text(&state["errorMessage"]),
            }),
            Some("disabled") => Err(RegistrationError::Disabled),
            _ => operation_id
                .map(Self::Assigning)
                .ok_or(RegistrationError::NoProgress),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    macro_rules! captured {
        ($name:literal) => {
            include_str!(concat!("../../../../fixtures/device-api/", $name))
        };
    }

    fn progress(status: u16, body: &str) -> Result<Progress, RegistrationError> {
        Progress::of(Reply {
            status,
            retry_after: None,
            body: serde_json::from_str(body).unwrap(),
        })
    }

    fn assigned(payload: Option<Value>, hub_key: Option<&str>) -> Progress {
        Progress::Done {
            assigned: Assigned {
                hub: "MyExampleHub.azure-devices.net".to_owned(),
                device_id: "my-symkey-device".to_owned(),
                payload,
            },
            hub_key: hub_key.map(str::to_owned),
        }
    }

    #[test]
    fn a_device_waits_and_goes_on_as_the_service_says() {
        let operation_id = "5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550";
        let waiting = || Progress::Assigning(operation_id.to_owned());
        let assigning = json!({
            "operationId": operation_id,
            "status": "assigning",
            "registrationState": {"registrationId": "my-symkey-device", "status": "assigning"},
        });
        for (status, body, expected) in [
            (202, captured!("accepted.json"), waiting()),
            (202, &assigning.to_string(), waiting()),
            (200, captured!("assigned.json"), assigned(None, None)),
            (429, captured!("throttled.json"), Progress::Throttled),
        ] {
            assert_eq!(progress(status, body).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn a_payload_and_a_key_for_the_hub_are_taken_along() {
        let mut body: Value = serde_json::from_str(captured!("assigned.json")).unwrap();
        let state = &mut body["registrationState"];
        state["payload"] = json!({"site": "Turin"});
        state["tpm"] = json!({"authenticationKey": "AAAA"});
        assert_eq!(
            progress(200, &body.to_string()).unwrap(),
            assigned(Some(json!({"site": "Turin"})), Some("AAAA"))
        );
        body["registrationState"]["payload"] = Value::Null;
        body["registrationState"]["tpm"] = Value::Null;
        assert_eq!(
            progress(200, &body.to_string()).unwrap(),
            assigned(None, None)
        );
    }

    #[test]
    fn a_device_that_gets_no_hub_hears_why_in_the_words_of_the_c_sdk() {
        let failed = |error_code: u64| {
            let state = json!({"status": "failed", "errorCode": error_code, "errorMessage": "No."});
            json!({"status": "failed", "registrationState": state}).to_string()
        };
        for (status, body, sentence, device_result) in [
            (
                200,
                captured!("failed.json"),
                "the registration failed 400207: Custom allocation failed with status code: 400",
                "PROV_DEVICE_RESULT_DEV_AUTH_ERROR",
            ),
            (
                200,
                &failed(400_208),
                "the registration failed 400208: No.",
                "PROV_DEVICE_RESULT_HUB_NOT_SPECIFIED",
            ),
            (
                200,
                &failed(400_209),
                "the registration failed 400209: No.",
                "PROV_DEVICE_RESULT_UNAUTHORIZED",
            ),
            (
                200,
                captured!("disabled.json"),
                "the enrollment is disabled",
                "PROV_DEVICE_RESULT_DISABLED",
            ),
            (
                401,
                captured!("unauthorized.json"),
                "the service answered 401 401002: Invalid certificate.",
                "PROV_DEVICE_RESULT_DEV_AUTH_ERROR",
            ),
            (
                404,
                "null",
                "the service answered 404 0: ",
                "PROV_DEVICE_RESULT_DEV_AUTH_ERROR",
            ),
            (
                200,
                "{}",
                "the answer has neither a result nor an operationId",
                "PROV_DEVICE_RESULT_TRANSPORT",
            ),
            (
                200,
                "[]",
                "the answer has neither a result nor an operationId",
                "PROV_DEVICE_RESULT_TRANSPORT",
            ),
        ] {
            let error = progress(status, body).unwrap_err();
            assert_eq!(error.to_string(), sentence, "{body}");
            assert_eq!(error.device_result(), device_result, "{body}");
        }
    }
}
