//! What the tests of several packages share: a handler as a [`process`], requests as [`http`]
//! bytes, the [`tutorial`]'s payloads, and [apps](app) that are set up otherwise. Whatever goes
//! wrong here is a panic, which fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

pub mod app;
pub mod http;
pub mod process;
pub mod tutorial;

use std::net::{Ipv4Addr, TcpListener};

/// A port of 127.0.0.1 that nobody has at the moment, as the Functions host finds one.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
