//! The policy as a file: which hub a device gets, what its first twin says, and who is refused.
//!
//! [`File::parse`] reads and checks an `allocation.json`; the [`File`] is a [`Policy`](crate::Policy). The
//! same request always gets the same decision.
//!
//! Pure: no file is opened here, no clock read and no environment.

mod answer;
mod app;
mod cases;
mod certificate;
mod explain;
mod facts;
mod file;
mod hub;
mod index;
mod json;
mod path;
mod read;
mod rows;
mod source;
mod spread;
mod suggest;
mod template;
mod test;
mod twin;

pub use app::App;
pub use cases::{Case, bindings};
pub use file::File;
pub use read::{FileError, MAX_FILE, Problem};
