//! The captured cases: what stands in the file, and an app for each group of functions.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_host::{FunctionsHost, HostOptions, HttpRequest, Invocation};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::common;

pub(crate) const KEY: &str = "k3y==";

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
}

impl Captured {
    pub(crate) fn load() -> Self {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/functions-host/captured/bindings.json"
        );
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    /// The app of that name on disk.
    pub(crate) fn app(&self, name: &str) -> common::App {
        let app = common::App::new(&json!({
            "functionTimeout": "00:05:00",
            "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
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

    /// The differences between what was captured and what happened.
    pub(crate) fn differences(
        &self,
        invocation: &Invocation,
        exception: Option<&str>,
    ) -> Vec<String> {
        let expected = &self.expect;
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: Value, found: Value| {
            if expected != found {
                differences.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        let response = &invocation.response;
        compare("status", json!(expected.status), json!(response.status));
        compare("body", json!(expected.body), json!(response.text()));
        let called = !invocation.envelope.is_empty();
        compare(
            "handler called",
            json!(expected.handler_called),
            json!(called),
        );
        let envelope: Value = serde_json::from_slice(&invocation.envelope).unwrap_or_default();
        if let Some(data) = &expected.data {
            let mut found = envelope["Data"].as_object().cloned().unwrap_or_default();
            found.remove("req");
            compare("data", data.clone(), Value::Object(found));
        }
        if let Some(names) = &expected.data_members {
            compare(
                "data members",
                json!(names),
                json!(members(&invocation.envelope, "Data")),
            );
        }
        if let Some(names) = &expected.metadata_members {
            compare(
                "metadata members",
                json!(names),
                json!(members(&invocation.envelope, "Metadata")),
            );
        }
        if let Some(log) = &expected.log {
            let found: Vec<&str> = exception
                .unwrap_or_default()
                .split("\n ---> ")
                .skip(1)
                .collect();
            let matches = same_retries(log, &found)
                || log.len() == found.len()
                    && log.iter().zip(&found).all(|(expected, found)| {
                        match expected.split_once('…') {
                            Some((start, _)) => found.starts_with(start),
                            None => expected == found,
                        }
                    });
            if !matches {
                compare("log", json!(log), json!(found));
            }
        }
        differences
    }
}

/// Whether both end with the same number of tries. What each of them met belongs to the store's
/// client.
fn same_retries(expected: &[String], found: &[&str]) -> bool {
    let tries = |text: &str| {
        let rest = text.strip_prefix("System.AggregateException: Retry failed after ")?;
        rest.split_once(' ').map(|(tries, _)| tries.to_owned())
    };
    let (Some(expected), Some(found)) = (expected.first(), found.first()) else {
        return false;
    };
    tries(expected).is_some() && tries(expected) == tries(found)
}

/// The names of a member's members in their order.
fn members(envelope: &[u8], name: &str) -> Vec<String> {
    let envelope: BTreeMap<String, indexmap::IndexMap<String, &RawValue>> =
        serde_json::from_slice(envelope).unwrap();
    envelope[name].keys().cloned().collect()
}
