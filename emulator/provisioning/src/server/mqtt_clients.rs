//! The MQTT clients that are connected, so that a second connection of one ends the first.
//!
//! MQTT 3.1.1 demands it (3.1.4-2): a device that has lost its connection unnoticed comes back
//! under the same client id. Source:
//! <https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The connected clients. Clones are handles to the same ones.
#[derive(Clone, Debug, Default)]
pub(super) struct MqttClients(Arc<Mutex<HashMap<String, Arc<Notify>>>>);

/// A client's connection. It is forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct ConnectedClient {
    clients: MqttClients,
    id: String,
    replaced: Arc<Notify>,
}

impl MqttClients {
    /// Notes that a client has connected, and ends its earlier connection.
    pub(super) fn connect(&self, id: String) -> ConnectedClient {
        let replaced = Arc::new(Notify::new());
        let earlier = self.lock().insert(id.clone(), Arc::clone(&replaced));
        if let Some(earlier) = earlier {
            earlier.notify_one();
        }
        ConnectedClient {
            clients: self.clone(),
            id,
            replaced,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        // Every change is one insertion or removal, so a panic leaves a whole map behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectedClient {
    /// Waits until the client has connected again.
    pub(super) async fn replaced(&self) {
        self.replaced.notified().await;
    }
}

impl Drop for ConnectedClient {
    fn drop(&mut self) {
        let mut clients = self.clients.lock();
        let current = clients.get(&self.id);
        if current.is_some_and(|current| Arc::ptr_eq(current, &self.replaced)) {
            clients.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_later_connection_of_a_client_stays_known_when_the_earlier_ends() {
        let clients = MqttClients::default();
        let first = clients.connect("toaster".to_owned());
        let second = clients.connect("toaster".to_owned());
        first.replaced().await;
        drop(first);
        let third = clients.connect("toaster".to_owned());
        second.replaced().await;
        drop(second);
        drop(third);
        assert!(clients.lock().is_empty());
    }
}
