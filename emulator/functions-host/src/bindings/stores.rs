//! The stores that an app's settings name.

use super::databases::RowsFile;
use super::settings::AppSettings;
use super::storage_accounts::Clients;

/// Storage accounts, and the file in place of databases.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(super) settings: AppSettings,
    pub(super) rows: Option<RowsFile>,
    pub(super) clients: Clients,
}

impl Stores {
    pub(crate) fn new(settings: AppSettings, rows: Option<RowsFile>) -> Self {
        Self {
            settings,
            rows,
            clients: Clients::default(),
        }
    }
}
