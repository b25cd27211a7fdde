//! The stores that an app's settings name.

use std::fmt;
use std::sync::Arc;

use super::databases::RowsFile;
use super::settings::AppSettings;
use super::storage_accounts::Clients;
use crate::app::extension_bundle::ExtensionBundle;

/// Storage accounts, and the file in place of databases.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(super) settings: AppSettings,
    pub(super) rows: Option<RowsFile>,
    pub(super) clients: Clients,
    pub(super) listener: Listener,
    pub(super) bundle: Option<ExtensionBundle>,
}

/// Hears what the file of rows is asked in place of a database.
#[derive(Clone)]
pub(crate) struct Listener(Arc<dyn Fn(String) + Send + Sync>);

impl Listener {
    pub(crate) fn new(hear: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(super) fn tell(&self, text: String) {
        (self.0)(text);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Stores {
    pub(crate) fn new(
        settings: AppSettings,
        rows: Option<RowsFile>,
        listener: Listener,
        bundle: Option<ExtensionBundle>,
    ) -> Self {
        Self {
            settings,
            rows,
            clients: Clients::default(),
            listener,
            bundle,
        }
    }
}
