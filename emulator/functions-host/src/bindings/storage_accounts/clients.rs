//! The clients for storage accounts, one for each connection and service: a client costs more than
//! a request.

use std::collections::HashMap;

use storage::{Blobs, Queues, Tables};
use tokio::sync::Mutex;

use super::connection::{self, Service};
use crate::bindings::error::BindingError;
use crate::bindings::settings::AppSettings;

/// Clients by their connections' names.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    blobs: Mutex<HashMap<String, Blobs>>,
    queues: Mutex<HashMap<String, Queues>>,
    tables: Mutex<HashMap<String, Tables>>,
}

impl Clients {
    pub(crate) async fn blobs(
        &self,
        settings: &AppSettings,
        connection: &str,
    ) -> Result<Blobs, BindingError> {
        let mut clients = self.blobs.lock().await;
        if let Some(client) = clients.get(connection) {
            return Ok(client.clone());
        }
        let (account, retry) = connection::account(settings, connection, Service::Blob)?;
        let client = Blobs::new(account, retry)?;
        clients.insert(connection.to_owned(), client.clone());
        Ok(client)
    }

    pub(crate) async fn queues(
        &self,
        settings: &AppSettings,
        connection: &str,
    ) -> Result<Queues, BindingError> {
        let mut clients = self.queues.lock().await;
        if let Some(client) = clients.get(connection) {
            return Ok(client.clone());
        }
        let (account, retry) = connection::account(settings, connection, Service::Queue)?;
        let client = Queues::new(account, retry)?;
        clients.insert(connection.to_owned(), client.clone());
        Ok(client)
    }

    pub(crate) async fn tables(
        &self,
        settings: &AppSettings,
        connection: &str,
    ) -> Result<Tables, BindingError> {
        let mut clients = self.tables.lock().await;
        if let Some(client) = clients.get(connection) {
            return Ok(client.clone());
        }
        let (account, retry) = connection::account(settings, connection, Service::Table)?;
        let client = Tables::new(account, retry)?;
        clients.insert(connection.to_owned(), client.clone());
        Ok(client)
    }
}
