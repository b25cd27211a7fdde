//! `examples/rows-from-a-database`: the real handler and the example's own files behind the
//! emulated Functions host, with a real Azurite for tables and blobs, and a file of rows for Cosmos
//! DB and SQL.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod demo;
mod foreign_rows;
mod outage;
mod secrets;
mod store;
mod variants;
