//! From the handler's answer to the response, and what an answer breaks.

mod content_type;
pub(crate) mod failure;
mod http_output;
mod invocation_result;
pub(crate) mod outputs;
pub(crate) mod violation;
