//! A device's way to the service: where it is, whom to trust, and the transports.
//!
//! `Connection` hides which transport carries a question. `topic` spells what MQTT's topics
//! say, `link` carries MQTT's bytes.

mod error;
mod exchange;
mod https;
mod link;
mod mqtt;
mod target;
mod topic;
mod transport;
mod trust;

pub use error::ConnectionError;
pub(crate) use exchange::{Identity, Reply};
pub use target::{Target, Transport};
pub(crate) use transport::Connection;
pub use trust::{Trust, TrustError};
