//! The custom allocation webhook of the IoT Hub Device Provisioning Service (DPS), over a policy of
//! one's own.
//!
//! When a device registers, the service asks which IoT hub it shall go to and what its first twin
//! says. This crate reads the question, has a [`Policy`] decide, and writes the answer;
//! [`webhook::routes`] is the whole function, for an app that [`custom_handler`] runs.
//!
//! ```
//! use allocation::{Decision, Request, webhook};
//! use custom_handler::Functions;
//!
//! fn decide(request: &Request<'_>) -> Decision {
//!     match request.hub(|name| name.starts_with("contoso-")) {
//!         Some(hub) => Decision::assign("all", hub).tag("fleet", "contoso"),
//!         None => Decision::refuse("The enrollment links no hub of Contoso's."),
//!     }
//! }
//!
//! # fn functions() -> Functions {
//! Functions::new().with("HttpTrigger1", webhook::routes("HttpTrigger1", decide))
//! # }
//! # assert_eq!(format!("{:?}", functions()), r#"["HttpTrigger1"]"#);
//! ```
//!
//! # Layout
//!
//! Each layer knows only those below it, and all but the first are pure: no sockets, no clock, no
//! environment.
//!
//! | module | what it holds |
//! |---|---|
//! | [`webhook`] | the function: unwrap, decide, wrap; statuses, sentences, logs |
//! | [`Policy`], [`AsyncPolicy`], [`Request`], [`Decision`] | what a policy is, is given, and says |
//! | [`policy`] | the policy as a file, `allocation.json` |
//! | [`dps`] | the shapes of the Device Provisioning Service |
//! | [`redacted`] | what of a request may be logged |

mod decision;
pub mod dps;
pub mod policy;
mod policy_trait;
mod redacted;
mod request;
mod text;
pub mod webhook;

pub use decision::{Assignment, Decision, Outcome};
pub use dps::{
    AllocationRequest, AllocationResponse, DeviceRuntimeContext, LinkedHub, LinkedHubs,
    RequestError,
};
pub use policy_trait::{AsyncPolicy, Policy};
pub use redacted::redacted;
pub use request::{MissingError, Request};
pub use text::Text;
