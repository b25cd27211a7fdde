//! The webhook over a policy of a few letters: what becomes of each decision, in an envelope and
//! without one, and what the logs say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::{Mutex, Once};

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use allocation::policy::File;
use allocation::{AllocationRequest, AsyncPolicy, Decision, Request, webhook};
use custom_handler::InputBindings;
use log::{Level, LevelFilter, Log, Metadata, Record};
use serde_json::{Value, json};

/// Keeps every line of the process's log.
struct Lines(Mutex<Vec<String>>);

static LINES: Lines = Lines(Mutex::new(Vec::new()));
static LOG: Once = Once::new();

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}", record.level(), record.args());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

/// The lines of the process's log with this invocation id.
fn lines(id: &str) -> Vec<String> {
    let lines = LINES.0.lock().unwrap();
    let of_invocation = lines.iter().filter(|line| line.contains(id));
    of_invocation.map(|line| line.replace(id, "ID")).collect()
}

/// Decides by the first letter of the registration id.
fn letters(request: &Request<'_>) -> Decision {
    let hub = request.hub(|_| true).unwrap();
    let decision = match request.registration_id() {
        "a" => Decision::assign("A", hub).tag("letter", "a"),
        "b" => Decision::refuse("B is refused."),
        "c" => Decision::refuse("C is refused.").log_line("c: no"),
        "d" => Decision::retry("D may come again."),
        "e" => Decision::retry("E may come again.")
            .level(Level::Error)
            .log_line("e: broken"),
        "f" => Decision::fail("f: a mistake"),
        "g" => {
            let other = r#"{"deviceRuntimeContext":{"registrationId":"g"},"linkedHubs":["other"]}"#;
            let other = AllocationRequest::parse(other).unwrap();
            let other = Request::new(other, InputBindings::default()).unwrap();
            Decision::assign("G", other.hub(|_| true).unwrap())
        }
        _ => match request.binding("row") {
            Some(row) => Decision::assign("row", hub).desired("row", row.get()),
            None => Decision::refuse("There is no row."),
        },
    };
    decision.explain(["because".to_owned()])
}

/// [`letters`], after a while.
struct Slowly;

impl AsyncPolicy for Slowly {
    async fn decide(&self, request: &Request<'_>) -> Decision {
        actix_web::rt::task::yield_now().await;
        letters(request)
    }
}

