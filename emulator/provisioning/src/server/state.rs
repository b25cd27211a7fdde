//! The state file: finished registrations and the devices of the hubs, in an embedded database.
//!
//! A registration is known to its device only after [`StateFile::save`] has returned, and that
//! returns only when the data is on the disk. So a crash at any moment loses no registration that
//! anybody heard of.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use tokio::sync::oneshot;

use crate::service::operation::Settlement;
use crate::service::registration::Registration;
use iot_hub::{DeviceIdentity, HubChange};

/// Records by the key of their registration id, as JSON.
const REGISTRATIONS: TableDefinition<'_, &str, &str> = TableDefinition::new("registrations");

/// Devices by hub and device id, as JSON.
const DEVICES: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("devices");

/// How many registrations share one write to the disk at most.
const BATCH: usize = 512;

/// Why a state file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// It can't be opened or made.
    #[error("cannot open the state file {}", .0.display())]
    Open(PathBuf, #[source] redb::DatabaseError),
    /// It holds something else.
    #[error("cannot read the state file {}", .0.display())]
    Read(PathBuf, #[source] StorageError),
    /// It can't be written.
    #[error("cannot write the state file {}", .0.display())]
    Write(PathBuf, #[source] Arc<StorageError>),
    /// Nobody writes it any more.
    #[error("the state file {} is closed", .0.display())]
    Closed(PathBuf),
}

/// What the database or a record in it says.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database.
    #[error(transparent)]
    Database(#[from] redb::Error),
    /// A record.
    #[error(transparent)]
    Record(#[from] serde_json::Error),
}

/// An open state file.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    writes: Option<mpsc::Sender<Write>>,
    writer: Option<thread::JoinHandle<()>>,
}

/// What a state file held when it was opened.
#[derive(Debug, Default)]
pub struct Saved {
    /// The finished registrations.
    pub registrations: Vec<Registration>,
    /// The devices, each with its hub.
    pub devices: Vec<(String, DeviceIdentity)>,
}

/// A registration on its way to the disk.
struct Write {
    registration: (String, String),
    devices: Vec<DeviceWrite>,
    done: oneshot::Sender<Result<(), Arc<StorageError>>>,
}

enum DeviceWrite {
    Put(String, String, String),
    Remove(String, String),
}

impl StateFile {
    /// Opens or makes the file, and reads what it holds.
    ///
    /// # Errors
    /// The file can't be opened, is in use, or holds something else.
    pub fn open(path: &Path) -> Result<(Self, Saved), StateFileError> {
        let database =
            Database::create(path).map_err(|error| StateFileError::Open(path.to_owned(), error))?;
        let saved =
            read(&database).map_err(|error| StateFileError::Read(path.to_owned(), error))?;
        let (writes, incoming) = mpsc::channel();
        let file = Self {
            path: path.to_owned(),
            writes: Some(writes),
            writer: Some(thread::spawn(move || write_all(&database, &incoming))),
        };
        Ok((file, saved))
    }

    /// Puts a finished registration on the disk.
    ///
    /// # Errors
    /// It isn't there.
    pub async fn save(&self, settlement: &Settlement) -> Result<(), StateFileError> {
        let (done, saved) = oneshot::channel();
        let failed = |error| StateFileError::Write(self.path.clone(), error);
        let write = Write::new(settlement, done)
            .map_err(|error| failed(Arc::new(StorageError::from(error))))?;
        let sent = self
            .writes
            .as_ref()
            .is_some_and(|writes| writes.send(write).is_ok());
        let written = if sent { saved.await.ok() } else { None };
        written
            .ok_or_else(|| StateFileError::Closed(self.path.clone()))?
            .map_err(failed)
    }
}

impl Drop for StateFile {
    /// Waits for the last write, so that the file can be opened again at once.
    fn drop(&mut self) {
        drop(self.writes.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            log::error!("the writer of {} panicked", self.path.display());
        }
    }
}

impl Write {
    fn new(
        settlement: &Settlement,
        done: oneshot::Sender<Result<(), Arc<StorageError>>>,
    ) -> serde_json::Result<Self> {
        let devices = settlement.hub_changes.iter().map(|change| match change {
            HubChange::Put { hub, identity } => Ok(DeviceWrite::Put(
                hub.clone(),
                identity.device_id.clone(),
                serde_json::to_string(identity)?,
            )),
            HubChange::Remove { hub, device_id } => {
                Ok(DeviceWrite::Remove(hub.clone(), device_id.clone()))
            }
        });
        Ok(Self {
            registration: (
                settlement.registration.key(),
                serde_json::to_string(&settlement.registration)?,
            ),
            devices: devices.collect::<serde_json::Result<_>>()?,
            done,
        })
    }
}

fn read(database: &Database) -> Result<Saved, StorageError> {
    let transaction = database.begin_write().map_err(redb::Error::from)?;
    transaction
        .open_table(REGISTRATIONS)
        .map_err(redb::Error::from)?;
    transaction.open_table(DEVICES).map_err(redb::Error::from)?;
    transaction.commit().map_err(redb::Error::from)?;
    let transaction = database.begin_read().map_err(redb::Error::from)?;
    let mut saved = Saved::default();
    let registrations = transaction
        .open_table(REGISTRATIONS)
        .map_err(redb::Error::from)?;
    for entry in registrations.iter().map_err(redb::Error::from)? {
        let (_, record) = entry.map_err(redb::Error::from)?;
        saved
            .registrations
            .push(serde_json::from_str(record.value())?);
    }
    let devices = transaction.open_table(DEVICES).map_err(redb::Error::from)?;
    for entry in devices.iter().map_err(redb::Error::from)? {
        let (key, identity) = entry.map_err(redb::Error::from)?;
        let (hub, _) = key.value();
        saved
            .devices
            .push((hub.to_owned(), serde_json::from_str(identity.value())?));
    }
    Ok(saved)
}

/// Writes until nobody can send any more. What waits when the disk is ready shares one transaction.
fn write_all(database: &Database, incoming: &mpsc::Receiver<Write>) {
    while let Ok(first) = incoming.recv() {
        let waiting = incoming.try_iter().take(BATCH - 1);
        let batch: Vec<Write> = std::iter::once(first).chain(waiting).collect();
        let result = write(database, &batch).map_err(|error| Arc::new(StorageError::from(error)));
        for written in batch {
            // Nobody waits any more when the emulator is going down.
            let _ = written.done.send(result.clone());
        }
    }
}

fn write(database: &Database, batch: &[Write]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut registrations = transaction.open_table(REGISTRATIONS)?;
        let mut devices = transaction.open_table(DEVICES)?;
        for write in batch {
            let (key, record) = &write.registration;
            registrations.insert(key.as_str(), record.as_str())?;
            for change in &write.devices {
                match change {
                    DeviceWrite::Put(hub, id, identity) => {
                        devices.insert((hub.as_str(), id.as_str()), identity.as_str())?;
                    }
                    DeviceWrite::Remove(hub, id) => {
                        devices.remove((hub.as_str(), id.as_str()))?;
                    }
                }
            }
        }
    }
    transaction.commit()?;
    Ok(())
}
