//! From the handler's answer to the response, and what an answer breaks.

pub(crate) mod http_output;
pub(crate) mod outputs;
pub(crate) mod violation;
