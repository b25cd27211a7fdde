//! A storage account as the emulated Functions host uses one: blobs and tables over their REST interface, and Azurite, which serves
//! both on a laptop.
//!
//! It signs with the account's key or sends a shared access signature, and tries again as the .NET client does, because a host that
//! reads through it must fail when, and as late as, the real one fails. It isn't a client for anything else: it reads a blob, queries a
//! table, and writes what tests and examples need.
//!
//! Sources: <https://learn.microsoft.com/rest/api/storageservices/> and, for the tries, the options of
//! <https://learn.microsoft.com/dotnet/api/azure.core.retryoptions>.
//!
//! # Layout
//! - `account`: a connection string. `shared_key`: the signature of a request. `retry`: how often, and how long.
//! - `blobs`, `tables`: the two services. `client`: what they share. `error`: what goes wrong.
//! - [`azurite`]: the store itself, installed and started.

mod account;
pub mod azurite;
mod blobs;
mod client;
mod error;
mod retry;
mod shared_key;
mod tables;

pub use account::{Account, AccountError};
pub use blobs::Blobs;
pub use error::StorageError;
pub use retry::{Retry, RetryMode};
pub use tables::{Entity, Tables};
