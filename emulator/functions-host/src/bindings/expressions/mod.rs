//! Binding expressions: what the request says, put into what a store is asked.
//!
//! `binding_data` is what names may refer to, `template` the language of expressions, `filter` the
//! rules of a table's `filter`, and `resolver` all of them for one invocation.

mod binding_data;
mod filter;
mod resolver;
mod template;

pub(crate) use binding_data::{BindingData, Datum};
pub(crate) use resolver::Resolver;
pub(crate) use template::{Template, no_value};
