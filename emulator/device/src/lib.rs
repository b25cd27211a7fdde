//! A simulated device that registers, as the tutorial's does.
//!
//! It speaks the device API over each transport and stops when it knows its hub; it never connects
//! to one. It shares no code with the emulated service: topics, tokens, keys and shapes are spelt
//! here a second time, from the vendor's documents, so that a spelling that only the service has
//! doesn't pass. Source:
//! <https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies#simulate-the-devices>.
//!
//! # Layout
//! - [`keys`]: symmetric keys, and the tokens that are signed with them
//! - [`tpm`]: a TPM in software
//! - [`credential`]: what a device proves itself with
//! - [`connection`]: where the service is, whom to trust, and the transports
//! - [`registration`]: the device, and what it does to register

pub mod connection;
pub mod credential;
pub mod keys;
pub mod registration;
pub mod tpm;
