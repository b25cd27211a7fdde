//! What tests and templates are evaluated over.

use crate::policy::compiled::path::PathId;
use crate::policy::json::text::Value;

/// The values at the paths of a file.
pub(crate) trait Values {
    /// The value at a path.
    fn value(&self, id: PathId) -> &Value<'_>;
}
