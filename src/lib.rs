//! A custom allocation webhook for the IoT Hub Device Provisioning Service (DPS), as a custom handler for Azure Functions.
//!
//! When a device registers, the service asks which IoT hub it shall go to and what its first twin says. The Functions host takes
//! the question and POSTs it to the binary of this package in an envelope; the answer goes the same way back.
//!
//! # Layout
//!
//! Each layer knows only those below it, and the lower four are pure: no sockets, no clock, no environment.
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`], [`server`] | the process: settings, listener, signals, limits |
//! | [`functions`] | one module for each function folder: unwrap, allocate, wrap |
//! | [`body`] | reading a request's body within bounds |
//! | [`allocation`] | the policy: a request becomes a response or a refusal |
//! | [`dps`] | the shapes of the Device Provisioning Service |
//! | [`host`] | the shapes of the Functions host |
//! | [`json`] | reading JSON without building trees |

pub mod allocation;
pub mod body;
pub mod config;
pub mod dps;
pub mod functions;
pub mod host;
pub mod json;
pub mod server;
