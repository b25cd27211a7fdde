//! A change to a twin.

use serde::Serialize;
use serde_json::Value;

/// A JSON Patch of `add` operations, which set a property whether it was there or not. (`replace` fails for one that has never
/// been set.)
///
/// Source: <https://learn.microsoft.com/azure/digital-twins/how-to-manage-twin#update-a-digital-twin>.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct JsonPatch(Vec<Operation>);

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Operation {
    op: &'static str,
    path: String,
    value: Value,
}

impl JsonPatch {
    /// Sets `property` to `value`.
    pub fn add(&mut self, property: &str, value: impl Into<Value>) {
        let path = format!("/{}", property.replace('~', "~0").replace('/', "~1"));
        self.0.push(Operation {
            op: "add",
            path,
            value: value.into(),
        });
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_an_array_of_add_operations_with_escaped_paths() {
        let mut patch = JsonPatch::default();
        assert!(patch.is_empty());
        patch.add("Temperature", 21.5);
        patch.add("a/b~c", "x");
        assert_eq!(
            serde_json::to_string(&patch).unwrap(),
            r#"[{"op":"add","path":"/Temperature","value":21.5},{"op":"add","path":"/a~1b~0c","value":"x"}]"#
        );
    }
}
