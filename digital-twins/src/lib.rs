//! Devices and their twins in Azure Digital Twins, matched by a custom handler for Azure Functions:
//! a twin is found or made while the Device Provisioning Service provisions a device, the device's
//! telemetry updates it, and the device's deletion deletes it.
//!
//! # Layout
//!
//! Each layer knows only those below it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`], [`app`] | the process: settings, and what all invocations share |
//! | [`functions`] | one module for each function folder: unwrap, call, wrap |
//! | [`provisioning`] | devices come: a request becomes a twin and a hub, or a refusal |
//! | [`telemetry`] | devices report: a batch becomes one PATCH for each twin |
//! | [`lifecycle`] | devices go: a batch becomes deletions |
//! | [`adt`] | a client for the parts of the Digital Twins API that these need |
//!
//! The process and the triggers are those of the crate [`custom_handler`], the webhook is that of
//! [`allocation`]. What a batch or a request asks for is decided without any I/O; carrying it out
//! is a function next to that.

pub mod adt;
pub mod app;
pub mod config;
pub mod functions;
pub mod lifecycle;
pub mod provisioning;
pub mod telemetry;
