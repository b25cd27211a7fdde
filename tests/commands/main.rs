//! `handler check` and `handler explain`: the real binary, as somebody who writes a policy calls
//! it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app_files;
mod call;
mod cases;
mod check;
mod compare;
mod encodings;
mod explain;
mod help;
mod pages;
mod wording;
