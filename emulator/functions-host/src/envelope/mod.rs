//! From a request, or a batch of events, to the envelope that the handler gets.

pub(crate) mod body_text;
pub(crate) mod event_hub_trigger;
pub(crate) mod http_trigger;
pub(crate) mod identity;
pub(crate) mod known_headers;
pub(crate) mod request_url;
