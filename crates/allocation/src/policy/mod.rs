//! The policy as a file: which hub a device gets, what its first twin says, and who is refused.
//!
//! [`File::parse`] reads and checks an `allocation.json`; the [`File`] is a
//! [`Policy`](crate::Policy). The same request always gets the same decision.
//!
//! Pure: no file is opened here, no clock read and no environment.
//!
//! # Layout
//!
//! Each room knows only those above it.
//!
//! | room | what it holds |
//! |---|---|
//! | `json`, `suggest`, `twin` | JSON as a tree and as text, "did you mean", the hub's limits of a twin |
//! | `compiled` | what a file says: rules, tests, templates, rows |
//! | `read` | the reader: text becomes a [`File`], or a list of [`Problem`]s |
//! | `decide` | a request becomes a decision |
//! | `explain` | how a decision was reached |
//! | `check` | the app's other files, and the cases of `allocation.tests.json` |

mod check;
mod compiled;
mod decide;
mod explain;
mod json;
mod read;
mod suggest;
mod twin;

pub use check::{App, AppProblem, Case, bindings};
pub use compiled::file::File;
pub use read::{FileError, MAX_FILE, Problem};
