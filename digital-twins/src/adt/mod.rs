//! A client for Azure Digital Twins: the calls that this app needs, typed, over one connection pool
//! and one sign-in.
//!
//! What it can't do, it can't do by accident: a twin is never replaced, as [`Client::create`] is
//! the only PUT and always says `If-None-Match: *`; a link to a next page is followed on the
//! instance's own host alone, as the token goes with it.
//!
//! Source: <https://learn.microsoft.com/rest/api/digital-twins/dataplane/twins>, and the service's
//! [OpenAPI](https://github.com/Azure/azure-rest-api-specs/tree/main/specification/digitaltwins/data-plane).

mod client;
mod credential;
mod error;
mod instance_url;
mod json_patch;
mod model_id;
mod printable;
mod retry;
mod settings;
mod shapes;
mod transport;
mod twin_id;

pub use client::Client;
pub use credential::SignIn;
pub use error::AdtError;
pub use instance_url::InstanceUrl;
pub use json_patch::JsonPatch;
pub use model_id::ModelId;
pub(crate) use printable::printable;
pub use retry::Deadline;
pub use settings::Settings;
pub use shapes::{DigitalTwin, IncomingRelationship, Relationship};
pub use twin_id::TwinId;
