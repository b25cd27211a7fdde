//! Stores that fail, and what the caller, the handler and the log make of it.

use functions_host::{FunctionsHost, HttpRequest, Invocation, Violation};
use serde_json::{Value, json};

use crate::case::{KEY, options, start};
use crate::common;
use crate::store::{Answers, Stub, connection_string};

pub(crate) const TABLE: &str = r#"{"type":"table","direction":"in","name":"device","tableName":"Fleet","partitionKey":"{deviceRuntimeContext.registrationId}","take":1,"connection":"Store"}"#;
pub(crate) const BLOB: &str = r#"{"type":"blob","direction":"in","name":"device","path":"rows/{deviceRuntimeContext.registrationId}.json","connection":"Store"}"#;
const BUNDLE: &str = "Microsoft.Azure.Functions.ExtensionBundle";

/// Tries twice, and gives a try half a second.
const QUICK: [(&str, &str); 3] = [
    ("Store__retry__maxRetries", "1"),
    ("Store__retry__delay", "00:00:00.010"),
    ("Store__retry__networkTimeout", "00:00:00.500"),
];

/// An app with the functions `T` and `B`, and whatever else `host.json` says.
pub(crate) fn app(host_json: &Value) -> common::App {
    let mut file = json!({"extensionBundle": {"id": BUNDLE, "version": "[4.*, 5.0.0)"}});
    file.as_object_mut()
        .unwrap()
        .extend(host_json.as_object().unwrap().clone());
    let app = common::App::new(&file);
    write(&app, "T", TABLE);
    write(&app, "B", BLOB);
    app
}

