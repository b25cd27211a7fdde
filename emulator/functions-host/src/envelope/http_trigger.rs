//! The invocation request that a custom handler gets: `{"Data":…,"Metadata":…}`, byte for byte as
//! the host writes it.
//!
//! Pure: time and ids come in. Built for HTTP triggers; `event_hub_envelope` has the other trigger
//! that is emulated.
//!
//! Sources:
//! <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#request-payload>
//! for the shape, and the host's `HttpRequestExtensions` and `ScriptInvocationContextExtensions`
//! (<https://github.com/Azure/azure-functions-host>) for the rest.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;

use crate::envelope::body_text;
use crate::envelope::identity::Identity;
use crate::envelope::known_headers;
use crate::envelope::request_url;
use crate::invoke::http::HttpRequest;
use crate::newtonsoft::{JObject, JToken, MAX_DEPTH, NetDateTime, quote};

/// One invocation of a function through its HTTP trigger.
#[derive(Clone, Debug)]
pub(crate) struct HttpInvocation<'a> {
    /// The function folder's name.
    pub(crate) function_name: &'a str,
    /// The trigger binding's name, usually `req`.
    pub(crate) trigger_name: &'a str,
    pub(crate) request: &'a HttpRequest,
    /// The route template's parameters in order; an optional one that is not used has no value.
    pub(crate) route_values: &'a [(String, Option<String>)],
    /// What input bindings brought, in the order of function.json.
    pub(crate) inputs: Vec<(String, JToken)>,
    pub(crate) identity: &'a Identity,
    pub(crate) utc_now: NetDateTime,
    pub(crate) rand_guid: String,
    /// Whether headers of App Service say what the request's scheme and host are.
    pub(crate) is_behind_app_service: bool,
    /// The `RetryContext`, when a retry policy applies.
    pub(crate) retry: Option<JObject>,
}

impl HttpInvocation<'_> {
    /// The text of the envelope.
    pub(crate) fn to_envelope(&self) -> String {
        let body = self.body();
        let mut data = JObject::default().with(self.trigger_name, self.data(body.as_ref()));
        for (name, value) in &self.inputs {
            data.insert(name, value.clone());
        }
        JToken::from(
            JObject::default()
                .with("Data", data)
                .with("Metadata", self.metadata(body.as_ref())),
        )
        .to_json()
    }

    /// The body, which the host only reads when the request says how long it is.
    fn body(&self) -> Option<Body> {
        let length: u64 = self
            .request
            .header_value("Content-Length")?
            .trim()
            .parse()
            .ok()?;
        (length > 0).then(|| Body::read(self.request))
    }

    fn data(&self, body: Option<&Body>) -> JObject {
        let mut query = JObject::default();
        for (name, values) in request_url::query_values(self.request) {
            query.insert(name, values.join(","));
        }
        let mut headers = JObject::default();
        for (name, values) in known_headers::as_kestrel_lists(&self.request.headers) {
            headers.insert(
                name,
                JToken::Array(values.into_iter().map(JToken::String).collect()),
            );
        }
        let mut params = JObject::default();
        for (name, value) in self.route_values {
            params.insert(name, value.as_deref().map_or(JToken::Null, JToken::from));
        }
        let mut data = JObject::default()
            .with(
                "Url",
                request_url::display(self.request, self.is_behind_app_service),
            )
            .with("Method", self.request.method.as_str())
            .with("Query", query)
            .with("Headers", headers)
            .with("Params", params)
            .with("Identities", JToken::Array(vec![self.identity.to_token()]));
        if let Some(body) = body {
            data.insert("Body", body.in_data.as_str());
        }
        data
    }

    fn metadata(&self, body: Option<&Body>) -> JObject {
        let mut binding_data = BindingData::default();
        if let Some(properties) = body.and_then(Body::parse_object) {
            binding_data.set_members(&properties);
        }
        let mut query = JObject::default();
        for (name, mut values) in request_url::query_values(self.request) {
            let last = values.pop().unwrap_or_default();
            if !name.eq_ignore_ascii_case("code") {
                binding_data.set(&name, last.clone());
            }
            query.insert(name, last);
        }
        for (name, value) in self.route_values {
            binding_data.set(name, value.as_deref().map_or(JToken::Null, JToken::from));
        }
        binding_data.set_if_absent("Query", query);
        let mut headers = JObject::default();
        for (name, values) in known_headers::as_kestrel_lists(&self.request.headers) {
            headers.insert(name, values.join(","));
        }
        binding_data.set_if_absent("Headers", headers);
        // The request object itself; it is never written, but hides a property of the same name.
        binding_data.set(self.trigger_name, JToken::Null);
        let sys = if binding_data.contains("sys") {
            "$sys"
        } else {
            "sys"
        };
        let system = JObject::default()
            .with("MethodName", self.function_name)
            .with("UtcNow", JToken::Date(self.utc_now))
            .with("RandGuid", self.rand_guid.as_str());
        binding_data.set(sys, system);
        let mut metadata = binding_data.into_metadata();
        if let Some(retry) = &self.retry {
            metadata.insert("RetryContext", retry.clone());
        }
        metadata
    }
}

