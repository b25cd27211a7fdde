use super::*;

const FIRST: &str = include_str!("../../../../../fixtures/dps/group_first_registration.json");
const AGAIN: &str =
    include_str!("../../../../../fixtures/dps/group_reregistration_with_payload.json");
const MIXED: &str = include_str!("../../../../../fixtures/dps/group_2019_api_mixed_case.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Capture {
    enrollment_group: EnrollmentGroup,
    device_runtime_context: CapturedContext,
    linked_hubs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CapturedContext {
    registration_id: String,
    current_iot_hub_host_name: Option<String>,
    current_device_id: Option<String>,
    payload: Option<Box<RawValue>>,
}

/// What a pretty-printed fixture looks like on the wire: no blanks outside of strings, members
/// where they were.
fn compact(pretty: &str) -> String {
    let mut compact = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for character in pretty.chars() {
        if in_string || !character.is_ascii_whitespace() {
            compact.push(character);
        }
        if character == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = character == '\\' && !escaped;
    }
    compact
}

#[track_caller]
fn check_capture(fixture: &str) {
    let capture: Capture = serde_json::from_str(&compact(fixture)).unwrap();
    let context = capture.device_runtime_context;
    let mut request = AllocationRequest::new(
        context.registration_id,
        &Enrollment::Group(capture.enrollment_group),
        capture.linked_hubs,
    )
    .with_payload(context.payload);
    if let (Some(hub), Some(device)) =
        (context.current_iot_hub_host_name, context.current_device_id)
    {
        request = request.with_current_assignment(hub, device);
    }
    assert_eq!(request.to_json().unwrap(), compact(fixture));
}

#[test]
fn requests_are_byte_for_byte_those_that_the_service_was_seen_to_send() {
    check_capture(FIRST);
    check_capture(AGAIN);
    check_capture(MIXED);
}

#[test]
fn the_tutorials_request_is_that_of_its_log() {
    let device = "breakroom499-contoso-tstrsd-007";
    let payload =
        r#"{"MyDeviceFirmwareVersion":"12.0.2.5","MyDeviceProvisioningVersion":"1.0.0.0"}"#;
    let request = AllocationRequest::tutorial(device)
        .with_current_assignment("contoso-toasters-hub-1098.azure-devices.net", device)
        .with_payload(Some(RawValue::from_string(payload.to_owned()).unwrap()));
    assert_eq!(request.to_json().unwrap(), compact(AGAIN));
}

#[test]
fn keys_and_the_function_key_stay_out_of_the_request() {
    let mut group = EnrollmentGroup::tutorial();
    group.attestation.symmetric_key = Some(SymmetricKeys {
        primary_key: "cHJpbWFyeQ==".into(),
        secondary_key: "c2Vjb25k".into(),
    });
    group.settings.custom_allocation_definition = Some(CustomAllocationDefinition {
        webhook_url: "https://app.azurewebsites.net/api/HttpTrigger1?code=s3cr3t".into(),
        api_version: "2021-10-01".to_owned(),
    });
    let text = AllocationRequest::new("device", &Enrollment::Group(group), vec![])
        .to_json()
        .unwrap();
    assert!(
        text.contains(r#""attestation":{"type":"symmetricKey"},"#),
        "{text}"
    );
    assert!(
        text.contains(r#""webhookUrl":"https://app.azurewebsites.net/api/HttpTrigger1?****""#),
        "{text}"
    );
    assert!(
        !text.contains("s3cr3t") && !text.contains("cHJpbWFyeQ"),
        "{text}"
    );
}

#[test]
fn a_url_without_a_query_is_left_alone() {
    let mut group = EnrollmentGroup::tutorial();
    group.settings.custom_allocation_definition = Some(CustomAllocationDefinition {
        webhook_url: "http://127.0.0.1:7071/api/HttpTrigger1".into(),
        api_version: "2021-10-01".to_owned(),
    });
    let text = AllocationRequest::new("device", &Enrollment::Group(group), vec![])
        .to_json()
        .unwrap();
    assert!(
        text.contains(r#""webhookUrl":"http://127.0.0.1:7071/api/HttpTrigger1""#),
        "{text}"
    );
}

#[test]
fn an_individual_enrollment_stands_under_its_own_name() {
    let individual = IndividualEnrollment {
        registration_id: "x509-dev-1".to_owned(),
        device_id: Some("press-07".to_owned()),
        attestation: AttestationMechanism {
            kind: "x509".to_owned(),
            tpm: None,
            x509: None,
            symmetric_key: None,
        },
        settings: EnrollmentSettings::default(),
    };
    let request = AllocationRequest::new(
        "x509-dev-1",
        &Enrollment::Individual(individual),
        vec!["a.azure-devices.net".to_owned()],
    )
    .with_attestation(DeviceAttestation::X509 {
        client_certificate: "MIIB".to_owned(),
    });
    assert_eq!(
        request.to_json().unwrap(),
        r#"{"individualEnrollment":{"registrationId":"x509-dev-1","deviceId":"press-07","attestation":{"type":"x509"}},"#.to_owned()
            + r#""deviceRuntimeContext":{"registrationId":"x509-dev-1","x509":{"clientCertificate":"MIIB"}},"#
            + r#""linkedHubs":["a.azure-devices.net"]}"#
    );
}

#[test]
fn a_tpm_shows_both_of_its_keys() {
    let attestation = DeviceAttestation::Tpm(TpmDevice {
        endorsement_key: "EK".to_owned(),
        storage_root_key: "SRK".to_owned(),
    });
    assert_eq!(format!("{attestation:?}"), "Tpm(…)");
    let text = AllocationRequest::tutorial("mydevice")
        .with_attestation(attestation)
        .to_json()
        .unwrap();
    assert!(
        text.contains(
            r#"{"registrationId":"mydevice","tpm":{"endorsementKey":"EK","storageRootKey":"SRK"}}"#
        ),
        "{text}"
    );
}

#[test]
fn a_null_payload_is_no_payload() {
    let request = AllocationRequest::tutorial("device")
        .with_payload(Some(RawValue::from_string("null".to_owned()).unwrap()));
    assert!(!request.to_json().unwrap().contains("payload"));
}
