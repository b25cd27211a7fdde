//! From the handler's answer to the response, and what an answer breaks.

mod content_type;
mod http_output;
pub(crate) mod invocation_error;
mod invocation_result;
pub(crate) mod outputs;
pub(crate) mod violation;