pub(crate) fn write(app: &common::App, name: &str, bindings: &str) {
    let trigger = r#"{"type":"httpTrigger","direction":"in","name":"req","methods":["post"]},{"type":"http","direction":"out","name":"res"}"#;
    app.write(
        &format!("{name}/function.json"),
        &format!(r#"{{"bindings":[{trigger},{bindings}]}}"#),
    );
}

pub(crate) async fn ask(host: &FunctionsHost, function: &str, id: &Value) -> Invocation {
    let body = json!({"deviceRuntimeContext": {"registrationId": id}}).to_string();
    send(host, function, body).await
}

pub(crate) async fn send(host: &FunctionsHost, function: &str, body: String) -> Invocation {
    let request = HttpRequest::post(format!("/api/{function}")).header("x-functions-key", KEY);
    host.invoke(request.body(body)).await
}

/// The value of the binding in the envelope.
pub(crate) fn value(invocation: &Invocation) -> Option<Value> {
    let envelope: Value = serde_json::from_slice(&invocation.envelope).ok()?;
    envelope["Data"].get("device").cloned()
}

pub(crate) fn exceptions(host: &FunctionsHost) -> String {
    let records = host.log().into_iter().filter_map(|record| record.exception);
    records.collect::<Vec<_>>().join("\n")
}

#[track_caller]
pub(crate) fn assert_failed(invocation: &Invocation) {
    let response = &invocation.response;
    assert_eq!((response.status, response.text().as_str()), (500, ""));
    assert!(invocation.envelope.is_empty(), "the handler was called");
}

#[tokio::test]
async fn a_refused_connection_is_tried_as_the_settings_say() {
    let app = app(&json!({}));
    let closed = test_port().await;
    let connection = connection_string(closed);
    let mut settings = QUICK.to_vec();
    settings.push(("Store", &connection));
    let host = start(&app, &settings).await;
    for function in ["T", "B"] {
        assert_failed(&ask(&host, function, &json!("dev-1")).await);
    }
    let told = exceptions(&host);
    assert_eq!(
        told.matches(
            "System.AggregateException: Retry failed after 2 tries. Retry settings can be adjusted"
        )
        .count(),
        2,
        "{told}"
    );
    assert_eq!(host.starts(), 1);
}

#[tokio::test]
async fn statuses_decide_whether_a_store_is_asked_again() {
    for (status, function, tries, is_found) in [
        (429, "T", 2, false),
        (500, "B", 2, false),
        (503, "T", 2, false),
        (403, "T", 1, false),
        (403, "B", 1, false),
        (404, "T", 1, false),
        (404, "B", 1, true),
    ] {
        let app = app(&json!({}));
        let stub = Stub::start(Answers::Status(status)).await;
        let connection = connection_string(stub.port);
        let mut settings = QUICK.to_vec();
        settings.push(("Store", &connection));
        let host = start(&app, &settings).await;
        let invocation = ask(&host, function, &json!("dev-1")).await;
        if is_found {
            assert_eq!(value(&invocation), Some(json!("null")));
        } else {
            assert_failed(&invocation);
        }
        assert_eq!(stub.asked().len(), tries, "{status} {function}");
    }
}

#[tokio::test]
async fn a_silent_store_is_given_up_after_the_network_timeouts() {
    let app = app(&json!({}));
    let stub = Stub::start(Answers::Never).await;
    let connection = connection_string(stub.port);
    let mut settings = QUICK.to_vec();
    settings.push(("Store", &connection));
    let host = start(&app, &settings).await;
    assert_failed(&ask(&host, "T", &json!("dev-1")).await);
    assert_eq!(stub.asked().len(), 2);
    assert!(exceptions(&host).contains("Retry failed after 2 tries."));
}

#[tokio::test]
async fn function_timeout_strikes_while_a_store_is_silent_and_restarts_the_handler() {
    let app = app(&json!({"functionTimeout": "00:00:01"}));
    let stub = Stub::start(Answers::Never).await;
    let connection = connection_string(stub.port);
    let host = start(&app, &[("Store", &connection)]).await;
    let first = host.handler_pid();
    let invocation = ask(&host, "B", &json!("dev-1")).await;
    assert_failed(&invocation);
    let struck = |violation: &Violation| matches!(violation, Violation::FunctionTimeout { .. });
    assert!(invocation.violations.iter().any(struck));
    host.wait_until(|host| host.starts() == 2 && host.handler_pid().is_some())
        .await;
    assert_ne!(host.handler_pid(), first);
}

#[tokio::test]
async fn bindings_are_read_at_once_and_a_failure_waits_for_the_others() {
    let app = app(&json!({}));
    let named = |name: &str, connection: &str| {
        let binding = TABLE.replace(r#""name":"device""#, &format!(r#""name":"{name}""#));
        binding.replace(
            r#""connection":"Store""#,
            &format!(r#""connection":"{connection}""#),
        )
    };
    let three = [
        named("a", "Store"),
        named("b", "Store"),
        named("c", "Store"),
    ]
    .join(",");
    write(&app, "Three", &three);
    let bad_and_slow = [named("b", "NoSuch"), named("a", "Store")].join(",");
    write(&app, "BadAndSlow", &bad_and_slow);
    // The store answers only when it has been asked three times.
    let stub = Stub::start(Answers::Together(3)).await;
    let connection = connection_string(stub.port);
    let host = start(&app, &[("Store", &connection)]).await;
    let invocation = ask(&host, "Three", &json!("dev-1")).await;
    assert_eq!(invocation.response.status, 200);
    stub.asked();
    assert_failed(&ask(&host, "BadAndSlow", &json!("dev-1")).await);
    assert_eq!(stub.asked().len(), 1, "the slow one was not waited for");
    assert!(exceptions(&host).contains(
        "System.InvalidOperationException: Storage account connection string 'AzureWebJobsNoSuch' does not exist."
    ));
}

#[tokio::test]
async fn the_file_of_rows_stands_in_for_documents_and_queries() {
    let app = app(&json!({}));
    write(
        &app,
        "C",
        r#"{"type":"cosmosDB","direction":"in","name":"device","connection":"Db","databaseName":"fleet","containerName":"devices",
        "id":"{deviceRuntimeContext.registrationId}","partitionKey":"{deviceRuntimeContext.registrationId}"}"#,
    );
    write(
        &app,
        "S",
        r#"{"type":"sql","direction":"in","name":"device","commandText":"select Hub, Tag from dbo.Allocation where DeviceId=@id","commandType":"Text",
        "parameters":"@id={deviceRuntimeContext.registrationId}","connectionStringSetting":"Db"}"#,
    );
    write(
        &app,
        "NoContainer",
        r#"{"type":"cosmosDB","direction":"in","name":"device","connection":"Db","databaseName":"fleet","containerName":"nope","id":"x","partitionKey":"x"}"#,
    );
    write(
        &app,
        "NoTable",
        r#"{"type":"sql","direction":"in","name":"device","commandText":"select Hub from dbo.Nope","connectionStringSetting":"Db"}"#,
    );
    app.write(
        "rows.json",
        r#"{"cosmosDB":{"fleet/devices":[{"id":"dev-1","hub":"h1","apiKey":"s3cr3t-of-the-row"}]},
        "sql":{"dbo.Allocation":[{"DeviceId":"dev-1","Hub":"h1"},{"DeviceId":"dev-2","Hub":"a","Tag":"t"},{"DeviceId":"dev-2","Hub":"b"}]}}"#,
    );
    let host = options(&app, &[("Db", "Server=x")]).rows_file(app.path().join("rows.json"));
    let host = FunctionsHost::start(host).await.unwrap();
    let found = r#""{\"id\":\"dev-1\",\"hub\":\"h1\",\"apiKey\":\"s3cr3t-of-the-row\"}""#;
    for (function, id, expected) in [
        ("C", json!("dev-1"), Some(found)),
        ("C", json!("DEV-1"), Some("null")),
        ("C", json!("nobody"), Some("null")),
        ("C", json!("2026-09-01T10:15:30"), Some("null")),
        ("C", json!(null), None),
        ("C", json!(""), None),
        ("C", json!({}), None),
        ("NoContainer", json!("x"), Some("null")),
        (
            "S",
            json!("dev-1"),
            Some(r#""[{\"Hub\":\"h1\",\"Tag\":null}]""#),
        ),
        (
            "S",
            json!("DEV-1"),
            Some(r#""[{\"Hub\":\"h1\",\"Tag\":null}]""#),
        ),
        (
            "S",
            json!("dev-2"),
            Some(r#""[{\"Hub\":\"a\",\"Tag\":\"t\"},{\"Hub\":\"b\",\"Tag\":null}]""#),
        ),
        ("S", json!("nobody"), Some(r#""[]""#)),
        ("S", json!("null"), Some(r#""[]""#)),
        ("S", json!(null), Some(r#""[]""#)),
        ("S", json!(""), Some(r#""[]""#)),
        ("S", json!({}), Some(r#""[]""#)),
        ("S", json!("2026-09-01T10:15:30"), Some(r#""[]""#)),
        ("S", json!("a,@b=c"), Some(r#""[]""#)),
        ("S", json!("a=b"), None),
        ("NoTable", json!("x"), None),
    ] {
        let invocation = ask(&host, function, &id).await;
        assert_eq!(
            value(&invocation),
            expected.map(|text| json!(text)),
            "{function} {id}"
        );
        if expected.is_none() {
            assert_failed(&invocation);
        }
    }
    for function in ["C", "S"] {
        assert_failed(
            &send(
                &host,
                function,
                json!({"deviceRuntimeContext": {}}).to_string(),
            )
            .await,
        );
    }
    let told = exceptions(&host);
    assert!(told.contains("Not emulated: the file of rows has no table dbo.Nope; SQL Server says: Invalid object name 'dbo.Nope'."), "{told}");
    assert!(!format!("{:?}", host.log()).contains("s3cr3t-of-the-row"));
}

#[tokio::test]
async fn without_a_file_of_rows_it_is_said_how_to_name_one() {
    let app = app(&json!({}));
    write(
        &app,
        "S",
        r#"{"type":"sql","direction":"in","name":"device","commandText":"select 1 from t","connectionStringSetting":"Db"}"#,
    );
    let host = start(&app, &[("Db", "Server=x")]).await;
    assert_failed(&ask(&host, "S", &json!("x")).await);
    assert!(exceptions(&host).contains("Not emulated: sql comes from a file of rows, and none is named; name one with --rows-file FILE"));
    let missing = options(&app, &[]).rows_file("/no/such/rows.json");
    let error = FunctionsHost::start(missing).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the file of rows /no/such/rows.json cannot be used: "),
        "{error}"
    );
}

#[tokio::test]
async fn traps_are_told_at_the_start() {
    let app = common::App::new(&json!({}));
    write(
        &app,
        "T",
        &TABLE.replace(r#""take":1"#, r#""filter":"RowKey eq '{a.b}'""#),
    );
    write(
        &app,
        "Wrong",
        r#"{"type":"nosuch","direction":"in","name":"device"}"#,
    );
    let host = start(&app, &[]).await;
    let violations: Vec<String> = host.violations().iter().map(ToString::to_string).collect();
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(violations[0].starts_with(
        "function T, binding device: a dotted name in filter fails every request with 500"
    ));
    assert!(violations[1].starts_with("function T, host.json names no extensionBundle"));
    let warnings: Vec<String> = host.log().into_iter().map(|record| record.text).collect();
    assert!(
        warnings.contains(
            &"function T, binding device: take is not 1, so several rows can come".to_owned()
        ),
        "{warnings:?}"
    );
    assert_eq!(ask(&host, "Wrong", &json!("x")).await.response.status, 404);
}

/// A port that nobody listens on.
async fn test_port() -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    listener.local_addr().unwrap().port()
}
