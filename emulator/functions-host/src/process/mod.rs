//! The handler's process: how it is started, watched, told ready, and started anew.

pub(crate) mod console;
pub(crate) mod exit;
pub(crate) mod launch;
pub(crate) mod lines;
pub(crate) mod port;
pub(crate) mod readiness;
pub(crate) mod supervisor;
pub(crate) mod worker;
pub(crate) mod worker_errors;
