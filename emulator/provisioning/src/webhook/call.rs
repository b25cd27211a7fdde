//! One call of a webhook.

use crate::webhook::allocation_request::AllocationRequest;
use crate::webhook::webhook_url::WebhookUrl;

/// A call of a webhook.
#[derive(Debug)]
pub struct WebhookCall {
    /// Where to.
    pub url: WebhookUrl,
    /// The question.
    pub request: AllocationRequest,
}
