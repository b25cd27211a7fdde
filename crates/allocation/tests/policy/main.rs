//! The policy file from outside: files and requests go in, decisions and sentences come out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod certificates;
mod examples;
mod hubs;
mod messages;
mod rows;
mod support;
mod truth;
