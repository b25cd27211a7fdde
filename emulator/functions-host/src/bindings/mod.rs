//! Bindings to stores. For each invocation the host reads the input bindings beside the trigger (a
//! blob, rows of a table, a document, or the result of a query) and puts them into `Data` before it
//! calls the handler.
//!
//! An output binding beside the response writes what the handler answers, before the caller gets
//! its own answer.
//!
//! What fails here fails the invocation with 500 and an empty body: when it was read, before the
//! handler is asked; when it was written, after the handler has answered. Blobs and tables come
//! from a real storage account, which Azurite is on a laptop; Cosmos DB and SQL come from a file,
//! which is not the real engine.
//!
//! - `declaration`: what function.json says. `traps`: what it had better not say.
//! - `expressions`: from the request to what the store is asked.
//! - `storage_accounts`, `databases`: asking it. `stores`: all that the app's settings name.
//! - `read`: all inputs of an invocation, each a `value`. `write`: all outputs, each an
//!   `output_value`.
//! - `settings`: the app's. `error`: what goes wrong, in the host's words.
//!
//! Source: the binding and path folders of <https://github.com/Azure/azure-webjobs-sdk>, and the
//! extensions' own repositories.

mod databases;
pub(crate) mod declaration;
mod error;
mod expressions;
mod output_value;
mod read;
mod settings;
mod storage_accounts;
mod stores;
pub(crate) mod traps;
mod value;
mod write;

pub(crate) use databases::RowsFile;
pub(crate) use expressions::BindingData;
pub(crate) use output_value::OutputValue;
pub(crate) use settings::AppSettings;
pub(crate) use stores::{Listener, Stores};
