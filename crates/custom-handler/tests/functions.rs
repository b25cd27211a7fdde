//! Functions with each kind of trigger in process: what comes back for what the host sends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::ServiceConfig;
use custom_handler::{
    Context, EventData, Functions, HttpResponse, HttpTrigger, MAX_ENVELOPE, Report,
};
use log::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Data {
    #[serde(deserialize_with = "custom_handler::decoded")]
    order: Value,
    #[serde(deserialize_with = "custom_handler::decoded")]
    count: u64,
}

#[derive(Serialize)]
struct Outputs {
    receipt: String,
}

async fn receive(data: Data, context: &Context<'_>) -> Result<Outputs, String> {
    context.log(format!("order {}", data.order));
    if data.count == 0 {
        return Err("there is nothing in it".to_owned());
    }
    let metadata = context.metadata.map_or("none", |metadata| metadata.get());
    Ok(Outputs {
        receipt: format!("{} {metadata}", context.invocation_id),
    })
}

async fn echo(
    trigger: &HttpTrigger<'_>,
    context: &Context<'_>,
) -> Result<HttpResponse<'static>, String> {
    let body = trigger.req.body().map_err(|error| error.to_string())?;
    let row = trigger.bindings.get("row").map(|row| row.get().to_owned());
    context.log(row.unwrap_or_default());
    Ok(HttpResponse::text(
        202,
        body.unwrap_or_default().into_owned(),
    ))
}

async fn count(batch: &[EventData<'_>]) -> Report {
    let mut report = Report::default();
    report.line(Level::Info, format!("{} events", batch.len()));
    if batch.len() == 1 {
        report.fail(1);
    }
    report
}

/// Sends an envelope, or what else `body` is; returns status and body.
async fn send(path: &str, body: impl Into<Vec<u8>>) -> (u16, String) {
    let held = "held".to_owned();
    let tick = async move |data: Tick, context: &Context<'_>| -> Result<(), String> {
        context.log(format!("{held}: {}", data.timer));
        Ok(())
    };
    let functions = Functions::new()
        .function("Tick", tick)
        .function("Receive", receive)
        .http("Echo", echo)
        .event_hub("Count", count);
    let configure = |config: &mut ServiceConfig| functions.configure(config);
    let app = init_service(App::new().configure(configure)).await;
    let request = TestRequest::post()
        .uri(path)
        .insert_header(("X-Azure-Functions-InvocationId", "id"))
        .set_payload(body.into());
    let response = call_service(&app, request.to_request()).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[track_caller]
fn check((status, body): (u16, String), expected: &Value) {
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body), (200, expected));
}

#[actix_web::test]
async fn any_trigger_becomes_the_handler_s_data_and_its_outputs_the_answer() {
    let envelope = json!({"Data": {"order": "{\"n\":7}", "count": "1"}, "Metadata": {"a": 1}});
    check(
        send("/Receive", envelope.to_string()).await,
        &json!({"Outputs": {"receipt": "id {\"a\":1}"}, "Logs": ["order {\"n\":7}"], "ReturnValue": null}),
    );
}

#[actix_web::test]
async fn an_http_trigger_comes_with_the_other_bindings_and_answers_itself() {
    let envelope =
        json!({"Data": {"req": {"Body": "hi"}, "row": {"a": 1}}, "Metadata": {}}).to_string();
    check(
        send("/Echo", envelope).await,
        &json!({
            "Outputs": {"res": {"statusCode": 202, "headers": {"Content-Type": "text/plain"}, "body": "hi"}},
            "Logs": ["{\"a\":1}"],
            "ReturnValue": null,
        }),
    );
}

#[derive(Deserialize)]
struct Tick {
    #[serde(deserialize_with = "custom_handler::decoded")]
    timer: Value,
}

#[actix_web::test]
async fn a_handler_may_hold_something_and_have_no_outputs() {
    for timer in [json!({"IsPastDue": true}), json!("{\"IsPastDue\":true}")] {
        let envelope = json!({"Data": {"timer": timer}, "Metadata": {}});
        check(
            send("/Tick", envelope.to_string()).await,
            &json!({"Outputs": null, "Logs": ["held: {\"IsPastDue\":true}"], "ReturnValue": null}),
        );
    }
}

#[actix_web::test]
async fn a_batch_is_done_or_comes_again() {
    let batch = |events: &str| json!({"Data": {"events": events}, "Metadata": {}}).to_string();
    check(
        send("/Count", batch("[1,2]")).await,
        &json!({"Outputs": {}, "Logs": ["2 events"], "ReturnValue": null}),
    );
    let again = "The batch has to come again; without a retry policy its events are lost.";
    assert_eq!(send("/Count", batch("[1]")).await, (503, again.to_owned()));
}

#[actix_web::test]
async fn what_fails_is_no_2xx_and_tells_nothing() {
    let failed = (500, "The function failed; its log says why.".to_owned());
    let empty = json!({"Data": {"order": "1", "count": "0"}, "Metadata": {}}).to_string();
    assert_eq!(send("/Receive", empty).await, failed);
    let no_text = json!({"Data": {"req": {"Headers": {"Content-Type": ["application/octet-stream"]}, "Body": "?"}}});
    assert_eq!(send("/Echo", no_text.to_string()).await, failed);
}

#[actix_web::test]
async fn what_no_host_sends_is_refused_with_a_reason() {
    for (path, body, expected) in [
        (
            "/Receive",
            "{",
            "Receive takes the envelope of the Functions host: the invocation is not JSON (line 1, column 1).",
        ),
        (
            "/Echo",
            "{}",
            "Echo takes the envelope of the Functions host: the invocation lacks a member that the host always sends, or has one twice or of another type (line 1, column 2).",
        ),
        (
            "/Count",
            r#"{"Data":{"events":"1"}}"#,
            "Count takes a batch of events from the Functions host: the trigger hands over no batch of events: its function.json needs \"cardinality\": \"many\", as the metadata of an event that comes alone can be forged by its sender.",
        ),
    ] {
        assert_eq!(send(path, body).await, (400, expected.to_owned()));
    }
    let large = vec![b' '; MAX_ENVELOPE + 1];
    for (path, expected) in [
        (
            "/Receive",
            "Receive reads invocations of up to 33554432 bytes.",
        ),
        ("/Count", "Count reads batches of up to 33554432 bytes."),
    ] {
        assert_eq!(send(path, large.clone()).await, (413, expected.to_owned()));
    }
}