/// A body as it stands in `Data`, and as the text that `Metadata` is made from.
struct Body {
    in_data: String,
    text: Option<String>,
}

impl Body {
    fn read(request: &HttpRequest) -> Self {
        let media_type = request
            .header_value("Content-Type")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let text = body_text::decode(&request.body);
        if media_type.starts_with("application/octet-stream")
            || media_type.starts_with("multipart/")
        {
            return Self {
                in_data: STANDARD.encode(&request.body),
                text: Some(text),
            };
        }
        Self {
            in_data: text,
            text: None,
        }
    }

    /// The object that the body is, when it looks like one and can be read. A list is read too, but
    /// has no properties to give.
    fn parse_object(&self) -> Option<JObject> {
        parse_object(self.text.as_deref().unwrap_or(&self.in_data))
    }
}

/// The object that a text is, when it looks like one and can be read.
pub(crate) fn parse_object(text: &str) -> Option<JObject> {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')).then_some(())?;
    match JToken::parse(text, MAX_DEPTH) {
        Ok(JToken::Object(object)) => Some(object),
        _ => None,
    }
}

/// What bindings may refer to: names in any case, in the order of their first appearance.
#[derive(Default)]
pub(crate) struct BindingData(IndexMap<String, (String, Datum)>);

/// A value to bind.
enum Datum {
    /// Any value. What is no object is written by what it says.
    Value(JToken),
    /// JSON or a date, written into the string as it is.
    Text(String),
}

impl BindingData {
    /// A name that is there already keeps its first spelling and place.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<JToken>) {
        self.set_datum(name, Datum::Value(value.into()));
    }

    /// A number, an array or a text that stays the JSON that it is.
    pub(crate) fn set_json(&mut self, name: &str, value: &JToken) {
        self.set_datum(name, Datum::Text(value.to_json()));
    }

    /// A text that is written without quotes.
    pub(crate) fn set_text(&mut self, name: &str, text: &str) {
        self.set_datum(name, Datum::Text(text.to_owned()));
    }

    /// What a JSON object says for itself; its arrays and nulls don't count.
    pub(crate) fn set_members(&mut self, object: &JObject) {
        for (name, value) in object.iter() {
            match value {
                JToken::Array(_) | JToken::Null | JToken::Undefined | JToken::Constructor(..) => {}
                JToken::Object(_) => self.set(name, value.clone()),
                scalar => self.set(name, scalar.to_invariant_string()),
            }
        }
    }

    fn set_datum(&mut self, name: &str, value: Datum) {
        match self.0.entry(name.to_lowercase()) {
            indexmap::map::Entry::Occupied(mut entry) => entry.get_mut().1 = value,
            indexmap::map::Entry::Vacant(entry) => {
                entry.insert((name.to_owned(), value));
            }
        }
    }

    fn set_if_absent(&mut self, name: &str, value: impl Into<JToken>) {
        if !self.contains(name) {
            self.set(name, value);
        }
    }

    fn contains(&self, name: &str) -> bool {
        self.0.contains_key(&name.to_lowercase())
    }

    /// Objects stay objects; everything else becomes a string that holds JSON.
    pub(crate) fn into_metadata(self) -> JObject {
        let mut metadata = JObject::default();
        for (lower_case, (name, value)) in self.0 {
            match value {
                _ if lower_case.ends_with("trigger") => {}
                Datum::Value(JToken::Null) => {}
                Datum::Value(object @ JToken::Object(_)) => metadata.insert(name, object),
                Datum::Value(other) => metadata.insert(name, quote(&other.to_invariant_string())),
                Datum::Text(text) => metadata.insert(name, text),
            }
        }
        metadata
    }
}

/// The `RetryContext` of an attempt, with the exception of the one before.
pub(crate) fn retry_context(
    failed: u32,
    max_retry_count: i64,
    exception: Option<JObject>,
) -> JObject {
    JObject::default()
        .with("RetryCount", JToken::Integer(failed.to_string()))
        .with(
            "MaxRetryCount",
            JToken::Integer(max_retry_count.to_string()),
        )
        .with("Exception", exception.map_or(JToken::Null, JToken::from))
        .with("Instance", JToken::Null)
        .with("State", JObject::default())
}

#[cfg(test)]
mod tests;
