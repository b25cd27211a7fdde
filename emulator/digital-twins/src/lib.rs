//! A local Azure Digital Twins instance: the part of the data plane that a function app needs, over
//! HTTP on loopback.
//!
//! What it does not do: no sign-in but one fixed token, no commands, no event routes, no model
//! uploads while it runs, no query but `SELECT * FROM DIGITALTWINS T WHERE T.property = 'text'`, no
//! limits of its own (throttling is injected). Nothing is kept when the process ends.
//!
//! Source: <https://learn.microsoft.com/rest/api/digital-twins/dataplane/twins>, and the service's
//! [OpenAPI](https://github.com/Azure/azure-rest-api-specs/tree/main/specification/digitaltwins/data-plane).
//!
//! # Layout
//!
//! - `instance`: the twins, their models and relationships, and the rules for them; pure
//! - `service`: the instance over HTTP
//! - `error`: what a call is answered with, and what is wrong with a model
//!
//! # Assumptions
//!
//! Where neither source says: a twin of an unknown model is refused as `ValidationFailed`, and an
//! unknown or missing `api-version` as `InvalidArgument`; a twin that lacks a component of its
//! model as `ValidationFailed`, and a patch of a component that the twin doesn't have as
//! `JsonPatchInvalid`.

mod error;
mod instance;
mod service;

pub use error::{InstanceError, ModelError};
pub use instance::{Instance, Model};
pub use service::{Call, Effect, Fault, Options, Service};
