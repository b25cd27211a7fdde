//! Every route in process, without a host: which status, type and bytes come back for which bytes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use actix_web::http::{Method, StatusCode};
use actix_web::{App, test};
use allocation::policy::File;
use allocation::webhook::{MAX_ENVELOPE, MAX_REQUEST};
use custom_allocation::functions;
use serde_json::{Value, json};
use test_support::tutorial::POLICY;

/// The tutorial's policy.
fn policy() -> File {
    File::parse(POLICY.as_bytes()).unwrap()
}

const REQUEST: &str = include_str!("../fixtures/dps/group_reregistration_with_payload.json");
const ENVELOPE: &str = include_str!("../fixtures/host/http_dps_group.json");
const RESPONSE: &str = r#"{"iotHubHostName":"contoso-toasters-hub-1098.azure-devices.net","initialTwin":{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}}"#;

struct Response {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Response {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

async fn send(method: Method, path: &str, body: impl Into<Vec<u8>>) -> Response {
    let app = test::init_service(App::new().configure(functions::routes(policy()))).await;
    let request = test::TestRequest::default()
        .method(method)
        .uri(path)
        .set_payload(body.into());
    let response = test::call_service(&app, request.to_request()).await;
    let content_type = response.headers().get("content-type");
    Response {
        status: response.status().as_u16(),
        content_type: content_type
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        body: test::read_body(response).await.to_vec(),
    }
}

/// What the caller of the function gets, from a request that the host has wrapped.
struct Unwrapped {
    status: u64,
    content_type: String,
    body: String,
    logs: Vec<String>,
}

async fn invoke(req: Value) -> Unwrapped {
    let envelope = json!({"Data": {"req": req}, "Metadata": {}});
    let response = send(Method::POST, "/HttpTrigger1", envelope.to_string()).await;
    assert_eq!(
        (response.status, response.content_type.as_str()),
        (200, "application/json")
    );
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(answer["ReturnValue"], Value::Null);
    let res = &answer["Outputs"]["res"];
    Unwrapped {
        status: res["statusCode"].as_u64().unwrap(),
        content_type: res["headers"]["Content-Type"].as_str().unwrap().to_owned(),
        body: res["body"].as_str().unwrap().to_owned(),
        logs: serde_json::from_value(answer["Logs"].clone()).unwrap(),
    }
}

/// Sends a body to both routes, which must refuse it in the same words.
async fn refused(body: &str, expected: &str) {
    let unwrapped = invoke(json!({"Body": body})).await;
    assert_eq!(
        (unwrapped.status, unwrapped.content_type.as_str()),
        (400, "text/plain")
    );
    assert_eq!(unwrapped.body, expected);
    assert_eq!(unwrapped.logs.last().unwrap(), expected);
    let plain = send(Method::POST, "/api/HttpTrigger1", body).await;
    assert_eq!(
        (plain.status, plain.content_type.as_str()),
        (400, "text/plain; charset=utf-8")
    );
    assert_eq!(plain.text(), expected);
}

#[actix_web::test]
async fn the_root_answers_the_host_s_question_whether_we_are_ready() {
    let response = send(Method::GET, "/", "").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.text(), "The custom handler is ready.");
}

#[actix_web::test]
async fn other_paths_and_methods_are_none_of_ours() {
    for path in [
        "/HttpTrigger2",
        "/httptrigger1",
        "/api",
        "/api/HttpTrigger1/x",
        "/HttpTrigger1/",
    ] {
        let response = send(Method::POST, path, REQUEST).await;
        assert_eq!(response.status, 404, "{path}");
        assert_eq!(
            response.text(),
            "There is nothing here. The function is at POST /HttpTrigger1."
        );
    }
    for path in ["/HttpTrigger1", "/api/HttpTrigger1"] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            assert_eq!(
                send(method, path, REQUEST).await.status,
                StatusCode::METHOD_NOT_ALLOWED.as_u16()
            );
        }
    }
}

#[actix_web::test]
async fn an_envelope_gets_an_answer_for_the_host() {
    let response = send(Method::POST, "/HttpTrigger1", ENVELOPE).await;
    assert_eq!(
        (response.status, response.content_type.as_str()),
        (200, "application/json")
    );
    let envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
    let body = r#"{"iotHubHostName":"custom-allocation-toasters-hub.azure-devices.net","initialTwin":{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}}"#;
    assert_eq!(
        response.text(),
        format!(
            r#"{{"Outputs":{{"res":{{"statusCode":200,"headers":{{"Content-Type":"application/json"}},"body":{}}}}},"Logs":["Request.Body:...",{},"toaster assigned to custom-allocation-toasters-hub.azure-devices.net","Response",{}],"ReturnValue":null}}"#,
            Value::from(body),
            envelope["Data"]["req"]["Body"],
            Value::from(body),
        )
    );
}

