//! What the host answers by itself, without a function: its home page, `/admin` and `/runtime`.
//!
//! Statuses and headers are those of the captured exchanges, which kept no bodies. Of these there
//! is what an app's owner looks at: the keys, the functions and where they are called. An Event Hub
//! function can be run by hand.
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http>.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::function::Function;
use crate::app::settings_file;
use crate::host::FunctionsHost;
use crate::invoke::event_hub::{EventHubBatch, EventHubEvent};
use crate::invoke::http::{HttpRequest, HttpResponse};

/// A setting that leaves the home page out.
const DISABLE_HOME_PAGE: &str = "AzureWebJobsDisableHomepage";
const HOME_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Functions host</title></head>\
    <body><h1>The emulated Functions host is up and running</h1></body></html>\n";
/// Why a function with an HTTP trigger can't be run by hand, in the host's words.
const NO_REQUEST: &str = "System.InvalidOperationException: Exception binding parameter 'req'\n \
    ---> System.NotSupportedException: An HttpRequest is required";
const NOT_EMULATED: &str = "System.NotSupportedException: The trigger is not emulated";

/// The host's own answer to a request, when no function is asked for.
pub(super) fn respond(host: &FunctionsHost, request: &HttpRequest) -> Option<HttpResponse> {
    let path = request.path().to_ascii_lowercase();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        [""] if host.app.find(&request.method, "/").is_none() => Some(home_page(host)),
        ["admin", "host", "ping"] => Some(ping()),
        ["admin" | "runtime", rest @ ..] => Some(match host.keys.administers(request) {
            Ok(()) if segments[0] == "admin" => administration(host, request, rest),
            Ok(()) => HttpResponse::empty(404),
            Err(status) => refused(status),
        }),
        _ => None,
    }
}

/// Whether the body of a request is looked at here.
pub(super) fn wants_body_of(request: &HttpRequest) -> bool {
    let path = request.path().to_ascii_lowercase();
    request.method == "POST" && path.starts_with("/admin/functions/")
}

/// What a caller gets whose key isn't good enough.
pub(super) fn refused(status: i32) -> HttpResponse {
    let mut response = HttpResponse::empty(status);
    if status == 401 {
        let challenge = ("WWW-Authenticate".to_owned(), "Bearer".to_owned());
        response.headers.push(challenge);
    }
    response
}

/// JSON, with its length.
pub(super) fn json_page(value: &Value) -> HttpResponse {
    page("application/json; charset=utf-8", value.to_string())
}

fn page(kind: &str, text: String) -> HttpResponse {
    HttpResponse {
        headers: vec![
            ("Content-Type".to_owned(), kind.to_owned()),
            ("Content-Length".to_owned(), text.len().to_string()),
        ],
        body: text.into_bytes(),
        ..HttpResponse::empty(200)
    }
}

fn home_page(host: &FunctionsHost) -> HttpResponse {
    let setting = host.options.variable(DISABLE_HOME_PAGE);
    if setting.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return HttpResponse::empty(204);
    }
    page("text/html", HOME_PAGE.to_owned())
}

fn ping() -> HttpResponse {
    let headers = [
        ("Cache-Control", "no-store,no-cache"),
        ("Pragma", "no-cache"),
    ];
    HttpResponse {
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..HttpResponse::empty(200)
    }
}

fn administration(host: &FunctionsHost, request: &HttpRequest, rest: &[&str]) -> HttpResponse {
    let find = |name: &str| {
        let mut functions = host.app.functions.iter();
        functions.find(|function| function.name.eq_ignore_ascii_case(name))
    };
    match (request.method.as_str(), rest) {
        ("GET", ["host", "keys"]) => keys(host, request),
        ("GET", ["functions"]) => {
            let mut functions: Vec<&Function> = host.app.functions.iter().collect();
            functions.sort_by(|a, b| a.name.cmp(&b.name));
            let functions = functions.into_iter();
            json_page(
                &functions
                    .map(|known| describe(host, known, request))
                    .collect(),
            )
        }
        ("GET", ["functions", name]) => match find(name) {
            Some(function) => json_page(&describe(host, function, request)),
            None => HttpResponse::empty(404),
        },
        ("GET", ["functions", name, "status"]) if find(name).is_some() => json_page(&json!({})),
        ("POST", ["functions", name]) => match find(name) {
            Some(function) => run(host, function, request),
            None => HttpResponse::empty(404),
        },
        _ => HttpResponse::empty(404),
    }
}

/// The address of the host as the caller knows it.
fn base(request: &HttpRequest) -> String {
    format!(
        "http://{}",
        request.header_value("Host").unwrap_or_default()
    )
}

fn keys(host: &FunctionsHost, request: &HttpRequest) -> HttpResponse {
    let keys: Vec<Value> = host
        .keys
        .function_key()
        .map(|key| json!({"name": "default", "value": key.expose_secret()}))
        .into_iter()
        .collect();
    let link = format!("{}/admin/host/keys", base(request));
    json_page(&json!({"keys": keys, "links": [{"rel": "self", "href": link}]}))
}

fn describe(host: &FunctionsHost, function: &Function, request: &HttpRequest) -> Value {
    let (base, name) = (base(request), &function.name);
    let file = host.app.root.join(name).join("function.json");
    let text = settings_file::read(&file).ok();
    let config: Option<Value> = text.and_then(|text| settings_file::parse(&text).ok());
    let template = function.route().map(|route| format!("{base}/{route}"));
    json!({
        "name": name,
        "href": format!("{base}/admin/functions/{name}"),
        "invoke_url_template": template,
        "config": config,
        "isDisabled": function.is_disabled(),
        "isDirect": false,
        "isProxy": false,
    })
}

/// Runs a function by hand, and doesn't wait for it.
fn run(host: &FunctionsHost, function: &Function, request: &HttpRequest) -> HttpResponse {
    if function.event_hub_trigger.is_some() {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let input = body["input"].as_str().unwrap_or_default().to_owned();
        let (host, name) = (host.clone(), function.name.clone());
        let batch = EventHubBatch::new(&name, [EventHubEvent::new(input)]);
        tokio::spawn(async move { host.deliver(&name, &batch).await });
        return HttpResponse::empty(202);
    }
    let cause = if function.route().is_some() {
        NO_REQUEST
    } else {
        NOT_EMULATED
    };
    let id = Uuid::new_v4().to_string();
    host.tell_of_a_failure(function, &id, Duration::ZERO, cause);
    HttpResponse::empty(202)
}
