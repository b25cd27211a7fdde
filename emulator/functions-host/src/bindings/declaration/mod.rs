//! What function.json says of a function's input bindings, and of its output bindings to a store.
//!
//! Names of properties, types and directions ignore case, and properties that nobody knows are
//! ignored, as the host does. A mistake here switches one function off: it answers 404, and the app
//! goes on.

mod input;
mod output;
mod properties;

pub(crate) use input::{CosmosDbSource, DataType, InputBinding, Source, SqlSource, input_bindings};
pub(crate) use output::{StoreOutput, Target, store_outputs};
