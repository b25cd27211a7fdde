//! What a device does to register: it asks, is told to wait, and asks again until it knows its hub.

mod device;
mod error;
mod progress;

pub use device::{Device, Status};
pub use error::RegistrationError;
pub use progress::Assigned;
