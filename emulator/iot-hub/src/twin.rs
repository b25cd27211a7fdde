//! Device twins: the initial twin of an answer or an enrollment, and the limits that an IoT hub
//! holds it to.
//!
//! Rules:
//! <https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins#tags-and-properties-format>
//! and the sections on size below it. It keeps tags and desired properties; nothing here reports,
//! patches or versions.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::json_object::Members;

const TAGS_MAX_BYTES: usize = 8 * 1024;
const DESIRED_MAX_BYTES: usize = 32 * 1024;
const KEY_MAX_BYTES: usize = 1024;
const STRING_MAX_BYTES: usize = 4 * 1024;
const MAX_DEPTH: usize = 10;
/// Integers are compared as floating-point numbers, of which these are exact. That is what longer
/// ones have become when they were read.
const MIN_INTEGER: f64 = -4_503_599_627_370_496.0;
const MAX_INTEGER: f64 = 4_503_599_627_370_495.0;
const NUMBER_BYTES: usize = 8;
const BOOLEAN_BYTES: usize = 4;

/// The twin that a device starts with, as a webhook answers it and an enrollment holds it. Its own
/// names are read in any case; those of tags and properties are the user's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitialTwin {
    /// What only the solution's back end sees.
    pub tags: Option<Map<String, Value>>,
    /// What the solution wants of the device.
    pub desired: Option<Map<String, Value>>,
    /// Where there are members that a twin doesn't have. A null among them is none: `az` prints
    /// `"additionalProperties": null`.
    pub ignored: Vec<String>,
}

impl<'de> Deserialize<'de> for InitialTwin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Members::deserialize(deserializer)?;
        let tags = member(&mut members, "tags").map_err(de::Error::custom)?;
        let properties: Option<Members> =
            member(&mut members, "properties").map_err(de::Error::custom)?;
        let mut properties = properties.unwrap_or_default();
        let desired = member(&mut properties, "desired")
            .map_err(|error| de::Error::custom(format!("properties.{error}")))?;
        let below = properties.given().map(|name| format!("properties.{name}"));
        Ok(Self {
            tags,
            desired,
            ignored: members.given().map(str::to_owned).chain(below).collect(),
        })
    }
}

impl InitialTwin {
    /// What to write instead of a member that a twin doesn't have.
    #[must_use]
    pub fn members_beside(ignored: &str) -> &'static str {
        if ignored.eq_ignore_ascii_case("desired") {
            "initialTwin.properties.desired is"
        } else {
            "tags and properties.desired are"
        }
    }
}

/// Why a member of a twin can't be read.
#[derive(Debug, thiserror::Error)]
enum MemberError {
    #[error("{0} must be an object")]
    NotObject(&'static str),
    #[error("{0}: {1}")]
    Json(&'static str, serde_json::Error),
}

/// The member of this name, unless it is null.
fn member<T: for<'de> Deserialize<'de>>(
    members: &mut Members,
    name: &'static str,
) -> Result<Option<T>, MemberError> {
    match members.take(name).as_deref().map(RawValue::get) {
        None | Some("null") => Ok(None),
        Some(value) if !value.starts_with('{') => Err(MemberError::NotObject(name)),
        Some(value) => serde_json::from_str(value)
            .map(Some)
            .map_err(|error| MemberError::Json(name, error)),
    }
}

/// A twin that a hub has taken.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct DeviceTwin {
    /// What only the solution's back end sees.
    pub tags: Map<String, Value>,
    /// What the solution wants of the device.
    pub desired: Map<String, Value>,
}

impl TryFrom<InitialTwin> for DeviceTwin {
    type Error = TwinError;

