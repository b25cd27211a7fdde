//! Reading JSON without building trees.
//!
//! An invocation carries far more than a function looks at. What a shape only carries through stays
//! the text that it came as ([`Lazy`]), and the few members that matter are picked out by name
//! (`members`). Syntax is checked to the last byte; types are checked where a member is read.
//! Nothing here recurses, so nesting costs no stack.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON value that is carried as it came and becomes a `T` when somebody asks.
///
/// Its `Debug` shows the length alone, as the text may hold keys and certificates.
pub struct Lazy<'a, T> {
    json: &'a RawValue,
    shape: PhantomData<fn() -> T>,
}

impl<'a, T> Lazy<'a, T> {
    /// The value's JSON text, exactly as it came.
    #[must_use]
    pub fn json(&self) -> &'a str {
        self.json.get()
    }

    /// Reads the value as a `T`.
    ///
    /// # Errors
    /// When the text is JSON of another shape than `T`'s.
    pub fn parse(&self) -> serde_json::Result<T>
    where
        T: Deserialize<'a>,
    {
        serde_json::from_str(self.json())
    }
}

impl<'a, T> From<&'a RawValue> for Lazy<'a, T> {
    fn from(json: &'a RawValue) -> Self {
        Self {
            json,
            shape: PhantomData,
        }
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Lazy<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl<T> Clone for Lazy<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lazy<'_, T> {}

impl<T> fmt::Debug for Lazy<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lazy({} bytes)", self.json().len())
    }
}

/// Reads a `T` from an object alone, where a derived `T` would take an array of its members as
/// well.
///
/// # Errors
/// As `T` has them, and when it is no object.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Declares a struct of members that are picked out of a JSON object, each by its name, and how it
/// is read from the object's text. A member that is absent or null is `None`; of one that is
/// repeated the last counts; others are skipped.
///
/// ```
/// custom_handler::members! {
///     /// What we look at.
///     struct Order {
///         number: "orderNumber",
///         customer: "customer",
///     }
/// }
///
/// let order = Order::parse(r#"{"customer": {"id": 7}, "more": [], "orderNumber": 1.0}"#)?;
/// assert_eq!(order.number.map(|json| json.get()), Some("1.0"));
/// # assert_eq!(Order::parse("{}")?.customer.map(|json| json.get()), None);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// `parse` fails where the text is not an object, or not JSON from its first byte to its last.
#[macro_export]
macro_rules! members {
    ($(#[$attribute:meta])* struct $shape:ident { $($field:ident: $name:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        struct $shape<'a> {
            $($field: ::core::option::Option<&'a ::serde_json::value::RawValue>,)+
        }

        impl<'a> $shape<'a> {
            fn parse(json: &'a str) -> ::serde_json::Result<Self> {
                let [$($field),+] = $crate::json::members(json, &[$($name),+])?;
                Ok(Self { $($field),+ })
            }
        }
    };
}

/// The members `names` of the JSON object `json`, each as its text. A member that is absent or null
/// is `None`; of one that is repeated the last counts, as with the parser of the C# tutorial;
/// others are skipped.
///
/// # Errors
/// When `json` is not an object, or not JSON from its first byte to its last. Of text that only
/// starts as another value the error may say ([`serde_json::Error::is_data`]) that it is no object,
/// without a look at the rest.
pub fn members<'a, const N: usize>(
    json: &'a str,
    names: &[&str; N],
) -> serde_json::Result<[Option<&'a RawValue>; N]> {
    members_where(json, names, |name, wanted| name == wanted)
}

/// [`members()`] where `same(name, wanted)` says which name is meant.
///
/// # Errors
/// As [`members()`].
pub fn members_where<'a, const N: usize>(
    json: &'a str,
    names: &[&str; N],
    same: fn(&str, &str) -> bool,
) -> serde_json::Result<[Option<&'a RawValue>; N]> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = deserializer.deserialize_map(Members { names, same })?;
    deserializer.end()?;
    Ok(found)
}

struct Members<'n, const N: usize> {
    names: &'n [&'n str; N],
    same: fn(&str, &str) -> bool,
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let seed = Place {
            names: self.names,
            same: self.same,
        };
        let mut found = [None; N];
        while let Some(place) = map.next_key_seed(seed)? {
            match place.and_then(|place| found.get_mut(place)) {
                Some(member) => *member = map.next_value()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Reads a member's name as its place among the names that are looked for.
#[derive(Clone, Copy)]
struct Place<'n> {
    names: &'n [&'n str],
    same: fn(&str, &str) -> bool,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self
            .names
            .iter()
            .position(|wanted| (self.same)(name, wanted)))
    }
}

