//! A custom allocation webhook for the IoT Hub Device Provisioning Service (DPS), as a custom handler for Azure Functions.
//!
//! When a device registers, the service asks which IoT hub it shall go to and what its first twin says. The Functions host takes
//! the question and POSTs it to the binary of this package in an envelope; the answer goes the same way back.
//!
//! # Layout
//!
//! | module | what it holds |
//! |---|---|
//! | [`functions`] | one module for each function folder |
//! | [`contoso`] | the policy: the tutorial's rules, as rows of data |
//!
//! The webhook is the crate [`allocation`], the process around it [`custom_handler`].

pub mod contoso;
pub mod functions;
