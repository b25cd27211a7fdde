//! The state file: finished registrations and the devices of the hubs, in an embedded database.
//!
//! A registration is known to its device only after [`StateFile::save`] has returned, and that returns only when the data is on
//! the disk. So a crash at any moment loses no registration that anybody heard of.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
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
    done: oneshot::Sender<Result<(), String>>,
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
    pub fn open(path: &Path) -> anyhow::Result<(Self, Saved)> {
        let name = path.display();
        let database =
            Database::create(path).with_context(|| format!("cannot open the state file {name}"))?;
        let saved =
            read(&database).with_context(|| format!("cannot read the state file {name}"))?;
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
    pub async fn save(&self, settlement: &Settlement) -> anyhow::Result<()> {
        let (done, saved) = oneshot::channel();
        let write = Write::new(settlement, done)?;
        let name = self.path.display();
        let sent = self
            .writes
            .as_ref()
            .is_some_and(|writes| writes.send(write).is_ok());
        anyhow::ensure!(sent, "the state file {name} is closed");
        saved
            .await?
            .map_err(anyhow::Error::msg)
            .with_context(|| format!("cannot write the state file {name}"))
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
        done: oneshot::Sender<Result<(), String>>,
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

fn read(database: &Database) -> anyhow::Result<Saved> {
    let transaction = database.begin_write()?;
    transaction.open_table(REGISTRATIONS)?;
    transaction.open_table(DEVICES)?;
    transaction.commit()?;
    let transaction = database.begin_read()?;
    let mut saved = Saved::default();
    for entry in transaction.open_table(REGISTRATIONS)?.iter()? {
        let (_, record) = entry?;
        saved
            .registrations
            .push(serde_json::from_str(record.value())?);
    }
    for entry in transaction.open_table(DEVICES)?.iter()? {
        let (key, identity) = entry?;
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
        let result = write(database, &batch).map_err(|error| error.to_string());
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