#[actix_web::test]
async fn a_request_without_an_envelope_gets_the_plain_answer() {
    let response = send(Method::POST, "/api/HttpTrigger1", REQUEST).await;
    assert_eq!(
        (response.status, response.content_type.as_str()),
        (200, "application/json; charset=utf-8")
    );
    assert_eq!(response.text(), RESPONSE);
}

#[actix_web::test]
async fn the_body_may_be_base64_and_have_a_byte_order_mark() {
    let octets = json!({
        "Headers": {"content-type": ["application/octet-stream"]},
        "Body": "77u/eyJkZXZpY2VSdW50aW1lQ29udGV4dCI6eyJyZWdpc3RyYXRpb25JZCI6ImEtY29udG9zby1ocHNkLTA4OCJ9LCJsaW5rZWRIdWJzIjpbImEtaGVhdHB1bXBzLWIiXX0=",
    });
    let unwrapped = invoke(octets).await;
    assert_eq!(unwrapped.status, 200);
    assert_eq!(
        unwrapped.body,
        r#"{"iotHubHostName":"a-heatpumps-b","initialTwin":{"properties":{"desired":{"state":"on","temperatureSetting":"65"}},"tags":{"deviceType":"heatpump"}}}"#
    );
    let plain = send(
        Method::POST,
        "/api/HttpTrigger1",
        format!("\u{feff}{REQUEST}"),
    )
    .await;
    assert_eq!(plain.text(), RESPONSE);
}

