use super::*;

const GUID: &str = "5f0a7d7e-6c0e-4b57-9d3f-2f6d1f4d7a10";

fn envelope(
    function_name: &str,
    request: &HttpRequest,
    route_values: &[(String, Option<String>)],
    identity: &Identity,
) -> String {
    HttpInvocation {
        function_name,
        trigger_name: "req",
        request,
        route_values,
        inputs: Vec::new(),
        identity,
        utc_now: NetDateTime::parse("2026-09-01T10:15:30.1234567Z").unwrap(),
        rand_guid: GUID.to_owned(),
        is_behind_app_service: true,
        retry: None,
    }
    .to_envelope()
}

/// The body that a derived fixture carries, taken out of it.
fn body_of(fixture: &str) -> String {
    let envelope: serde_json::Value = serde_json::from_str(fixture).unwrap();
    envelope["Data"]["req"]["Body"].as_str().unwrap().to_owned()
}

fn metadata(request: &HttpRequest) -> serde_json::Value {
    let text = envelope("HttpTrigger1", request, &[], &Identity::Anonymous);
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["Metadata"].clone()
}

fn post(body: &str) -> HttpRequest {
    let mut request = HttpRequest::post("/api/HttpTrigger1").body(body);
    request.complete();
    request
}

#[test]
fn a_dps_call_is_the_fixture_byte_for_byte() {
    let fixture = include_str!("../../../../../fixtures/host/http_dps_group.json");
    let request = HttpRequest::post("/api/HttpTrigger1?code=s3cr3t%3D%3D")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        )
        .header("X-Forwarded-Proto", "https")
        .header("accept", "application/json")
        .header("content-type", "application/json; charset=utf-8")
        .header("host", "contoso.azurewebsites.net")
        .header("content-length", "893")
        .body(body_of(fixture));
    let identity = Identity::FunctionKey {
        name: "default".to_owned(),
    };
    assert_eq!(envelope("HttpTrigger1", &request, &[], &identity), fixture);
}

#[test]
fn scalars_and_collisions_are_the_fixture_byte_for_byte() {
    let fixture = include_str!("../../../../../fixtures/host/http_scalars.json");
    let request = HttpRequest::post("/api/HttpTrigger1?count=7&a=1&a=2")
        .header("Host", "localhost:7071")
        .header("User-Agent", "curl/8.5.0")
        .header("Accept", "*/*")
        .header("Content-Type", "application/json")
        .header("Content-Length", "195")
        .body(body_of(fixture));
    assert_eq!(
        envelope("HttpTrigger1", &request, &[], &Identity::CoreTools),
        fixture
    );
}

#[test]
fn a_get_with_route_values_is_the_fixture_byte_for_byte() {
    let fixture = include_str!("../../../../../fixtures/host/http_get.json");
    let request = HttpRequest::get("/api/items/42?q=a%20b")
        .header("Host", "localhost:7071")
        .header("User-Agent", "curl/8.5.0")
        .header("Accept", "*/*");
    let route_values = [
        ("id".to_owned(), Some("42".to_owned())),
        ("opt".to_owned(), None),
    ];
    assert_eq!(
        envelope("Items", &request, &route_values, &Identity::Anonymous),
        fixture
    );
}

#[test]
fn bytes_are_the_fixture_byte_for_byte() {
    let fixture = include_str!("../../../../../fixtures/host/http_octet.json");
    let mut request = HttpRequest::post("/api/HttpTrigger1")
        .header("Host", "localhost:7071")
        .header("User-Agent", "curl/8.5.0")
        .header("Accept", "*/*")
        .header("Content-Type", "application/octet-stream")
        .body([0, 1, 2, 255]);
    request.complete();
    assert_eq!(
        envelope("HttpTrigger1", &request, &[], &Identity::Anonymous),
        fixture
    );
}

#[test]
fn a_chunked_request_loses_its_body() {
    let mut request = HttpRequest::post("/api/HttpTrigger1")
        .chunked()
        .body(r#"{"a":"b"}"#);
    request.complete();
    let text = envelope("HttpTrigger1", &request, &[], &Identity::Anonymous);
    assert!(
        !text.contains("Body") && !text.contains(r#""a":"#),
        "{text}"
    );
}

#[test]
fn a_body_that_cannot_be_read_gives_no_metadata() {
    let deep = format!(r#"{{"a":1,"b":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    for body in [
        &deep,
        r#"{"a":1"#,
        r#"{"a":1}{}"#,
        r#"[{"a":1}]"#,
        "{a}",
        "a",
        "{",
    ] {
        assert!(metadata(&post(body)).get("a").is_none(), "{body}");
    }
    assert!(
        metadata(&post(&deep.replacen('[', "", 1).replacen(']', "", 1)))
            .get("a")
            .is_some()
    );
}

#[test]
fn metadata_names_are_the_same_in_any_case() {
    let metadata = metadata(&post(
        r#"{"Count":1,"COUNT":2,"headers":"mine","sys":{"a":1},"req":"mine","HTTPTRIGGER":1}"#,
    ));
    assert_eq!(metadata["Count"], "\"2\"");
    assert_eq!(metadata["headers"], "\"mine\"");
    assert_eq!(metadata["sys"], serde_json::json!({"a": 1}));
    assert_eq!(metadata["$sys"]["MethodName"], "HttpTrigger1");
    for hidden in ["COUNT", "Headers", "req", "HTTPTRIGGER"] {
        assert!(metadata.get(hidden).is_none(), "{hidden}");
    }
}

#[test]
fn a_retry_policy_ends_the_metadata() {
    let request = post("{}");
    let invocation = HttpInvocation {
        function_name: "HttpTrigger1",
        trigger_name: "req",
        request: &request,
        route_values: &[],
        inputs: Vec::new(),
        identity: &Identity::Anonymous,
        utc_now: NetDateTime::parse("2026-09-01T10:15:30Z").unwrap(),
        rand_guid: GUID.to_owned(),
        is_behind_app_service: true,
        retry: Some(retry_context(0, 3, None)),
    };
    let tail = r#","RetryContext":{"RetryCount":0,"MaxRetryCount":3,"Exception":null,"Instance":null,"State":{}}}}"#;
    assert!(invocation.to_envelope().ends_with(tail));
}
