//! The request that the service POSTs to the webhook when a device registers.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::enrollment::{
    EnrollmentGroup, IndividualEnrollment, SymmetricKeyAttestation, TpmAttestation,
    X509DeviceAttestation,
};
use super::linked_hubs::LinkedHubs;
use super::request_error::{MAX_DEPTH, RequestError};
use custom_handler::json::{self, Lazy};

/// A device asks for a hub.
///
/// `registrationId` and `linkedHubs` are read and checked here; the rest is checked when somebody
/// asks for it. Members that the service always sends are optional nonetheless, as saying that one
/// is missing is the policy's business.
///
/// Source:
/// <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation#custom-allocation-policy-request>.
#[derive(Clone, Debug, Default)]
pub struct AllocationRequest<'a> {
    /// The individual enrollment through which the device registers, if it is one.
    pub individual_enrollment: Option<Lazy<'a, IndividualEnrollment<'a>>>,
    /// The enrollment group through which the device registers, if it is one.
    pub enrollment_group: Option<Lazy<'a, EnrollmentGroup<'a>>>,
    /// What the service knows of the device.
    pub device_runtime_context: DeviceRuntimeContext<'a>,
    /// The hubs that it may be assigned to.
    pub linked_hubs: Option<LinkedHubs<'a>>,
}

/// What the service knows of the device that registers.
#[derive(Clone, Debug, Default)]
pub struct DeviceRuntimeContext<'a> {
    /// The registration id, at most 128 characters, in the device's spelling.
    pub registration_id: Option<Cow<'a, str>>,
    /// The host name of the hub that the device is assigned to; absent at its first registration.
    pub current_iot_hub_host_name: Option<Lazy<'a, String>>,
    /// The device id of that assignment.
    pub current_device_id: Option<Lazy<'a, String>>,
    /// Present where the device attests with a certificate.
    pub x509: Option<Lazy<'a, X509DeviceAttestation<'a>>>,
    /// Present where the device attests with a symmetric key. The service strips the keys: it is
    /// `{}`.
    pub symmetric_key: Option<Lazy<'a, SymmetricKeyAttestation<'a>>>,
    /// Present where the device attests with a TPM.
    pub tpm: Option<Lazy<'a, TpmAttestation<'a>>>,
    /// What the device itself sent along, any JSON, as it came. An explicit null counts as nothing
    /// sent.
    ///
    /// [`payload_json`](Self::payload_json) reads text that holds an object as that object.
    pub payload: Option<Lazy<'a, serde_json::Value>>,
}

impl<'a> AllocationRequest<'a> {
    /// Reads the request's JSON text.
    ///
    /// # Errors
    /// When it isn't a JSON object, is nested too deeply, or has one of the members that we read in
    /// another type.
    pub fn parse(json: &'a str) -> Result<Self, RequestError> {
        let members = Members::parse(json).map_err(|error| {
            // That it is not an object shows before the rest is looked at.
            let syntax = serde_json::from_str::<IgnoredAny>(json).err();
            match syntax.or_else(|| (!error.is_data()).then_some(error)) {
                Some(error) => RequestError::NotJson(error),
                None => RequestError::NotAnObject {
                    found: json::kind(json),
                },
            }
        })?;
        if json::nests_deeper_than(json, MAX_DEPTH) {
            let member = members.too_deep();
            return Err(RequestError::TooDeep { member });
        }
        let context = members.device_runtime_context;
        let hubs = members.linked_hubs;
        Ok(Self {
            individual_enrollment: members.individual_enrollment.map(Lazy::from),
            enrollment_group: members.enrollment_group.map(Lazy::from),
            device_runtime_context: context
                .map(DeviceRuntimeContext::parse)
                .transpose()?
                .unwrap_or_default(),
            linked_hubs: hubs.map(parse_linked_hubs).transpose()?,
        })
    }
}

custom_handler::members! {
    /// The request's members.
    struct Members {
        individual_enrollment: "individualEnrollment",
        enrollment_group: "enrollmentGroup",
        device_runtime_context: "deviceRuntimeContext",
        linked_hubs: "linkedHubs",
    }
}

impl Members<'_> {
    /// The first member that is nested too deeply by itself.
    fn too_deep(self) -> Option<&'static str> {
        let members = [
            ("individualEnrollment", self.individual_enrollment),
            ("enrollmentGroup", self.enrollment_group),
            ("deviceRuntimeContext", self.device_runtime_context),
            ("linkedHubs", self.linked_hubs),
        ];
        let deep = |json: &RawValue| json::nests_deeper_than(json.get(), MAX_DEPTH - 1);
        let found = members
            .into_iter()
            .find(|(_, member)| member.is_some_and(deep));
        found.map(|(name, _)| name)
    }
}

custom_handler::members! {
    /// The members of `deviceRuntimeContext`.
    struct ContextMembers {
        registration_id: "registrationId",
        current_iot_hub_host_name: "currentIotHubHostName",
        current_device_id: "currentDeviceId",
        x509: "x509",
        symmetric_key: "symmetricKey",
        tpm: "tpm",
        payload: "payload",
    }
}

