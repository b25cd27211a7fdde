//! Bindings to stores. Input bindings beside the trigger: the host reads a blob, rows of a table, a document or the result of a query for each invocation,
//! and puts it into `Data` before the handler is called.
//!
//! An output binding beside the response writes what the handler answers, before the caller gets its own answer.
//!
//! What fails here fails the invocation with 500 and an empty body: when it was read, before the handler is asked; when it was
//! written, after the handler has answered. Blobs and tables come from a real
//! storage account, which Azurite is on a laptop; Cosmos DB and SQL come from a file, which is not the real engine.
//!
//! - `declaration`: what function.json says. `traps`: what it had better not say.
//! - `binding_data`, `template`, `filter`: from the request to what the store is asked.
//! - `settings`, `connection`: which store that is. `read`: asking all of them. `blob`, `table`, `cosmos_db`, `sql`: one each.
//! - `write`: outputs. `table_entity`: an entity that one of them makes.
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
mod table_entity;
mod template;
pub(crate) mod traps;
pub(crate) mod write;
