//! Input bindings beside the trigger: the host reads a blob, rows of a table, a document or the result of a query for each invocation,
//! and puts it into `Data` before the handler is called.
//!
//! What fails here fails the invocation with 500, an empty body and a handler that was never asked. Blobs and tables come from a real
//! storage account, which Azurite is on a laptop; Cosmos DB and SQL come from a file, which is not the real engine.
//!
//! - `declaration`: what function.json says. `traps`: what it had better not say.
//! - `binding_data`, `template`, `filter`: from the request to what the store is asked.
//! - `settings`, `connection`: which store that is. `read`: asking all of them. `blob`, `table`, `cosmos_db`, `sql`: one each.
//! - `rows_file`: the stand-in for databases. `error`: what goes wrong, in the host's words.
//!
//! Source: the binding and path folders of <https://github.com/Azure/azure-webjobs-sdk>, and the extensions' own repositories.

pub(crate) mod binding_data;
mod blob;
mod connection;
mod cosmos_db;
pub(crate) mod declaration;
mod error;
mod filter;
pub(crate) mod read;
pub(crate) mod rows_file;
pub(crate) mod settings;
mod sql;
mod table;
mod template;
pub(crate) mod traps;
