//! The bodies of the device API, the same on every transport.
//!
//! Shapes: <https://learn.microsoft.com/rest/api/iot-dps/device/runtime-registration>. Members come
//! in the order of the service's captured answers, and those without a value are left out.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::keys::wrapped_key::WrappedKey;
use crate::wire::request_error::RequestError;

/// The most that a device may send in one message, and that its registration may hold.
///
/// Source: <https://learn.microsoft.com/azure/iot-dps/about-iot-dps#quotas-and-limits>.
pub(crate) const MAX_MESSAGE_BYTES: usize = 96 * 1024;

/// The first and the last version of the API that is emulated. Versions are dates, so text compares
/// as they do.
const API_VERSIONS: [&str; 2] = ["2018-11-01", "2021-10-01"];

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// How far a registration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RegistrationStatus {
    /// The device never registered.
    Unassigned,
    /// A hub is being chosen.
    Assigning,
    /// It has a hub.
    Assigned,
    /// It was refused, or nothing could be found for it.
    Failed,
    /// Its enrollment is disabled.
    Disabled,
}

/// How an assignment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Substatus {
    /// It is the first.
    InitialAssignment,
    /// The device moved to another hub, and its twin with it.
    DeviceDataMigrated,
    /// The device moved to another hub and started afresh.
    DeviceDataReset,
    /// The device moved back to a hub that it had before.
    ReprovisionedToInitialAssignment,
}

/// The answer to a registration and to a question after it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationOperationStatus {
    /// What to ask for.
    pub operation_id: String,
    /// How far it has come.
    pub status: RegistrationStatus,
    /// The particulars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_state: Option<DeviceRegistrationResult>,
}

/// The particulars of a registration.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRegistrationResult {
    /// The device's key for the hub, when it proved itself with a TPM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmRegistrationResult>,
    /// The device's group if there is one, when it proved itself with a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x509: Option<X509RegistrationResult>,
    /// The device's group, when it proved itself with a key derived from the group's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symmetric_key: Option<SymmetricKeyRegistrationResult>,
    /// The registration id.
    pub registration_id: String,
    /// When the device registered first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<String>,
    /// The hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_hub: Option<String>,
    /// The device's id in the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// How far it has come.
    pub status: RegistrationStatus,
    /// How the assignment came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substatus: Option<Substatus>,
    /// Why it failed, as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
    /// Why it failed, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// When the registration changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<String>,
    /// The version of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// What the webhook tells the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Box<RawValue>>,
}

impl DeviceRegistrationResult {
    /// A registration of which nothing is known but how far it has come.
    #[must_use]
    pub fn bare(registration_id: &str, status: RegistrationStatus) -> Self {
        Self {
            tpm: None,
            x509: None,
            symmetric_key: None,
            registration_id: registration_id.to_owned(),
            created_date_time_utc: None,
            assigned_hub: None,
            device_id: None,
            status,
            substatus: None,
            error_code: None,
            error_message: None,
            last_updated_date_time_utc: None,
            etag: None,
            payload: None,
        }
    }
}

/// What the service gives a device that has a TPM.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TpmRegistrationResult {
    /// The device's key for the hub, in base64 and wrapped for the TPM.
    pub authentication_key: WrappedKey,
}

/// What the service tells of a device's certificate: that there was one, and of which group.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct X509RegistrationResult {
    /// The group whose certificate signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_group_id: Option<String>,
}

/// What the service tells of a device's key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SymmetricKeyRegistrationResult {
    /// The group that the key was derived from.
    pub enrollment_group_id: String,
}

/// An answer that isn't a refusal.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    /// When to ask again, in seconds; `None` when there is nothing to wait for.
    pub retry_after: Option<u64>,
}

impl<T> Answer<T> {
    /// The status: *accepted* while there is something to wait for.
    #[must_use]
    pub fn status(&self) -> u16 {
        if self.retry_after.is_some() { 202 } else { 200 }
    }
}

/// Checks the version of the API that a request names.
///
/// # Errors
/// It names none, or one that isn't emulated.
pub(crate) fn check_api_version(version: Option<&str>) -> Result<(), RequestError> {
    let [first, last] = API_VERSIONS;
    match version {
        Some(version)
            if (first..=last).contains(&version) && Date::parse(version, DATE).is_ok() =>
        {
            Ok(())
        }
        None | Some("") => Err(RequestError::Malformed(format!(
            "api-version is missing; those from {first} to {last} are emulated"
        ))),
        Some(version) => Err(RequestError::Malformed(format!(
            "api-version {version} isn't emulated; those from {first} to {last} are"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_versions_from_2018_to_2021_are_emulated() {
        for version in ["2018-11-01", "2019-03-31", "2021-06-01", "2021-10-01"] {
            assert_eq!(check_api_version(Some(version)), Ok(()));
        }
        for version in [
            "2018-10-31",
            "2021-10-02",
            "2019-99-99",
            "2019-02-29",
            "2020abcdef",
            "2020xxxxxx",
            "2020-01-01 ",
            "2020-1-001",
        ] {
            let error = check_api_version(Some(version)).unwrap_err();
            assert!(matches!(error, RequestError::Malformed(_)), "{version}");
        }
        for (version, sentence) in [
            (
                Some("2025-07-01-preview"),
                "Invalid argument: api-version 2025-07-01-preview isn't emulated; those from 2018-11-01 to 2021-10-01 are",
            ),
            (
                None,
                "Invalid argument: api-version is missing; those from 2018-11-01 to 2021-10-01 are emulated",
            ),
            (
                Some(""),
                "Invalid argument: api-version is missing; those from 2018-11-01 to 2021-10-01 are emulated",
            ),
        ] {
            let error = check_api_version(version).unwrap_err();
            assert_eq!(error.to_string(), sentence);
        }
    }
}
