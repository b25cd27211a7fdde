//! What all invocations share: the settings, and one client that is made on first use.

use tokio::sync::OnceCell;

use crate::adt::{AdtError, Client};
use crate::config::Config;

/// The app. Its start costs nothing, as certificates are read and connections opened only when an
/// invocation needs them.
pub struct App {
    /// The settings.
    pub config: Config,
    client: OnceCell<Client>,
}

impl App {
    /// An app with these settings.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            client: OnceCell::new(),
        }
    }

    /// The client of the instance.
    ///
    /// # Errors
    /// When it can't be made; the next call tries again.
    pub async fn adt(&self) -> Result<&Client, AdtError> {
        self.client
            .get_or_try_init(async || Client::new(self.config.adt.clone()))
            .await
    }
}