/// Status and body of an answer.
async fn post(policy: impl AsyncPolicy, path: &str, id: &str, body: String) -> (u16, String) {
    LOG.call_once(|| {
        log::set_logger(&LINES).unwrap();
        log::set_max_level(LevelFilter::Debug);
    });
    let app = init_service(App::new().configure(webhook::routes("F", policy))).await;
    let request = TestRequest::post()
        .uri(path)
        .insert_header(("X-Azure-Functions-InvocationId", id))
        .set_payload(body);
    let response = call_service(&app, request.to_request()).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn request(letter: &str) -> String {
    json!({"deviceRuntimeContext": {"registrationId": letter}, "linkedHubs": ["hub"]}).to_string()
}

fn envelope(letter: &str) -> String {
    json!({"Data": {"req": {"Body": request(letter)}, "row": {"n": 1}}, "Metadata": {}}).to_string()
}

#[actix_web::test]
async fn every_decision_has_its_status_its_sentence_and_its_line() {
    let assigned = r#"{"iotHubHostName":"hub","initialTwin":{"tags":{"letter":"a"}}}"#;
    let failed = "The function failed; its log says why.";
    for (letter, status, body, decision, level) in [
        ("a", 200, assigned, "A assigned to hub", "INFO"),
        ("b", 400, "B is refused.", "B is refused.", "INFO"),
        ("c", 400, "C is refused.", "c: no", "INFO"),
        ("d", 503, "D may come again.", "D may come again.", "WARN"),
        ("e", 503, "E may come again.", "e: broken", "ERROR"),
        ("f", 500, failed, "f: a mistake", "ERROR"),
        (
            "g",
            500,
            failed,
            "the policy's hub is not linked to the request",
            "ERROR",
        ),
    ] {
        let line = format!("{level} F ID {letter}: {status} {decision}");
        let explained = if letter == "g" {
            vec![]
        } else {
            vec!["because"]
        };
        for slowly in [false, true] {
            let id = format!("<{letter}-{slowly}>");
            let path = "/F";
            let (http_status, answer) = if slowly {
                post(Slowly, path, &id, envelope(letter)).await
            } else {
                post(letters, path, &id, envelope(letter)).await
            };
            assert_eq!(http_status, 200, "{answer}");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let res = &answer["Outputs"]["res"];
            assert_eq!(
                (&res["statusCode"], &res["body"]),
                (&json!(status), &json!(body))
            );
            let logs: Vec<String> = serde_json::from_value(answer["Logs"].clone()).unwrap();
            let request = request(letter);
            let mut expected = vec!["Request.Body:...", &request, decision];
            expected.extend(&explained);
            expected.extend(["Response", body]);
            assert_eq!(logs, expected);
            assert_eq!(lines(&id), std::slice::from_ref(&line));
        }

        // Without an envelope the process's log is all there is.
        let id = format!("<{letter}-plain>");
        let plain = post(letters, "/api/f", &id, request(letter)).await;
        assert_eq!(plain, (status, body.to_owned()));
        let explained = explained.iter().map(|why| format!("DEBUG F ID {why}"));
        let expected: Vec<_> = explained.chain([line]).collect();
        assert_eq!(lines(&id), expected);
    }
}

#[actix_web::test]
async fn a_row_that_can_t_be_had_is_an_error_in_the_log() {
    let policy = |id: &str| {
        let policy = json!({
            "version": 1,
            "rows": {"r": {"binding": id, "verify": {"n": "{registrationId}"}}},
            "rules": [{"name": "all", "hub": "{rows.r.hub}"}],
        });
        File::parse(policy.to_string().as_bytes()).unwrap()
    };
    let absent =
        "The row \"r\" did not come with the request: its binding is missing from function.json.";
    for (binding, row, sentence) in [
        ("other", json!({}), absent),
        (
            "row",
            json!([{}, {}]),
            "There is more than one row \"r\" for the device.",
        ),
        (
            "row",
            json!("no JSON"),
            "The row \"r\" is not a JSON object.",
        ),
        (
            "row",
            json!({"n": "b"}),
            "The row \"r\" is not the device's own.",
        ),
    ] {
        let id = format!("<row-{}>", sentence.len());
        let envelope = json!({"Data": {"req": {"Body": request("a")}, "row": row}, "Metadata": {}});
        let (_, answer) = post(policy(binding), "/F", &id, envelope.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let res = &answer["Outputs"]["res"];
        assert_eq!(
            (&res["statusCode"], &res["body"]),
            (&json!(503), &json!(sentence))
        );
        let of_process: Vec<String> = lines(&id)
            .into_iter()
            .filter(|line| !line.starts_with("DEBUG"))
            .collect();
        assert_eq!(of_process, [format!("ERROR F ID a: 503 {sentence}")]);
    }
}

#[actix_web::test]
async fn members_of_the_answer_are_in_the_file_s_order() {
    for (members, expected) in [
        (
            r#""hub":{},"payload":{"z":1,"a":2},"initialTwin":{"tags":{"z":1,"a":2},"properties":{}}"#,
            r#"{"iotHubHostName":"hub","payload":{"z":1,"a":2},"initialTwin":{"tags":{"z":1,"a":2},"properties":{}}}"#,
        ),
        (
            r#""initialTwin":{"properties":{},"tags":{}},"payload":{},"hub":{}"#,
            r#"{"iotHubHostName":"hub","initialTwin":{"properties":{},"tags":{}},"payload":{}}"#,
        ),
        (
            r#""payload":"{payload?}","initialTwin":{},"hub":{}"#,
            r#"{"iotHubHostName":"hub","initialTwin":{}}"#,
        ),
    ] {
        let file = format!(r#"{{"version":1,"rules":[{{"name":"all",{members}}}]}}"#);
        let file = File::parse(file.as_bytes()).unwrap();
        let (status, body) = post(file, "/api/F", "<order>", request("a")).await;
        assert_eq!((status, &*body), (200, expected), "{members}");
    }
}

#[actix_web::test]
async fn a_payload_that_is_text_with_an_object_is_that_object_and_shows_no_secret() {
    let file = json!({
        "version": 1,
        "rules": [{"name": "all", "when": {"payload.modelId": "m"}, "hub": {}, "payload": "{payload}"}],
        "otherwise": {"refuse": "No."},
    });
    let file = || File::parse(file.to_string().as_bytes()).unwrap();
    let text = r#" {"modelId": "m", "n": 1.50, "wifiPassword": "s3cr3t"}"#;
    let request = json!({"deviceRuntimeContext": {"registrationId": "a", "payload": text}, "linkedHubs": ["hub"]});
    let envelope = json!({"Data": {"req": {"Body": request.to_string()}}, "Metadata": {}});
    let (_, answer) = post(file(), "/F", "<text>", envelope.to_string()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        answer["Outputs"]["res"]["body"],
        r#"{"iotHubHostName":"hub","payload":{"modelId":"m","n":1.50,"wifiPassword":"s3cr3t"}}"#
    );
    let logs = answer["Logs"].to_string() + &lines("<text>").join("\n");
    assert!(
        logs.contains("wifiPassword") && !logs.contains("s3cr3t"),
        "{logs}"
    );
}

#[actix_web::test]
async fn a_policy_is_given_the_input_bindings_where_there_are_any() {
    let (_, answer) = post(letters, "/F", "<row>", envelope("row")).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        answer["Outputs"]["res"]["body"],
        r#"{"iotHubHostName":"hub","initialTwin":{"properties":{"desired":{"row":"{\"n\":1}"}}}}"#
    );
    let plain = post(letters, "/api/F", "<no row>", request("row")).await;
    assert_eq!(plain, (400, "There is no row.".to_owned()));
}
