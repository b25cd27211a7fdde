//! The real binary behind an emulated host that forwards requests as they come
//! (`enableForwardingHttpRequest`), beside one that wraps them: the same answer to everything that
//! a device or the service can cause.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use functions_host::{FunctionsHost, HostOptions, HttpRequest, Invocation};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::app;
use test_support::tutorial::{
    CHINA_CLOUD, HEAT_PUMP, MIXED_CASE, REREGISTRATION, TOASTER, TPM, X509,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A host that forwards, and its app.
struct Forwarding {
    host: FunctionsHost,
    _app: TempDir,
}

impl Forwarding {
    async fn start(configure: impl FnOnce(HostOptions) -> HostOptions) -> Self {
        let app = app::forwarded(Path::new(ROOT), &["HttpTrigger1"]);
        let options = HostOptions::new(app.path()).handler(env!("CARGO_BIN_EXE_handler"));
        let host = FunctionsHost::start(configure(options)).await.unwrap();
        Self { host, _app: app }
    }

    /// Waits for a line of the handler's log that `is_wanted`.
    async fn line(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let find = |host: &FunctionsHost| {
            let lines = host.output().into_iter().map(|line| line.text);
            lines.into_iter().find(|line| is_wanted(line))
        };
        let seen = self.host.wait_until(|host| find(host).is_some());
        let seen = tokio::time::timeout(std::time::Duration::from_mins(1), seen).await;
        assert!(seen.is_ok(), "never seen in {:?}", self.host.output());
        find(&self.host).unwrap()
    }
}

async fn wrapping() -> FunctionsHost {
    let options = HostOptions::new(ROOT).handler(env!("CARGO_BIN_EXE_handler"));
    FunctionsHost::start(options).await.unwrap()
}

fn webhook(body: impl Into<Vec<u8>>) -> HttpRequest {
    HttpRequest::post("/api/HttpTrigger1")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body)
}

/// What the caller can see of an answer.
fn seen(invocation: &Invocation) -> (i32, String, Option<String>) {
    let response = &invocation.response;
    let content_type = response.header("Content-Type").map(str::to_owned);
    (response.status, response.text(), content_type)
}

/// A request of the tutorial's from `id`, changed.
fn changed(id: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut request = json!({
        "deviceRuntimeContext": {"registrationId": id, "symmetricKey": {}},
        "linkedHubs": ["contoso-toasters-hub-1098.azure-devices.net", "contoso-heatpumps-hub-1098.azure-devices.net"],
    });
    change(&mut request);
    request.to_string().into_bytes()
}

const TOASTER_ID: &str = "a-contoso-tstrsd-007";
const HEAT_PUMP_ID: &str = "a-contoso-hpsd-088";

#[tokio::test]
async fn every_answer_is_the_one_that_comes_out_of_an_envelope() {
    let forwarding = Forwarding::start(|options| options).await;
    let wrapping = wrapping().await;
    let nested = |levels| format!(r#"{{"x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let large = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    for (body, status, why) in [
        (REREGISTRATION.into(), 200, "a toaster comes back"),
        (CHINA_CLOUD.into(), 200, "a toaster in another cloud"),
        (changed(TOASTER_ID, |_| {}), 200, "a toaster"),
        (changed(HEAT_PUMP_ID, |_| {}), 200, "a heat pump"),
        (
            changed(TOASTER_ID, |request| {
                request["linkedHubs"] = json!(["a-toasters-1", "é-toasters-\u{1F525}", "b"]);
            }),
            200,
            "the last hub, in any characters",
        ),
        (
            format!("\u{feff}{REREGISTRATION}").into(),
            200,
            "a byte order mark",
        ),
        (changed("stranger", |_| {}), 400, "a stranger"),
        (changed("", |_| {}), 400, "an empty id"),
        (MIXED_CASE.into(), 400, "another vendor's device"),
        (TPM.into(), 400, "a TPM"),
        (X509.into(), 400, "a certificate"),
        (
            changed(TOASTER_ID, |request| request["linkedHubs"] = json!([])),
            400,
            "no hub at all",
        ),
        (
            changed(HEAT_PUMP_ID, |request| {
                request["linkedHubs"] = json!(["a-toasters-1"]);
            }),
            400,
            "no hub for it",
        ),
        (
            changed(TOASTER_ID, |request| request["linkedHubs"] = json!(null)),
            400,
            "no list of hubs",
        ),
        (
            changed(TOASTER_ID, |request| {
                request["linkedHubs"] = json!("a-toasters-1");
            }),
            400,
            "hubs of another type",
        ),
        (
            changed(TOASTER_ID, |request| request["linkedHubs"] = json!([1])),
            400,
            "a hub of another type",
        ),
        (
            changed(TOASTER_ID, |request| {
                request["deviceRuntimeContext"]["registrationId"] = json!(7);
            }),
            400,
            "an id of another type",
        ),
        (
            changed(TOASTER_ID, |request| {
                request["deviceRuntimeContext"] = json!([]);
            }),
            400,
            "a context of another type",
        ),
        ("{}".into(), 400, "nothing in it"),
        ("".into(), 400, "no body"),
        ("null".into(), 400, "null"),
        ("[]".into(), 400, "an array"),
        ("{".into(), 400, "no JSON"),
        ("{} {}".into(), 400, "more than one document"),
        (nested(100_000).into(), 400, "nested deeply"),
        (large(1 << 20).into(), 400, "as large as may be"),
        (large((1 << 20) + 1).into(), 413, "too large"),
        (large(9 << 20).into(), 413, "much too large"),
    ] {
        let body: Vec<u8> = body;
        let forwarded = forwarding.host.invoke(webhook(body.clone())).await;
        let wrapped = wrapping.invoke(webhook(body)).await;
        assert_eq!(seen(&forwarded), seen(&wrapped), "{why}");
        assert_eq!(forwarded.response.status, status, "{why}");
        assert_eq!(forwarded.logs, [""; 0], "{why}");
    }
    assert_eq!(forwarding.host.violations(), []);
    assert_eq!(wrapping.violations(), []);
}