/// What the JSON string `json` says; `None` when it is none, or escapes half of a character.
#[must_use]
#[inline]
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// What kind of value the JSON text `json` is, with its article: `"a string"`.
#[must_use]
#[inline]
pub fn kind(json: &str) -> &'static str {
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Whether the valid JSON text `json` has more than `limit` arrays and objects within each other.
#[must_use]
#[inline]
pub fn nests_deeper_than(json: &str, limit: usize) -> bool {
    // Nearly every text has too few brackets to nest that deeply, and counting them is much quicker
    // than pairing them; the more so where the processor counts many at once, for which the sum of
    // a chunk must be a byte.
    let brackets = json.as_bytes().chunks(255).map(|chunk| {
        let brackets = chunk
            .iter()
            .map(|byte| u8::from(matches!(byte, b'{' | b'[')));
        usize::from(brackets.sum::<u8>())
    });
    brackets.sum::<usize>() > limit && deepest(json) > limit
}

fn deepest(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let bytes = json.as_bytes();
    let mut place = 0;
    let mut in_string = false;
    while let Some(byte) = bytes.get(place) {
        place += 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => place += 1,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: [Option<&str>; 2], why: &str) {
        let found = members(json, &["a", "b"]).unwrap();
        assert_eq!(
            found.map(|member| member.map(RawValue::get)),
            expected,
            "{why}"
        );
    }

    #[test]
    fn members_are_found_by_name() {
        check(r#"{"a":1,"b":[2]}"#, [Some("1"), Some("[2]")], "both");
        check(
            r#" { "x" : {"a":9} , "b" : "t" } "#,
            [None, Some(r#""t""#)],
            "only at the top",
        );
        check(r#"{"a":null}"#, [None, None], "null counts as absent");
        check(r#"{"a":1,"a":2}"#, [Some("2"), None], "the last one counts");
        check(
            r#"{"a":1,"a":null}"#,
            [None, None],
            "the last one counts, null too",
        );
        check(
            r#"{"\u0061":1}"#,
            [Some("1"), None],
            "a name may be escaped",
        );
        check("{}", [None, None], "none");
    }

    #[test]
    fn text_that_is_not_one_json_object_is_an_error() {
        for json in [
            "",
            "{",
            "{}x",
            "{} {}",
            "{'a':1}",
            r#"{"a":}"#,
            r#"{"a":1"#,
            "nul",
        ] {
            assert!(!members(json, &["a"]).unwrap_err().is_data(), "{json}");
        }
        for json in ["[]", "5", "null", r#""{}""#, "true"] {
            assert!(members(json, &["a"]).unwrap_err().is_data(), "{json}");
        }
    }

    #[test]
    fn a_string_s_text_is_copied_only_where_something_is_escaped() {
        assert!(matches!(text(r#""a é""#), Some(Cow::Borrowed("a é"))));
        assert_eq!(text(r#""{\"a\"}\u00e9""#).as_deref(), Some(r#"{"a"}é"#));
        for json in [r#""\ud83d""#, "5", "null", "{}", r#"["a"]"#, "\"", ""] {
            assert_eq!(text(json), None, "{json}");
        }
    }

    #[test]
    fn the_kind_of_a_value_shows_in_its_first_byte() {
        for (json, expected) in [
            (r#""a""#, "a string"),
            (" {}", "an object"),
            ("[]", "an array"),
            ("true", "a boolean"),
            ("false", "a boolean"),
            ("null", "null"),
            ("-1.5", "a number"),
        ] {
            assert_eq!(kind(json), expected);
        }
    }

    #[test]
    fn depth_counts_arrays_and_objects_outside_strings() {
        for (json, expected) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{}],"b":{}}"#, 3),
            (r#"["[[[[","\"[[","\\"]"#, 1),
            (r#"["]]",[[]]]"#, 3),
        ] {
            assert_eq!(deepest(json), expected, "{json}");
        }
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(!nests_deeper_than(&deep(128), 128));
        assert!(nests_deeper_than(&deep(129), 128));
        // Enough brackets for a closer look.
        assert!(!nests_deeper_than(&format!("[{},[]]", deep(127)), 128));
        assert!(nests_deeper_than(&format!("[{},[]]", deep(128)), 128));
        assert!(!nests_deeper_than(
            &format!("[{}]", vec!["[]"; 500].join(",")),
            128
        ));
        assert!(nests_deeper_than(&deep(100_000), 128));
    }

    #[test]
    fn a_lazy_value_keeps_its_text_and_shows_none_of_it() {
        let lazy: Lazy<'_, Vec<u8>> = serde_json::from_str("[ 1, 2]").unwrap();
        assert_eq!(lazy.json(), "[ 1, 2]");
        assert_eq!(lazy.parse().unwrap(), [1, 2]);
        assert_eq!(format!("{lazy:?}"), "Lazy(7 bytes)");
        let other: Lazy<'_, String> = serde_json::from_str("[1]").unwrap();
        assert!(other.parse().is_err());
    }
}