    /// Takes the twin as a hub would: a null removes its member, and everything else must keep the
    /// limits.
    fn try_from(initial: InitialTwin) -> Result<Self, TwinError> {
        let desired = initial.desired.unwrap_or_default();
        Ok(Self {
            tags: section("tags", initial.tags.unwrap_or_default(), TAGS_MAX_BYTES)?,
            desired: section("properties.desired", desired, DESIRED_MAX_BYTES)?,
        })
    }
}

fn section(
    path: &str,
    mut members: Map<String, Value>,
    max_bytes: usize,
) -> Result<Map<String, Value>, TwinError> {
    let bytes = check_object(path, &mut members, 0)?;
    if bytes > max_bytes {
        return Err(TwinError::new(
            path,
            format!("takes {bytes} bytes, and {max_bytes} are allowed"),
        ));
    }
    Ok(members)
}

/// Checks what an object holds, drops its nulls, and returns its size.
fn check_object(
    path: &str,
    members: &mut Map<String, Value>,
    depth: usize,
) -> Result<usize, TwinError> {
    if depth > MAX_DEPTH {
        return Err(TwinError::new(
            path,
            format!("is nested more than {MAX_DEPTH} levels deep"),
        ));
    }
    members.retain(|_, value| !value.is_null());
    let mut bytes = 0;
    for (key, value) in members {
        check_key(path, key)?;
        bytes += key.len() + check_value(&format!("{path}.{key}"), value, depth)?;
    }
    Ok(bytes)
}

fn check_key(path: &str, key: &str) -> Result<(), TwinError> {
    if key.len() > KEY_MAX_BYTES {
        let text = format!(
            "has a key of {} bytes, and {KEY_MAX_BYTES} are allowed",
            key.len()
        );
        return Err(TwinError::new(path, text));
    }
    match key
        .chars()
        .find(|&c| c.is_control() || matches!(c, '.' | '$' | ' '))
    {
        Some(c) => Err(TwinError::new(
            path,
            format!("has the key {key:?}, which holds {c:?}"),
        )),
        None => Ok(()),
    }
}

fn check_value(path: &str, value: &mut Value, depth: usize) -> Result<usize, TwinError> {
    match value {
        Value::Null => Err(TwinError::new(path, "is a null inside an array".to_owned())),
        Value::Bool(_) => Ok(BOOLEAN_BYTES),
        Value::Number(number) => {
            let fits = |number: f64| {
                number.fract() != 0.0 || (MIN_INTEGER..=MAX_INTEGER).contains(&number)
            };
            if number.as_f64().is_some_and(fits) {
                Ok(NUMBER_BYTES)
            } else {
                Err(TwinError::new(
                    path,
                    format!("is {number}, and integers go from {MIN_INTEGER} to {MAX_INTEGER}"),
                ))
            }
        }
        Value::String(text) if text.len() > STRING_MAX_BYTES => Err(TwinError::new(
            path,
            format!(
                "is a string of {} bytes, and {STRING_MAX_BYTES} are allowed",
                text.len()
            ),
        )),
        Value::String(text) => Ok(text
            .chars()
            .filter(|c| !c.is_control())
            .map(char::len_utf8)
            .sum()),
        Value::Array(items) => {
            if depth >= MAX_DEPTH {
                return Err(TwinError::new(
                    path,
                    format!("is nested more than {MAX_DEPTH} levels deep"),
                ));
            }
            let mut bytes = 0;
            for (index, item) in items.iter_mut().enumerate() {
                bytes += check_value(&format!("{path}[{index}]"), item, depth + 1)?;
            }
            Ok(bytes)
        }
        Value::Object(members) => check_object(path, members, depth + 1),
    }
}

/// The limit that a twin breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} {problem}")]
pub struct TwinError {
    path: String,
    problem: String,
}

impl TwinError {
    fn new(path: &str, problem: String) -> Self {
        Self {
            path: path.to_owned(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn take(twin: Value) -> Result<DeviceTwin, String> {
        let initial: InitialTwin = serde_json::from_value(twin).unwrap();
        DeviceTwin::try_from(initial).map_err(|error| error.to_string())
    }

    /// The hub takes the first tag value and refuses the second with the sentence.
    #[track_caller]
    fn check_edge(at: &Value, past: &Value, sentence: &str) {
        assert!(take(json!({"tags": {"t": at}})).is_ok());
        assert_eq!(
            take(json!({"tags": {"t": past}})).err().as_deref(),
            Some(sentence)
        );
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!("value"), |inner, _| json!({ "o": inner }))
    }

    #[test]
    fn the_tutorial_twin_is_taken_as_it_is() {
        let twin = take(json!({
            "properties": {"desired": {"state": "on", "temperatureSetting": "65"}},
            "tags": {"deviceType": "heatpump"}
        }))
        .unwrap();
        assert_eq!(
            json!(twin),
            json!({"tags": {"deviceType": "heatpump"}, "desired": {"state": "on", "temperatureSetting": "65"}})
        );
    }

    #[test]
    fn its_own_names_are_read_in_any_case_and_others_are_ignored() {
        let twin: InitialTwin = serde_json::from_value(json!({
            "Tags": {"DeviceType": "toaster"}, "desired": {"b": 2},
            "PROPERTIES": {"Desired": {"State": "ready"}, "reported": {}}
        }))
        .unwrap();
        assert_eq!(json!(twin.tags), json!({"DeviceType": "toaster"}));
        assert_eq!(json!(twin.desired), json!({"State": "ready"}));
        assert_eq!(twin.ignored, ["desired", "properties.reported"]);
    }

    #[test]
    fn each_part_is_an_object() {
        for (twin, sentence) in [
            (json!({"tags": 7}), "tags must be an object"),
            (
                json!({"properties": {"desired": []}}),
                "properties.desired must be an object",
            ),
        ] {
            let error = serde_json::from_value::<InitialTwin>(twin).unwrap_err();
            assert_eq!(error.to_string(), sentence);
        }
    }

    #[test]
    fn a_null_removes_its_member() {
        let twin = take(json!({"tags": {"a": null, "b": {"c": null}}})).unwrap();
        assert_eq!(json!(twin.tags), json!({"b": {}}));
        assert_eq!(
            take(json!({"tags": {"a": [null]}})).unwrap_err(),
            "tags.a[0] is a null inside an array"
        );
    }

    #[test]
    fn integers_strings_and_depth_are_held_to_their_limits() {
        check_edge(
            &json!(4_503_599_627_370_495_i64),
            &json!(4_503_599_627_370_496_i64),
            "tags.t is 4503599627370496, and integers go from -4503599627370496 to 4503599627370495",
        );
        check_edge(
            &json!(-4_503_599_627_370_496_i64),
            &json!(-4_503_599_627_370_497_i64),
            "tags.t is -4503599627370497, and integers go from -4503599627370496 to 4503599627370495",
        );
        check_edge(
            &json!(1.5),
            &json!(u64::MAX),
            "tags.t is 18446744073709551615, and integers go from -4503599627370496 to 4503599627370495",
        );
        check_edge(
            &json!(4_503_599_627_370_495.0),
            &serde_json::from_str("123456789012345678901234567890").unwrap(),
            "tags.t is 1.2345678901234568e+29, and integers go from -4503599627370496 to 4503599627370495",
        );
        check_edge(
            &json!(4_503_599_627_370_495.5),
            &json!(-4_503_599_627_370_497.0),
            "tags.t is -4503599627370497.0, and integers go from -4503599627370496 to 4503599627370495",
        );
        check_edge(
            &json!("x".repeat(4096)),
            &json!("x".repeat(4097)),
            "tags.t is a string of 4097 bytes, and 4096 are allowed",
        );
        check_edge(
            &nested(10),
            &nested(11),
            "tags.t.o.o.o.o.o.o.o.o.o.o is nested more than 10 levels deep",
        );
        check_edge(
            &json!([[[[[[[[[[1]]]]]]]]]]),
            &json!([[[[[[[[[[[1]]]]]]]]]]]),
            "tags.t[0][0][0][0][0][0][0][0][0][0] is nested more than 10 levels deep",
        );
    }

    #[test]
    fn keys_are_held_to_their_limits() {
        for (key, sentence) in [
            ("a.b", "tags has the key \"a.b\", which holds '.'"),
            ("$a", "tags has the key \"$a\", which holds '$'"),
            ("a b", "tags has the key \"a b\", which holds ' '"),
            (
                "a\u{85}",
                "tags has the key \"a\\u{85}\", which holds '\\u{85}'",
            ),
        ] {
            assert_eq!(take(json!({"tags": {key: 1}})).unwrap_err(), sentence);
        }
        assert!(take(json!({"tags": {"k".repeat(1024): 1}})).is_ok());
        assert_eq!(
            take(json!({"tags": {"k".repeat(1025): 1}})).unwrap_err(),
            "tags has a key of 1025 bytes, and 1024 are allowed"
        );
    }

    /// Members that take `bytes` in all: a key of two bytes and its value, as often as it takes.
    fn filling(bytes: usize) -> Value {
        let mut members = Map::new();
        let mut left = bytes;
        while left > 0 {
            let value = left.min(1026) - 2;
            let key = char::from_u32(0x100 + u32::try_from(members.len()).unwrap()).unwrap();
            members.insert(key.to_string(), json!("v".repeat(value)));
            left -= value + 2;
        }
        Value::Object(members)
    }

    #[test]
    fn tags_and_desired_properties_have_their_sizes() {
        assert!(take(json!({"tags": filling(8192)})).is_ok());
        assert_eq!(
            take(json!({"tags": filling(8196)})).unwrap_err(),
            "tags takes 8196 bytes, and 8192 are allowed"
        );
        assert!(take(json!({"properties": {"desired": filling(32768)}})).is_ok());
        assert_eq!(
            take(json!({"properties": {"desired": filling(32772)}})).unwrap_err(),
            "properties.desired takes 32772 bytes, and 32768 are allowed"
        );
    }

    #[test]
    fn numbers_booleans_and_control_characters_count_as_the_hub_counts_them() {
        let mut members = Map::new();
        members.insert("n".to_owned(), json!(1));
        members.insert("b".to_owned(), json!(true));
        members.insert("s".to_owned(), json!("a\nbé"));
        members.insert("o".to_owned(), json!({"x": [1, false]}));
        let expected = (1 + 8) + (1 + 4) + (1 + 4) + (1 + 1 + 8 + 4);
        assert_eq!(check_object("tags", &mut members, 0), Ok(expected));
    }
}
