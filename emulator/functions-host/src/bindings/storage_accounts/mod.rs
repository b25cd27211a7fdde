//! Blobs, queues and tables of a real storage account, which Azurite is on a laptop.
//!
//! `connection` says which account that is and how patient its client is, `clients` keeps one
//! client each. `blob` and `table` are the extensions' rules around a read, `table_entity` those
//! for what is written. `before_bundle_3` is what an older extension does otherwise.

pub(crate) mod before_bundle_3;
pub(crate) mod blob;
mod clients;
mod connection;
pub(crate) mod table;
pub(crate) mod table_entity;

pub(crate) use clients::Clients;
