//! Enrollments, and the file that lists them.

pub mod authorities;
pub mod config;
pub mod enrollments;
pub mod error;
mod printed;
pub mod registration_id;
mod x509;
