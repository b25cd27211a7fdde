//! One invocation: who may call, the exchange with the handler, retries, and the record of it.

mod attempt;
pub(crate) mod authorization;
pub(crate) mod bindings;
pub(crate) mod delivery;
pub(crate) mod dispatch;
pub(crate) mod event_hub;
pub(crate) mod function_timeout;
pub(crate) mod http;
pub(crate) mod invocation;
pub(crate) mod readiness;
pub(crate) mod record;
