//! A simulated device that registers, as the tutorial's does.
//!
//! It speaks the device API over each transport and stops when it knows its hub; it never connects to one. What it
//! reads of an answer is what a device SDK reads; topics, tokens and keys it takes from the service's crate, so that it can't
//! tell where both are wrong. The real SDKs' tests can.
//! Source: <https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies#simulate-the-devices>.

pub mod connection;
pub mod credential;
mod https;
mod link;
mod mqtt;
pub mod registration;
pub mod tpm;
