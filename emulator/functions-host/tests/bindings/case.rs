//! The captured cases: what stands in the file, and an app for each group of functions.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_host::{FunctionsHost, HostOptions, HttpRequest};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::common;

pub(crate) const KEY: &str = "k3y==";

/// The answer of a handler to which none is given.
pub(crate) const DEFAULT_ANSWER: &str =
    r#"{"Outputs":{"res":{"statusCode":200,"body":"ok"}},"Logs":[],"ReturnValue":null}"#;

/// Of the host, where a captured text says `PORT`.
pub(crate) const PORT: &str = "7071";

#[derive(Deserialize)]
pub(crate) struct Captured {
    pub(crate) stores: Stores,
    pub(crate) apps: BTreeMap<String, BTreeMap<String, Value>>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Stores {
    pub(crate) standard: Standard,
    pub(crate) cosmos: Cosmos,
}

#[derive(Deserialize)]
pub(crate) struct Cosmos {
    pub(crate) documents: indexmap::IndexMap<String, Box<RawValue>>,
}

/// What Azurite held. Rows stay text, as the order of their members shows later.
#[derive(Deserialize)]
pub(crate) struct Standard {
    pub(crate) containers: BTreeMap<String, BTreeMap<String, Value>>,
    pub(crate) tables: BTreeMap<String, Vec<Box<RawValue>>>,
    pub(crate) queues: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) area: String,
    pub(crate) extension: String,
    pub(crate) function: String,
    #[serde(default)]
    pub(crate) request: Request,
    /// Instead of a request.
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    #[serde(default)]
    pub(crate) store: String,
    #[serde(default)]
    pub(crate) more_settings: BTreeMap<String, String>,
    pub(crate) function_timeout: Option<String>,
    pub(crate) handler_answers: Option<Box<RawValue>>,
    pub(crate) expect: Expected,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    method: String,
    path: String,
    query: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Box<RawValue>>,
    body_text: Option<String>,
    body_base64: Option<String>,
    #[serde(default)]
    chunked: bool,
}

/// An event as it stands in the hub. `{"$": TYPE, "v": …}` is a value of a type that JSON lacks.
#[derive(Deserialize)]
pub(crate) struct Event {
    pub(crate) text: String,
    pub(crate) base64: Option<String>,
    #[serde(default)]
    pub(crate) amqp: indexmap::IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) annotations: indexmap::IndexMap<String, Value>,
    #[serde(default)]
    pub(crate) properties: indexmap::IndexMap<String, Value>,
}

#[derive(Deserialize)]
pub(crate) struct Expected {
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) handler_called: bool,
    pub(crate) data: Option<Value>,
    pub(crate) data_members: Option<Vec<String>>,
    pub(crate) metadata_members: Option<Vec<String>>,
    pub(crate) store_is_asked: Option<Value>,
    pub(crate) store_then_holds: Option<Value>,
    pub(crate) log: Option<Vec<String>>,
    pub(crate) envelope: Option<String>,
    #[serde(default)]
    pub(crate) envelopes: Vec<String>,
    #[serde(default)]
    pub(crate) invocations_succeeded: Vec<bool>,
    pub(crate) tries: Option<Value>,
}

impl Captured {
    pub(crate) fn load() -> Self {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/functions-host/captured/bindings.json"
        );
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    /// The cases of an area.
    pub(crate) fn of(&self, area: &str) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| case.area == area)
    }

    /// The app of that name on disk.
    pub(crate) fn app(&self, name: &str) -> common::App {
        self.app_with_timeout(name, "00:05:00")
    }

    /// The same with extensions of the time before bundle 3.
    pub(crate) fn app_of_the_old_extension(&self, name: &str) -> common::App {
        self.app_with(name, "00:05:00", "[2.*, 3.0.0)")
    }

    /// The same with another `functionTimeout`.
    pub(crate) fn app_with_timeout(&self, name: &str, timeout: &str) -> common::App {
        self.app_with(name, timeout, "[4.*, 5.0.0)")
    }

    fn app_with(&self, name: &str, timeout: &str, bundle: &str) -> common::App {
        let app = common::App::new(&json!({
            "functionTimeout": timeout,
            "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": bundle},
        }));
        for (function, bindings) in &self.apps[name] {
            let file = match bindings {
                Value::Array(_) => json!({ "bindings": bindings }),
                file => file.clone(),
            };
            app.write(&format!("{function}/function.json"), &file.to_string());
        }
        app
    }
}

/// The options of a host with these settings.
pub(crate) fn options(app: &common::App, settings: &[(&str, &str)]) -> HostOptions {
    let options = HostOptions::new(app.path())
        .handler(common::puppet())
        .function_key(KEY)
        .env("PUPPET_MODE", "content");
    let settings = settings.iter();
    settings.fold(options, |options, (name, value)| options.env(*name, *value))
}

/// Starts a host whose handler gives the same answer to everything.
pub(crate) async fn start(app: &common::App, settings: &[(&str, &str)]) -> FunctionsHost {
    FunctionsHost::start(options(app, settings)).await.unwrap()
}

impl Case {
    /// The id in the request's body.
    pub(crate) fn registration_id(&self) -> String {
        let body: Value = serde_json::from_str(self.request.body.as_ref().unwrap().get()).unwrap();
        let id = &body["deviceRuntimeContext"]["registrationId"];
        id.as_str().unwrap().to_owned()
    }

    pub(crate) fn to_request(&self) -> HttpRequest {
        let request = &self.request;
        let query = request.query.as_ref().map(|query| format!("?{query}"));
        let target = request.path.clone() + &query.unwrap_or_default();
        let mut sent = HttpRequest::new(&request.method, target);
        if let Some(envelope) = &self.expect.envelope {
            return self.to_exact_request(sent, envelope);
        }
        if self.expect.status != 401 {
            let has_key = sent.target.contains("code=");
            if !has_key {
                sent = sent.header("x-functions-key", KEY);
            }
        }
        let names: Vec<String> = request
            .headers
            .keys()
            .map(|name| name.to_lowercase())
            .collect();
        if !names.contains(&"content-type".to_owned()) {
            sent = sent.header("Content-Type", "application/json");
        }
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if request.chunked {
            sent = sent.chunked();
        }
        let body = if let Some(body) = &request.body {
            body.get().as_bytes().to_vec()
        } else if let Some(body) = &request.body_base64 {
            STANDARD.decode(body).unwrap()
        } else {
            request.body_text.clone().unwrap_or_default().into_bytes()
        };
        sent.body(body)
    }

    /// The request with the headers and the body text that the handler was shown.
    fn to_exact_request(&self, mut sent: HttpRequest, envelope: &str) -> HttpRequest {
        let envelope: Value = serde_json::from_str(envelope).unwrap();
        let shown = &envelope["Data"]["req"];
        let headers = shown["Headers"].as_object().unwrap();
        for (name, values) in headers {
            for value in values.as_array().unwrap() {
                let value = value.as_str().unwrap().replace("PORT", PORT);
                // The length is the body's own.
                if name != "Content-Length" {
                    sent = sent.header(name, value);
                }
            }
        }
        let body = shown["Body"].as_str().unwrap();
        let same: Value = serde_json::from_str(body).unwrap();
        let own: Value = serde_json::from_str(self.request.body.as_ref().unwrap().get()).unwrap();
        assert_eq!(same, own);
        sent.body(body)
    }
}
