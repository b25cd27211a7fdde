//! The envelope that the host POSTs for an invocation, what its triggers and input bindings put
//! into it, and the answer.
//!
//! Only shapes and their text: no sockets, no clock.

mod answer;
mod base64;
mod bindings;
mod encoded;
mod event_hub;
mod http;
mod invocation;
mod row;

pub use answer::Answer;
pub use bindings::{HttpTrigger, InputBindings};
pub use encoded::{Encoded, decoded};
pub use event_hub::{
    BatchError, EventData, EventHubMetadata, EventHubTrigger, EventProperties, PartitionContext,
    RetryContext,
};
pub use http::{BodyError, Claim, Headers, HttpRequest, HttpResponse, Identity, body_text};
pub use invocation::{INVOCATION_ID_HEADER, Invocation, InvocationError, invocation_id};
pub use row::StoredRow;