impl<'a> DeviceRuntimeContext<'a> {
    /// What the device says of itself, as JSON. Text that holds a JSON object is that object:
    /// `az iot device registration create --payload '{…}'` and its like send text. Other text stays
    /// text.
    #[must_use]
    pub fn payload_json(&self) -> Option<Cow<'a, str>> {
        let json = self.payload?.json();
        Some(object_in_text(json).map_or(Cow::Borrowed(json), Cow::Owned))
    }

    fn parse(json: &'a RawValue) -> Result<Self, RequestError> {
        let members = ContextMembers::parse(json.get()).map_err(|error| {
            let member = "deviceRuntimeContext";
            if error.is_data() {
                RequestError::wrong_type(member, "an object", json)
            } else {
                RequestError::NotText {
                    member: member.into(),
                }
            }
        })?;
        Ok(Self {
            registration_id: members
                .registration_id
                .map(|json| parse_text("deviceRuntimeContext.registrationId", json))
                .transpose()?,
            current_iot_hub_host_name: members.current_iot_hub_host_name.map(Lazy::from),
            current_device_id: members.current_device_id.map(Lazy::from),
            x509: members.x509.map(Lazy::from),
            symmetric_key: members.symmetric_key.map(Lazy::from),
            tpm: members.tpm.map(Lazy::from),
            payload: members.payload.map(Lazy::from),
        })
    }
}

/// The JSON object that a JSON string holds, blanks around it aside. One that is nested too deeply
/// for a request is none.
fn object_in_text(json: &str) -> Option<String> {
    if !json.starts_with('"') {
        return None;
    }
    let text = json::text(json)?;
    let object = text.trim_ascii();
    let is_object = object.starts_with('{')
        && serde_json::from_str::<IgnoredAny>(object).is_ok()
        && !json::nests_deeper_than(object, MAX_DEPTH - 2);
    is_object.then(|| object.to_owned())
}

fn parse_linked_hubs(json: &RawValue) -> Result<LinkedHubs<'_>, RequestError> {
    let hubs: Vec<&RawValue> = serde_json::from_str(json.get())
        .map_err(|_| RequestError::wrong_type("linkedHubs", "an array of host names", json))?;
    let host_names = hubs.into_iter().enumerate();
    host_names
        .map(|(place, hub)| parse_text(format!("linkedHubs[{place}]"), hub))
        .collect::<Result<_, _>>()
        .map(LinkedHubs::new)
}

