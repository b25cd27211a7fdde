//! What `check` looks at beside the policy: the app's other files, and the policy's own test cases.

mod app;
mod cases;
mod read;

pub use app::{App, AppProblem};
pub use cases::{Case, bindings};
