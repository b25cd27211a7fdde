//! What expressions may refer to: the request's body, query, route and headers, each value as the
//! host keeps it.
//!
//! Objects of the body stay objects, so that a dotted name can look into them; scalars are text
//! from the start.

use std::time::SystemTime;

use indexmap::IndexMap;
use uuid::Uuid;

use crate::envelope::body_text;
use crate::envelope::http_trigger::parse_object;
use crate::envelope::{known_headers, request_url};
use crate::invoke::http::HttpRequest;
use crate::newtonsoft::{JObject, JToken, NetDateTime};

/// Values by their names in any case.
#[derive(Clone, Debug, Default)]
pub(crate) struct BindingData(IndexMap<String, Datum>);

/// A value, as far as expressions can tell one from another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    /// No value, but a name.
    Null,
    Text(String),
    Guid(Uuid),
    Now(NetDateTime),
    /// A value of the body.
    Json(JToken),
    /// A dictionary whose names count with their case.
    Query(Vec<(String, String)>),
    /// A dictionary whose names don't.
    Headers(Vec<(String, String)>),
    /// `sys`.
    System {
        method_name: String,
        utc_now: NetDateTime,
        rand_guid: Uuid,
    },
    /// Anything else of the host's, the request say.
    Opaque,
}

impl BindingData {
    /// The data of one invocation.
    pub(crate) fn of(
        request: &HttpRequest,
        route_values: &[(String, Option<String>)],
        trigger_name: &str,
        function_name: &str,
    ) -> Self {
        let mut data = Self::default();
        if let Some(body) = body(request) {
            for (name, value) in body.iter() {
                match value {
                    JToken::Array(_) | JToken::Null => {}
                    JToken::Object(_) => data.set(name, Datum::Json(value.clone())),
                    scalar => data.set(name, Datum::Text(scalar.to_invariant_string())),
                }
            }
        }
        let mut query = Vec::new();
        for (name, mut values) in request_url::query_values(request) {
            let last = values.pop().unwrap_or_default();
            if !name.eq_ignore_ascii_case("code") {
                data.set(&name, Datum::Text(last.clone()));
            }
            query.push((name, last));
        }
        for (name, value) in route_values {
            let value = value.clone().map_or(Datum::Null, Datum::Text);
            data.set(name, value);
        }
        data.set_if_absent("Query", Datum::Query(query));
        let headers = known_headers::as_kestrel_lists(&request.headers).into_iter();
        let headers = headers.map(|(name, values)| (name, values.join(",")));
        data.set_if_absent("Headers", Datum::Headers(headers.collect()));
        data.set(trigger_name, Datum::Opaque);
        data.set_if_absent(
            "sys",
            Datum::System {
                method_name: function_name.to_owned(),
                utc_now: NetDateTime::utc(SystemTime::now()),
                rand_guid: Uuid::new_v4(),
            },
        );
        data
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Datum> {
        self.0.get(&name.to_lowercase())
    }

    pub(crate) fn set(&mut self, name: &str, value: Datum) {
        self.0.insert(name.to_lowercase(), value);
    }

    fn set_if_absent(&mut self, name: &str, value: Datum) {
        self.0.entry(name.to_lowercase()).or_insert(value);
    }
}

/// The object that the body is, whatever its content type says, when its length is known.
fn body(request: &HttpRequest) -> Option<JObject> {
    let length: u64 = request
        .header_value("Content-Length")?
        .trim()
        .parse()
        .ok()?;
    (length > 0).then_some(())?;
    parse_object(&body_text::decode(&request.body))
}

impl Datum {
    /// The property of that name; `None` when there is none.
    pub(crate) fn property(&self, name: &str) -> Option<Self> {
        match self {
            Self::Json(JToken::Object(object)) => {
                object.get_ignoring_case(name).cloned().map(Self::Json)
            }
            Self::Query(values) => {
                let found = values.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| Self::Text(value.clone()))
            }
            Self::Headers(values) => {
                let mut values = values.iter();
                let found = values.find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| Self::Text(value.clone()))
            }
            Self::System {
                method_name,
                utc_now,
                rand_guid,
            } => match name.to_lowercase().as_str() {
                "methodname" => Some(Self::Text(method_name.clone())),
                "utcnow" => Some(Self::Now(*utc_now)),
                "randguid" => Some(Self::Guid(*rand_guid)),
                _ => None,
            },
            Self::Null
            | Self::Text(_)
            | Self::Guid(_)
            | Self::Now(_)
            | Self::Json(_)
            | Self::Opaque => None,
        }
    }

    /// The text that the value becomes, where the host has one for it.
    pub(crate) fn to_text(&self, format: Option<&str>) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Guid(guid) => Some(print_guid(*guid, format)),
            Self::Now(now) => Some(match format {
                Some(format) if !format.is_empty() => now.to_custom_string(format),
                _ => now.to_custom_string("yyyy-MM-ddTHH-mm-ssK"),
            }),
            Self::Json(JToken::Null | JToken::Array(_) | JToken::Object(_))
            | Self::Null
            | Self::Query(_)
            | Self::Headers(_)
            | Self::System { .. }
            | Self::Opaque => None,
            Self::Json(scalar) => Some(scalar.to_invariant_string()),
        }
    }
}

fn print_guid(guid: Uuid, format: Option<&str>) -> String {
    match format.unwrap_or_default() {
        "N" | "n" => guid.simple().to_string(),
        "B" | "b" => guid.braced().to_string(),
        "P" | "p" => format!("({})", guid.hyphenated()),
        _ => guid.hyphenated().to_string(),
    }
}
