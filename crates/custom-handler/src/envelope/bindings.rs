//! The values of a function's input bindings: the members of `Data`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::HttpRequest;
use crate::json;

/// Values of input bindings by name, each as the JSON text that the host has sent. Another layer of
/// JSON may be in it: see [`Encoded`](crate::Encoded).
///
/// Its `Debug` shows the names alone.
#[derive(Clone, Default)]
pub struct InputBindings<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> InputBindings<'a> {
    /// The value of the binding `name`, or `None` when the host has sent none. Of a name that is
    /// repeated the last counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rfind(|(binding, _)| binding == name);
        found.map(|(_, value)| *value)
    }

    /// The bindings in the host's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl<'a, N: Into<Cow<'a, str>>> FromIterator<(N, &'a RawValue)> for InputBindings<'a> {
    fn from_iter<I: IntoIterator<Item = (N, &'a RawValue)>>(bindings: I) -> Self {
        let bindings = bindings.into_iter();
        Self(bindings.map(|(name, value)| (name.into(), value)).collect())
    }
}

impl fmt::Debug for InputBindings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The `Data` of a function with an HTTP trigger named `req`, the name that every template gives
/// it, and any other input bindings.
#[derive(Clone, Debug)]
pub struct HttpTrigger<'a> {
    /// The request.
    pub req: HttpRequest<'a>,
    /// The values of the other input bindings.
    pub bindings: InputBindings<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for HttpTrigger<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = HttpTrigger<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut req, mut bindings) = (None, Vec::new());
        while let Some(Name(name)) = map.next_key()? {
            if name != REQUEST {
                bindings.push((name, map.next_value()?));
            } else if req.is_none() {
                let Object(request) = map.next_value()?;
                req = Some(request);
            } else {
                return Err(A::Error::duplicate_field(REQUEST));
            }
        }
        Ok(HttpTrigger {
            req: req.ok_or_else(|| A::Error::missing_field(REQUEST))?,
            bindings: InputBindings(bindings),
        })
    }
}

/// What the trigger is called.
const REQUEST: &str = "req";

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[derive(Deserialize)]
struct Object<'a>(#[serde(borrow, deserialize_with = "json::object")] HttpRequest<'a>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_and_the_other_bindings_are_told_apart() {
        let data = r#"{"row":"{\"a\":1}","req":{"Body":"b"},"blo\u0062":null,"row":"2"}"#;
        let data: HttpTrigger<'_> = serde_json::from_str(data).unwrap();
        assert_eq!(data.req.body().unwrap().unwrap(), "b");
        let bindings = data.bindings;
        assert_eq!(bindings.get("row").unwrap().get(), r#""2""#);
        assert_eq!(bindings.get("blob").unwrap().get(), "null");
        assert!(bindings.get("req").is_none() && bindings.get("Row").is_none());
        assert_eq!(format!("{bindings:?}"), r#"["row", "blob", "row"]"#);
    }

    #[test]
    fn data_without_one_request_is_none_of_an_http_trigger() {
        for (data, expected) in [
            ("[]", "expected an object"),
            ("{}", "missing field `req`"),
            (r#"{"Req":{}}"#, "missing field `req`"),
            (r#"{"req":{},"req":{}}"#, "duplicate field `req`"),
            (r#"{"req":[]}"#, "expected an object"),
            (r#"{"req":null}"#, "expected an object"),
        ] {
            let error = serde_json::from_str::<HttpTrigger<'_>>(data).unwrap_err();
            assert!(error.to_string().contains(expected), "{data}: {error}");
        }
    }
}
