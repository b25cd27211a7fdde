//! What a policy file says, compiled: types that the reader makes and decisions use.
//!
//! Nothing here evaluates anything.

pub(super) mod answer;
pub(super) mod file;
pub(super) mod hub;
pub(super) mod index;
pub(super) mod path;
pub(super) mod rows;
pub(super) mod rule;
pub(super) mod source;
pub(super) mod template;
pub(super) mod test;
