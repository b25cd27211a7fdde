//! What several subcommands need: which app runs, the webhook behind a host, the service to talk to, and how things are shown.

pub(crate) mod functions_app;
pub(crate) mod interrupts;
pub(crate) mod log_lines;
pub(crate) mod output;
pub(crate) mod saves;
pub(crate) mod service;
pub(crate) mod webhook_host;
