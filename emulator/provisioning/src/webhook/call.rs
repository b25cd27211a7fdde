//! One call of a webhook.

use crate::webhook::allocation_request::AllocationRequest;

/// A call of a webhook.
#[derive(Debug)]
pub struct WebhookCall {
    /// Where to.
    pub url: String,
    /// The question.
    pub request: AllocationRequest,
}
