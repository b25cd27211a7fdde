//! The tutorial's payloads: what the service asks, and what Contoso's policy answers.

/// The policy, as the repository has it.
pub const POLICY: &str = include_str!("../../../allocation.json");

/// A toaster registers for the first time: the request in the Functions host's envelope.
pub const ENVELOPE: &str = include_str!("../../../fixtures/host/http_dps_group.json");
/// A toaster comes back with a payload.
pub const REREGISTRATION: &str =
    include_str!("../../../fixtures/dps/group_reregistration_with_payload.json");
/// The same in Azure China.
pub const CHINA_CLOUD: &str = include_str!("../../../fixtures/dps/group_china_cloud.json");
/// A hub and a registration id in mixed case.
pub const MIXED_CASE: &str = include_str!("../../../fixtures/dps/group_2019_api_mixed_case.json");
/// An individual enrollment with a TPM.
pub const TPM: &str = include_str!("../../../fixtures/dps/individual_tpm.json");
/// An individual enrollment with a certificate.
pub const X509: &str = include_str!("../../../fixtures/dps/individual_x509.json");

/// The answer to a toaster of the tutorial's.
pub const TOASTER: &str = r#"{"iotHubHostName":"contoso-toasters-hub-1098.azure-devices.net","initialTwin":{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}}"#;
/// The answer to a heat pump of the tutorial's.
pub const HEAT_PUMP: &str = r#"{"iotHubHostName":"contoso-heatpumps-hub-1098.azure-devices.net","initialTwin":{"properties":{"desired":{"state":"on","temperatureSetting":"65"}},"tags":{"deviceType":"heatpump"}}}"#;
