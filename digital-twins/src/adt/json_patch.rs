//! A change to a twin.

use serde::Serialize;
use serde_json::Value;

use super::ModelId;

/// A JSON Patch of `add` operations, which set a property whether it was there or not. (`replace`
/// fails for one that has never been set.) The model, which is always there, is replaced.
///
/// Source:
/// <https://learn.microsoft.com/azure/digital-twins/how-to-manage-twin#update-a-digital-twin>.
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
        self.push("add", &[property], value.into());
    }

    /// Sets `property` of the component `component` to `value`.
    pub fn add_in(&mut self, component: &str, property: &str, value: impl Into<Value>) {
        self.push("add", &[component, property], value.into());
    }

    /// Gives the twin another model, which it must fit after the whole patch.
    ///
    /// Source:
    /// <https://learn.microsoft.com/azure/digital-twins/how-to-manage-twin#update-a-digital-twins-model>.
    pub fn replace_model(&mut self, model: &ModelId) {
        self.push("replace", &["$metadata", "$model"], model.as_str().into());
    }

    fn push(&mut self, op: &'static str, path: &[&str], value: Value) {
        let escaped =
            |segment: &&str| format!("/{}", segment.replace('~', "~0").replace('/', "~1"));
        let path = path.iter().map(escaped).collect();
        self.0.push(Operation { op, path, value });
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
    fn a_patch_is_an_array_of_operations_with_escaped_paths() {
        let mut patch = JsonPatch::default();
        assert!(patch.is_empty());
        patch.add("Temperature", 21.5);
        patch.add("a/b~c", "x");
        patch.add_in("t1", "a/b", true);
        patch.replace_model(&ModelId::parse("dtmi:a;2").unwrap());
        assert_eq!(
            serde_json::to_string(&patch).unwrap(),
            r#"[{"op":"add","path":"/Temperature","value":21.5},{"op":"add","path":"/a~1b~0c","value":"x"},{"op":"add","path":"/t1/a~1b","value":true},{"op":"replace","path":"/$metadata/$model","value":"dtmi:a;2"}]"#
        );
    }
}
