//! Cosmos DB and SQL, which come from a file of rows and not from the real engines.
//!
//! `cosmos_db` and `sql` have the extensions' rules around a read, and a query language that is
//! just enough for them; `rows_file` is what they look into, `failing` how they fail when it says
//! so.

pub(crate) mod cosmos_db;
mod failing;
mod rows_file;
pub(crate) mod sql;
mod words;

pub(crate) use rows_file::RowsFile;
