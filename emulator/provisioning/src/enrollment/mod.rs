//! Enrollments, and the file that lists them.

pub(crate) mod authorities;
pub(crate) mod config;
pub(crate) mod config_error;
pub(crate) mod enrollments;
pub(crate) mod error;
mod printed;
pub(crate) mod registration_id;
pub(crate) mod settings;
mod x509;
