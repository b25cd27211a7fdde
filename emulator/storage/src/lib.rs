//! A storage account as the emulated Functions host uses one: blobs, queues and tables over their
//! REST interface, and Azurite, which serves them on a laptop.
//!
//! It signs with the account's key or sends a shared access signature, and tries again as the .NET
//! client does, because a host that reads through it must fail when, and as late as, the real one
//! fails. It isn't a client for anything else: it reads and writes a blob, queries a table and
//! writes to it, and sends a message.
//!
//! Sources: <https://learn.microsoft.com/rest/api/storageservices/> and, for the tries, the options
//! of <https://learn.microsoft.com/dotnet/api/azure.core.retryoptions>.
//!
//! # Layout
//! - `account`: a connection string. `shared_key`: the signature of a request. `retry`: how often,
//!   and how long.
//! - `blobs`, `queues`, `tables`: the services. `client`: what they share. `error`: what goes
//!   wrong.
//! - [`azurite`]: the store itself, installed and started.

mod account;
pub mod azurite;
mod blobs;
mod client;
mod error;
mod queues;
mod retry;
mod shared_key;
mod tables;

pub use account::{Account, AccountError, Ports};
pub use blobs::Blobs;
pub use error::StorageError;
pub use queues::Queues;
pub use retry::{Retry, RetryMode};
pub use tables::{Entity, Tables};
