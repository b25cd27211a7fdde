//! The custom-handler protocol of the Azure Functions host: an invocation comes in, an answer goes out.
//!
//! Only shapes and their text: no sockets, no clock, no HTTP library. The host is set to its envelope mode
//! (`enableForwardingHttpRequest` false), in which it POSTs every invocation of a function to `/{FunctionName}`.
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers> and, where that page is silent or
//! stale, the host itself: <https://github.com/Azure/azure-functions-host>.

mod answer;
mod base64;
mod encoded;
mod event_hub;
mod http;
mod invocation;

pub use answer::Answer;
pub use encoded::Encoded;
pub use event_hub::{
    BatchError, EventData, EventHubMetadata, EventHubTrigger, EventProperties, PartitionContext,
    RetryContext,
};
pub use http::{
    BodyError, Claim, Headers, HttpRequest, HttpResponse, Identity, ResponseHeaders, body_text,
};
pub use invocation::{Invocation, InvocationError};

/// The header in which the host names the invocation, a GUID that its own logs carry too.
pub const INVOCATION_ID_HEADER: &str = "X-Azure-Functions-InvocationId";