#[actix_web::test]
async fn metadata_is_not_trusted() {
    let envelope = json!({
        "Data": {"req": {"Body": r#"{"deviceRuntimeContext":{"registrationId":"stranger"},"linkedHubs":[]}"#}},
        "Metadata": {
            "deviceRuntimeContext": {"registrationId": "a-contoso-tstrsd-007"},
            "linkedHubs": ["a-toasters-b"],
            "Headers": {"Content-Type": "application/octet-stream"},
        },
    });
    let response = send(Method::POST, "/HttpTrigger1", envelope.to_string()).await;
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(
        answer["Outputs"]["res"]["body"],
        "Unrecognized device registration."
    );
}

#[actix_web::test]
async fn the_tutorial_s_five_refusals_are_answered_in_its_words() {
    let device = |id: &str| {
        format!(r#"{{"deviceRuntimeContext":{{"registrationId":"{id}"}},"linkedHubs":["a"]}}"#)
    };
    refused("{}", "Registration ID not provided for the device.").await;
    refused(
        r#"{"deviceRuntimeContext":{"registrationId":null},"linkedHubs":[]}"#,
        "Registration ID not provided for the device.",
    )
    .await;
    refused(
        r#"{"deviceRuntimeContext":{"registrationId":"a-contoso-tstrsd-007"}}"#,
        "No hub group defined for the enrollment.",
    )
    .await;
    refused(
        &device("a-contoso-tstrsd-007"),
        "No toasters hub found for the enrollment.",
    )
    .await;
    refused(
        &device("a-contoso-hpsd-088"),
        "No heat pumps hub found for the enrollment.",
    )
    .await;
    refused(&device("stranger"), "Unrecognized device registration.").await;
}

#[actix_web::test]
async fn whatever_else_is_wrong_with_a_request_is_told_with_its_place() {
    let not = "The request body is no AllocationRequest: ";
    let context = |context: &str| {
        format!(r#"{{"deviceRuntimeContext":{context},"linkedHubs":["a-toasters-b"]}}"#)
    };
    let hubs = |hubs: &str| {
        format!(
            r#"{{"deviceRuntimeContext":{{"registrationId":"a-contoso-tstrsd-007"}},"linkedHubs":{hubs}}}"#
        )
    };
    let deep = format!(
        r#"{{"payload":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (body, expected) in [
        (
            "hello".to_owned(),
            "it is not JSON (expected value at line 1 column 1).",
        ),
        (
            r#"{"a":1"#.to_owned(),
            "it is not JSON (EOF while parsing an object at line 1 column 6).",
        ),
        (
            format!("{REQUEST}x"),
            "it is not JSON (trailing characters at line 2 column 1).",
        ),
        ("[]".to_owned(), "it must be an object, and is an array."),
        ("null".to_owned(), "it must be an object, and is null."),
        (
            context("[]"),
            "deviceRuntimeContext must be an object, and is an array.",
        ),
        (
            context(r#"{"registrationId":7}"#),
            "deviceRuntimeContext.registrationId must be a string, and is a number.",
        ),
        (
            context(&deep),
            "deviceRuntimeContext is nested more than 128 levels deep.",
        ),
        (
            hubs(r#""a-toasters-b""#),
            "linkedHubs must be an array of host names, and is a string.",
        ),
        (
            hubs("[null]"),
            "linkedHubs[0] must be a string, and is null.",
        ),
        (
            hubs(r#"["a-toasters-b",5]"#),
            "linkedHubs[1] must be a string, and is a number.",
        ),
    ] {
        refused(&body, &format!("{not}{expected}")).await;
    }
}

#[actix_web::test]
async fn a_request_without_a_body_hears_how_bodies_get_lost() {
    let expected = "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the body of a chunked request.";
    refused("", expected).await;
    for req in [json!({}), json!({"Body": null})] {
        let unwrapped = invoke(req).await;
        assert_eq!((unwrapped.status, unwrapped.body.as_str()), (400, expected));
    }
}

#[actix_web::test]
async fn bytes_that_are_no_text_are_refused() {
    let plain = send(
        Method::POST,
        "/api/HttpTrigger1",
        b"{\"a\":\"\xff\"}".to_vec(),
    )
    .await;
    assert_eq!(plain.status, 400);
    assert_eq!(
        plain.text(),
        "The request body can't be read: it is not UTF-8 at byte 6."
    );
    for (base64, expected) in [
        (
            "eyJhIjoi/yJ9",
            "The request body can't be read: it is not UTF-8 at byte 6.",
        ),
        (
            "[]",
            "The request body can't be read: it has a binary Content-Type, and is not base64.",
        ),
    ] {
        let unwrapped =
            invoke(json!({"Headers": {"Content-Type": ["multipart/mixed"]}, "Body": base64})).await;
        assert_eq!((unwrapped.status, unwrapped.body.as_str()), (400, expected));
    }
}

/// A request that is served, blown up to `length` bytes by the device's payload.
fn request_of(length: usize) -> String {
    let with_payload = |payload: &str| {
        format!(
            r#"{{"deviceRuntimeContext":{{"registrationId":"a-contoso-tstrsd-007","payload":"{payload}"}},"linkedHubs":["a-toasters-b"]}}"#
        )
    };
    let payload = "x".repeat(length - with_payload("").len());
    with_payload(&payload)
}

#[actix_web::test]
async fn a_request_of_one_mebibyte_is_served_and_a_larger_one_is_refused() {
    assert_eq!(MAX_REQUEST, 1024 * 1024);
    let too_large = "The request body is too large: HttpTrigger1 serves up to 1048576 bytes.";
    let request = request_of(MAX_REQUEST);
    assert_eq!(invoke(json!({"Body": request})).await.status, 200);
    assert_eq!(
        send(Method::POST, "/api/HttpTrigger1", request)
            .await
            .status,
        200
    );

    let request = request_of(MAX_REQUEST + 1);
    let unwrapped = invoke(json!({"Body": request})).await;
    assert_eq!(
        (unwrapped.status, unwrapped.body.as_str()),
        (413, too_large)
    );
    let plain = send(Method::POST, "/api/HttpTrigger1", request).await;
    assert_eq!((plain.status, plain.text()), (413, too_large));
}

#[actix_web::test]
async fn an_envelope_beyond_the_limit_is_refused_in_an_envelope() {
    let unwrapped = invoke(json!({"Body": "x".repeat(MAX_ENVELOPE)})).await;
    assert_eq!(unwrapped.status, 413);
    assert_eq!(
        unwrapped.body,
        "The request body is too large: HttpTrigger1 serves up to 1048576 bytes."
    );
    assert_eq!(unwrapped.content_type, "text/plain");
}

#[actix_web::test]
async fn a_malformed_envelope_is_no_success() {
    for (envelope, expected) in [
        ("", "is not JSON (line 1, column 0)"),
        ("{\"Data\":{\"req\":{}}", "is not JSON (line 1, column 18)"),
        (
            "{}",
            "lacks a member that the host always sends, or has one twice or of another type (line 1, column 2)",
        ),
        (
            r#"{"Data":{"events":"[]"}}"#,
            "lacks `req`: the function's function.json must have a binding of that name",
        ),
        (
            r#"{"Data":{"req":["","","","","","","{}"]}}"#,
            "lacks a member that the host always sends, or has one twice or of another type (line 1, column 15)",
        ),
        (
            r#"{"Data":{"req":{"Body":{"s3cr3t":1}}}}"#,
            "lacks a member that the host always sends, or has one twice or of another type (line 1, column 23)",
        ),
    ] {
        let response = send(Method::POST, "/HttpTrigger1", envelope).await;
        assert_eq!(
            (response.status, response.content_type.as_str()),
            (400, "text/plain; charset=utf-8")
        );
        assert_eq!(
            response.text(),
            format!(
                "HttpTrigger1 takes the envelope of the Functions host: the invocation {expected}."
            )
        );
    }
}

#[actix_web::test]
async fn the_log_shows_the_request_without_its_secrets() {
    let request = json!({
        "individualEnrollment": {
            "attestation": {
                "tpm": {"endorsementKey": "s3cr3t", "storageRootKey": "s3cr3t"},
                "x509": {"clientCertificates": {"primary": {"certificate": "s3cr3t"}}},
                "symmetricKey": {"primaryKey": "s3cr3t", "secondaryKey": "s3cr3t"},
            },
            "customAllocationDefinition": {"webhookUrl": "https://a/api/HttpTrigger1?code=s3cr3t"},
        },
        "deviceRuntimeContext": {
            "registrationId": "a-contoso-tstrsd-007",
            "tpm": {"endorsementKey": "s3cr3t"},
            "x509": {"clientCertificate": "s3cr3t"},
            "payload": {"version": "12.0.2.5"},
        },
        "linkedHubs": ["a-toasters-b"],
    });
    let req = json!({
        "Url": "https://a/api/HttpTrigger1?code=s3cr3t",
        "Query": {"code": "s3cr3t"},
        "Headers": {"x-functions-key": ["s3cr3t"]},
        "Body": request.to_string(),
    });
    let unwrapped = invoke(req).await;
    assert_eq!(unwrapped.status, 200);
    let log = unwrapped.logs.join("\n");
    assert!(!log.contains("s3cr3t"), "{log}");
    assert!(log.contains("12.0.2.5"), "{log}");
    assert!(log.contains("https://a/api/HttpTrigger1?****"), "{log}");
}

#[actix_web::test]
async fn the_log_tells_how_large_a_request_is_that_it_does_not_show() {
    let shown = async |req: Value| invoke(req).await.logs[1].clone();
    assert_eq!(shown(json!({})).await, "(not read)");
    assert_eq!(
        shown(json!({"Body": "x".repeat(MAX_REQUEST + 1)})).await,
        "(1048577 bytes, not shown)"
    );
    assert_eq!(
        shown(json!({"Body": "x".repeat(MAX_ENVELOPE)})).await,
        "(not read)"
    );
}

#[actix_web::test]
async fn the_log_of_a_long_response_is_cut_and_the_response_is_not() {
    let hub = format!("a-toasters-{}", "b".repeat(10_000));
    let request = json!({"deviceRuntimeContext": {"registrationId": "a-contoso-tstrsd-007"}, "linkedHubs": [hub]});
    let unwrapped = invoke(json!({"Body": request.to_string()})).await;
    assert!(unwrapped.body.contains(&hub));
    assert_eq!(unwrapped.logs[4], format!("{}…", &unwrapped.body[..4096]));
}

#[actix_web::test]
async fn the_plain_route_takes_any_case_as_the_host_does() {
    for path in ["/api/httptrigger1", "/api/HTTPTRIGGER1"] {
        assert_eq!(send(Method::POST, path, REQUEST).await.text(), RESPONSE);
    }
}

#[actix_web::test]
async fn the_log_shows_a_request_of_wrong_types_with_its_secrets_masked() {
    let request = r#"{"linkedHubs":5,"primaryKey":"s3cr3t"}"#;
    let unwrapped = invoke(json!({"Body": request})).await;
    assert_eq!(unwrapped.status, 400);
    assert_eq!(unwrapped.logs[1], r#"{"linkedHubs":5,"primaryKey":"****"}"#);
}

#[actix_web::test]
async fn the_log_shows_nothing_of_a_request_that_is_not_json() {
    let unwrapped = invoke(json!({"Body": r#"{"endorsementKey":"s3cr3t"#})).await;
    assert_eq!(unwrapped.status, 400);
    assert_eq!(unwrapped.logs[1], "(25 bytes, not shown)");
    assert!(!unwrapped.logs.concat().contains("s3cr3t"));
}

#[actix_web::test]
async fn the_log_of_a_long_request_is_cut() {
    let unwrapped = invoke(json!({"Body": request_of(100_000)})).await;
    let shown = unwrapped.logs[1].strip_suffix('…').unwrap();
    assert_eq!(shown.len(), 4096);
    assert!(
        shown.starts_with(r#"{"deviceRuntimeContext":{"registrationId":"a-contoso-tstrsd-007""#)
    );
}

#[actix_web::test]
async fn a_device_cannot_break_a_line_of_the_log() {
    let id = format!("a-contoso-tstrsd-007\n{}", "é".repeat(1000));
    let request =
        json!({"deviceRuntimeContext": {"registrationId": id}, "linkedHubs": ["a-toasters-\nb"]});
    let unwrapped = invoke(json!({"Body": request.to_string()})).await;
    assert_eq!(unwrapped.logs[2], r"toaster assigned to a-toasters-\nb");
}
