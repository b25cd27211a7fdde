//! Bicep's syntax, as much of it as a deployment of plain resources needs: what is not known is
//! refused, not skipped.

mod lexer;
mod parser;
mod syntax;

pub use parser::parse;
pub use syntax::{Declaration, Expression, File, For, Kind, Part, Property};
