//! What several subcommands need.
//!
//! # Layout
//!
//! - The app: `functions_app` (which one runs, with which handler), `webhook_host` (its webhook on
//!   a free port), `host_events` and `log_lines` (what happens in the host, for people and
//!   programs)
//! - The Device Provisioning Service: `service` (how devices find it), `tutorial` (hubs and
//!   devices), `tutorial_service` (one that is started for a command)
//! - What apps read: `azurite`, `table`, `models`; `saves` (which of their files somebody saves)
//! - The terminal: `interrupts`, `output`

pub(crate) mod azurite;
pub(crate) mod functions_app;
pub(crate) mod host_events;
pub(crate) mod interrupts;
pub(crate) mod log_lines;
pub(crate) mod models;
pub(crate) mod output;
pub(crate) mod saves;
pub(crate) mod service;
pub(crate) mod table;
pub(crate) mod tutorial;
pub(crate) mod tutorial_service;
pub(crate) mod webhook_host;