#[tokio::test]
async fn a_proxied_request_is_answered_and_logged_like_a_forwarded_one() {
    let app = app::with_host_json(Path::new(ROOT), &["HttpTrigger1"], |host| {
        host["customHandler"]["enableProxyingHttpRequest"] = true.into();
    });
    let options = HostOptions::new(app.path()).handler(env!("CARGO_BIN_EXE_handler"));
    let host = FunctionsHost::start(options).await.unwrap();
    let proxying = Forwarding { host, _app: app };
    let request = webhook(changed(TOASTER_ID, |_| {}));
    for request in [request.clone(), request.chunked()] {
        let invocation = proxying.host.invoke(request).await;
        assert_eq!(
            invocation.response.text(),
            r#"{"iotHubHostName":"contoso-toasters-hub-1098.azure-devices.net","initialTwin":{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}}"#
        );
        proxying.line(|line| line.contains(&invocation.id)).await;
    }
}

#[tokio::test]
async fn the_path_is_taken_in_any_case_and_with_any_query() {
    let forwarding = Forwarding::start(|options| options).await;
    for (target, body, expected) in [
        (
            "/api/httptrigger1",
            REREGISTRATION.as_bytes().to_vec(),
            TOASTER,
        ),
        (
            "/API/HttpTrigger1/?code=x&a=%20b",
            changed(HEAT_PUMP_ID, |_| {}),
            HEAT_PUMP,
        ),
    ] {
        let mut request = webhook(body);
        target.clone_into(&mut request.target);
        let invocation = forwarding.host.invoke(request).await;
        let content_type = "application/json; charset=utf-8".to_owned();
        let expected = (200, expected.to_owned(), Some(content_type));
        assert_eq!(seen(&invocation), expected, "{target}");
    }
    assert_eq!(forwarding.host.violations(), []);
}

#[tokio::test]
async fn each_decision_is_one_line_with_the_invocation_s_id() {
    let forwarding = Forwarding::start(|options| options).await;
    for (body, expected) in [
        (
            REREGISTRATION.as_bytes().to_vec(),
            "INFO HttpTrigger1 {id} breakroom499-contoso-tstrsd-007: 200 toaster assigned to contoso-toasters-hub-1098.azure-devices.net",
        ),
        (
            changed("stranger", |_| {}),
            "INFO HttpTrigger1 {id} stranger: 400 Unknown device registration",
        ),
        (
            b"{}".to_vec(),
            "INFO HttpTrigger1 {id} -: 400 Registration ID : NULL",
        ),
    ] {
        // An id that the caller makes up stands before the host's.
        let request = webhook(body).header("X-Azure-Functions-InvocationId", "made-up");
        let invocation = forwarding.host.invoke(request).await;
        let line = forwarding.line(|line| line.contains(&invocation.id)).await;
        assert_eq!(line, expected.replace("{id}", &invocation.id));
    }
    assert_eq!(forwarding.host.violations(), []);
}

#[tokio::test]
async fn neither_the_function_key_nor_what_attests_the_device_is_in_a_log() {
    let key = "k3y-in-the-query==";
    let forwarding =
        Forwarding::start(|options| options.function_key(key).env("RUST_LOG", "trace")).await;
    let host = &forwarding.host;
    let body = TPM.replace("mydevice", TOASTER_ID);
    let spoiled = body.replace('}', "");
    for body in [body, spoiled, String::new(), " ".repeat((1 << 20) + 1)] {
        let mut by_query = webhook(body.clone());
        by_query.target = "/api/HttpTrigger1?code=k3y-in-the-query%3D%3D".to_owned();
        let by_header = webhook(body).header("x-functions-key", key);
        for request in [by_query, by_header] {
            let status = host.invoke(request).await.response.status;
            assert!([200, 400, 413].contains(&status), "{status}");
        }
    }
    let unauthorized = host.invoke(webhook(REREGISTRATION)).await;
    assert_eq!(unauthorized.response.status, 401);
    host.stop().await;
    let log: Vec<_> = host.output().into_iter().map(|line| line.text).collect();
    let log = log.join("\n");
    assert!(log.contains("toaster assigned"), "{log}");
    for secret in [key, "k3y-in", "-key-xxxxx"] {
        assert!(!log.contains(secret), "{log}");
    }
}
