//! The shapes that the IoT Hub Device Provisioning Service exchanges with a custom allocation
//! webhook.
//!
//! Only shapes and their text: no sockets, no clock, no policy.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-custom-allocation>.

mod allocation_request;
mod allocation_response;
mod enrollment;
mod linked_hubs;
mod request_error;

pub use allocation_request::{AllocationRequest, DeviceRuntimeContext};
pub use allocation_response::{
    AllocationResponse, InitialTwin, TwinCollection, TwinProperties, TwinValue,
};
pub use enrollment::{
    Attestation, Capabilities, CertificateInfo, CustomAllocationDefinition, EnrollmentGroup,
    IndividualEnrollment, ReprovisionPolicy, Secret, SymmetricKeyAttestation, TpmAttestation,
    TwinState, X509Attestation, X509Certificate, X509Certificates, X509DeviceAttestation,
};
pub use linked_hubs::{LinkedHub, LinkedHubs};
pub use request_error::RequestError;
