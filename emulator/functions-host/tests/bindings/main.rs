//! Input bindings: what the real host did with them, replayed, and what becomes of them when their
//! stores fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod case;
mod compare;
mod event_hub;
mod exceptions;
mod failing;
mod failures;
mod matrix;
mod outputs;
mod replay;
mod store;