fn parse_text(
    member: impl Into<Cow<'static, str>>,
    json: &RawValue,
) -> Result<Cow<'_, str>, RequestError> {
    match json::text(json.get()) {
        Some(text) => Ok(text),
        None if json.get().starts_with('"') => Err(RequestError::NotText {
            member: member.into(),
        }),
        None => Err(RequestError::wrong_type(member, "a string", json)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_REGISTRATION: &str =
        include_str!("../../../../fixtures/dps/group_first_registration.json");
    const REREGISTRATION: &str =
        include_str!("../../../../fixtures/dps/group_reregistration_with_payload.json");
    const MIXED_CASE: &str =
        include_str!("../../../../fixtures/dps/group_2019_api_mixed_case.json");
    const TPM: &str = include_str!("../../../../fixtures/dps/individual_tpm.json");
    const X509: &str = include_str!("../../../../fixtures/dps/individual_x509.json");

    fn hubs<'a>(request: &'a AllocationRequest<'_>) -> Vec<&'a str> {
        let hubs = request.linked_hubs.as_ref().unwrap();
        hubs.iter()
            .map(super::super::LinkedHub::host_name)
            .collect()
    }

    #[test]
    fn a_first_registration_has_no_current_hub() {
        let request = AllocationRequest::parse(FIRST_REGISTRATION).unwrap();
        let context = &request.device_runtime_context;
        assert_eq!(
            context.registration_id.as_deref(),
            Some("breakroom499-contoso-tstrsd-007")
        );
        assert_eq!(
            hubs(&request),
            [
                "custom-allocation-toasters-hub.azure-devices.net",
                "custom-allocation-heatpumps-hub.azure-devices.net"
            ]
        );
        assert!(request.individual_enrollment.is_none());
        assert!(context.current_iot_hub_host_name.is_none());
        assert!(context.current_device_id.is_none());
        assert!(context.payload.is_none());
        assert!(
            context
                .symmetric_key
                .unwrap()
                .parse()
                .unwrap()
                .primary_key
                .is_none()
        );

        let group = request.enrollment_group.unwrap().parse().unwrap();
        assert_eq!(
            group.enrollment_group_id.as_deref(),
            Some("contoso-custom-allocated-devices")
        );
        assert_eq!(
            group.attestation.unwrap().r#type.as_deref(),
            Some("symmetricKey")
        );
        assert!(!group.capabilities.unwrap().iot_edge);
        assert!(group.reprovision_policy.unwrap().update_hub_assignment);
        assert_eq!(group.allocation_policy.as_deref(), Some("custom"));
        assert_eq!(group.iot_hubs.unwrap().len(), 2);
        assert_eq!(
            group.etag.as_deref(),
            Some("\"13003fea-0000-0300-0000-62d1d5e50000\"")
        );
        let webhook = group.custom_allocation_definition.unwrap();
        assert_eq!(webhook.api_version.as_deref(), Some("2021-10-01"));
        assert!(
            webhook
                .webhook_url
                .unwrap()
                .ends_with("/api/HttpTrigger1?****")
        );
    }

    #[test]
    fn a_device_that_comes_back_brings_its_hub_and_its_payload() {
        let request = AllocationRequest::parse(REREGISTRATION).unwrap();
        let context = &request.device_runtime_context;
        assert_eq!(
            context.current_iot_hub_host_name.unwrap().parse().unwrap(),
            "contoso-toasters-hub-1098.azure-devices.net"
        );
        assert_eq!(
            context.current_device_id.unwrap().parse().unwrap(),
            "breakroom499-contoso-tstrsd-007"
        );
        assert_eq!(
            context.payload.unwrap().parse().unwrap()["MyDeviceFirmwareVersion"],
            "12.0.2.5"
        );
    }

    #[test]
    fn names_keep_their_case() {
        let request = AllocationRequest::parse(MIXED_CASE).unwrap();
        let context = &request.device_runtime_context;
        assert_eq!(context.registration_id.as_deref(), Some("WioTerminal"));
        assert_eq!(hubs(&request), ["PVDemo-IoTHub.azure-devices.net"]);
    }

    #[test]
    fn an_individual_enrollment_may_attest_by_tpm() {
        let request = AllocationRequest::parse(TPM).unwrap();
        assert!(request.enrollment_group.is_none());
        let enrollment = request.individual_enrollment.unwrap().parse().unwrap();
        assert_eq!(enrollment.registration_id.as_deref(), Some("mydevice"));
        let tpm = request.device_runtime_context.tpm.unwrap().parse().unwrap();
        assert_eq!(
            tpm.endorsement_key.unwrap().0,
            "xxxx-device-endorsement-key-xxxxx"
        );
        assert_eq!(
            tpm.storage_root_key.unwrap().0,
            "xxxx-device-storage-root-key-xxxxx"
        );
    }

    #[test]
    fn an_individual_enrollment_may_attest_by_certificate() {
        let request = AllocationRequest::parse(X509).unwrap();
        let enrollment = request.individual_enrollment.unwrap().parse().unwrap();
        assert_eq!(enrollment.device_id.as_deref(), Some("press-07"));
        let attestation = enrollment.attestation.unwrap().x509.unwrap();
        let info = attestation
            .client_certificates
            .unwrap()
            .primary
            .unwrap()
            .info
            .unwrap();
        assert_eq!(info.subject_name.as_deref(), Some("CN=x509-dev-1"));
        assert_eq!(info.version, Some(3));
        let x509 = request
            .device_runtime_context
            .x509
            .unwrap()
            .parse()
            .unwrap();
        assert!(x509.client_certificate.unwrap().0.starts_with("MII"));
    }

    #[test]
    fn debug_shows_no_key_and_no_certificate() {
        let request = AllocationRequest::parse(TPM).unwrap();
        let tpm = request.device_runtime_context.tpm.unwrap().parse().unwrap();
        assert!(!format!("{request:?}").contains("xxxx"));
        assert_eq!(
            format!("{tpm:?}"),
            "TpmAttestation { endorsement_key: Some(Secret(****)), storage_root_key: Some(Secret(****)) }"
        );
    }

    #[test]
    fn members_that_are_null_unknown_or_repeated_are_no_mistake() {
        let request = AllocationRequest::parse(
            r#"{"individualEnrollment":null,"new":[{}],"linkedHubs":5,"linkedHubs":["a","b"],
                "deviceRuntimeContext":{"registrationId":1,"payload":null,"registrationId":"\u0061"}}"#,
        )
        .unwrap();
        assert!(request.individual_enrollment.is_none());
        assert!(request.device_runtime_context.payload.is_none());
        assert_eq!(
            request.device_runtime_context.registration_id.as_deref(),
            Some("a")
        );
        assert_eq!(hubs(&request), ["a", "b"]);
    }

    #[test]
    fn what_is_not_read_is_not_checked() {
        let json = r#"{"enrollmentGroup":5,"deviceRuntimeContext":{"currentDeviceId":[],"x509":"\ud800","payload":1e999}}"#;
        let request = AllocationRequest::parse(json).unwrap();
        assert!(request.enrollment_group.unwrap().parse().is_err());
        assert!(
            request
                .device_runtime_context
                .current_device_id
                .unwrap()
                .parse()
                .is_err()
        );
    }
}
