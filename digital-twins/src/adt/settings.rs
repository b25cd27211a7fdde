//! What the client is told.

use super::{InstanceUrl, SignIn};

/// Which instance, and how to reach it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The instance.
    pub url: InstanceUrl,
    /// The version of its API.
    pub api_version: String,
    /// How to sign in.
    pub sign_in: SignIn,
}
