//! JSON as the policy needs it: a tree with places for the file, and walks over text for what a
//! decision looks at.
//!
//! The file is read once, and every complaint about it names a line and a column: [`tree`]. A
//! request is valid JSON already when a decision starts, and of it one looks at a few members:
//! [`text`].

pub(crate) mod number;
pub(crate) mod text;
pub(crate) mod tree;
