//! What becomes of an invocation: envelopes, answers, logs and keys.

use super::*;

#[tokio::test]
async fn a_proper_answer_reaches_the_caller_and_violates_nothing() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let invocation = perform(&host, &json!({})).await;
    assert_eq!(invocation.response.status, 200);
    assert_eq!(
        invocation.response.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(invocation.response.text(), r#"{"done":true}"#);
    assert_eq!(invocation.logs[0], "POST /Puppet");
    assert!(invocation.logs.contains(&format!(
        "x-azure-functions-invocationid: {}",
        invocation.id
    )));
    assert_eq!(invocation.answer.unwrap().status, 200);
    assert_eq!(host.violations(), []);
    let exit = host.stop().await.unwrap();
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    assert_eq!(host.violations(), []);
}

#[tokio::test]
async fn the_envelope_travels_chunked_or_with_its_length() {
    let app = App::plain();
    let chunked = perform(&start(&app, |options| options).await, &json!({})).await;
    assert!(
        chunked
            .logs
            .contains(&"transfer-encoding: chunked".to_owned()),
        "{:?}",
        chunked.logs
    );
    assert!(
        !chunked
            .logs
            .iter()
            .any(|line| line.starts_with("content-length"))
    );
    let counted = perform(
        &start(&app, |options| options.transfer(Transfer::ContentLength)).await,
        &json!({}),
    )
    .await;
    assert!(
        counted
            .logs
            .contains(&format!("content-length: {}", counted.envelope.len())),
        "{:?}",
        counted.logs
    );
    assert!(
        !counted
            .logs
            .iter()
            .any(|line| line.starts_with("transfer-encoding"))
    );
    for header in [
        "content-type: application/json; charset=utf-8",
        "user-agent: Azure-Functions-Host/",
    ] {
        assert!(
            counted.logs.iter().any(|line| line.starts_with(header)),
            "{header}: {:?}",
            counted.logs
        );
    }
}

#[tokio::test]
async fn answers_that_break_the_protocol_are_named() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let json_type = json!([["Content-Type", "application/json"]]);
    for (script, sentence) in [
        (
            json!({"status": 404}),
            "answered HTTP 404 to the invocation",
        ),
        (json!({"body": ""}), "has no body"),
        (
            json!({"headers": json_type, "body": "null"}),
            "is blank or null",
        ),
        (json!({"headers": [], "body": "{}"}), "has no Content-Type"),
        (
            json!({"headers": [["Content-Type", "text/plain"]]}),
            "has Content-Type text/plain",
        ),
        (json!({"headers": json_type, "body": "{"}), "it is not JSON"),
    ] {
        let invocation = perform(&host, &script).await;
        assert_eq!(
            (invocation.response.status, invocation.response.body.len()),
            (500, 0),
            "{script}"
        );
        let sentences = sentences(&invocation);
        assert!(
            sentences.len() == 1 && sentences[0].contains(sentence),
            "{sentence}: {sentences:?}"
        );
        assert!(invocation.answer.is_some());
    }
    assert_eq!(host.violations().len(), 6);
}

#[tokio::test]
async fn a_redirect_is_followed_and_named() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    for (status, location, arrived) in [
        (302, "/elsewhere".to_owned(), "GET /elsewhere"),
        (303, "elsewhere".to_owned(), "GET /elsewhere"),
        (
            307,
            format!("{}/elsewhere", host.base_url()),
            "POST /elsewhere",
        ),
        (308, "/elsewhere".to_owned(), "POST /elsewhere"),
    ] {
        let invocation = perform(
            &host,
            &json!({"status": status, "headers": [["Location", location]]}),
        )
        .await;
        assert_eq!(invocation.response.text(), r#"{"done":true}"#);
        assert_eq!(invocation.logs[0], arrived);
        let expected = Violation::Redirect {
            status,
            location: format!("{}/elsewhere", host.base_url()),
        };
        assert_eq!(invocation.violations, [expected]);
    }
}

#[tokio::test]
async fn lines_have_the_level_that_the_host_gives_them() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let script = json!({"print": ["ERROR on stdout", "languageworkerconsolelogsystem"], "complain": ["a warning", "on stderr"]});
    perform(&host, &script).await;
    until_violation(&host, "log it as an error: on stderr").await;
    until_violation(&host, "log it as a warning: a warning").await;
    until(&host, |host| host.output().len() == 5).await;
    let output = host.output();
    let line = |text: &str| {
        output
            .iter()
            .find(|line| line.text == text)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (
            line("ERROR on stdout").level,
            line("ERROR on stdout").stream
        ),
        (LogLevel::Information, Stream::Stdout)
    );
    assert_eq!(line("system").channel, Channel::System);
    assert_eq!(
        (line("a warning").level, line("a warning").stream),
        (LogLevel::Warning, Stream::Stderr)
    );
    assert_eq!(line("on stderr").level, LogLevel::Error);
}

#[tokio::test]
async fn a_key_in_a_log_is_noticed_wherever_it_is() {
    let app = App::plain();
    let host = start(&app, |options| options.function_key("s3cr3t/key==")).await;
    let call = |script: Value| {
        HttpRequest::post("/api/Puppet?code=s3cr3t%2Fkey%3D%3D").body(script.to_string())
    };
    host.invoke(call(json!({"print": ["key is s3cr3t/key=="]})))
        .await;
    until_violation(&host, "the function key stands in a line on stdout").await;
    host.invoke(call(json!({"complain": ["?code=s3cr3t%2Fkey%3D%3D"]})))
        .await;
    until_violation(&host, "the function key stands in a line on stderr").await;
    let body = r#"{"Outputs":{"res":{}},"Logs":["s3cr3t/key=="]}"#;
    let invocation = host.invoke(call(json!({"body": body}))).await;
    assert_eq!(
        invocation.violations,
        [Violation::KeyInLog {
            place: "the answer's Logs"
        }]
    );
}

#[tokio::test]
async fn keys_are_checked_only_when_the_host_has_one() {
    let app = App::plain();
    let host = start(&app, |options| options.function_key("s3cr3t-key")).await;
    let without = host
        .invoke(HttpRequest::post("/api/Puppet").body("{}"))
        .await;
    assert_eq!((without.response.status, without.envelope.len()), (401, 0));
    let with = host
        .invoke(
            HttpRequest::post("/api/Puppet")
                .header("x-functions-key", "s3cr3t-key")
                .body("{}"),
        )
        .await;
    assert!(
        String::from_utf8(with.envelope)
            .unwrap()
            .contains(r#""Value":"Function""#)
    );
    let open = perform(&start(&app, |options| options).await, &json!({})).await;
    assert!(
        String::from_utf8(open.envelope)
            .unwrap()
            .contains(r#""Value":"Admin""#)
    );
}

#[tokio::test]
async fn requests_that_are_for_no_function_never_reach_the_handler() {
    let app = App::new(&json!({"extensions": {"http": {"routePrefix": "v1"}}}));
    app.add("Off", "{", "{");
    app.add(
        "Item",
        r#""name":"req""#,
        r#""name":"req","route":"items/{id:int}/{more?}""#,
    );
    let off = |options: HostOptions| options.env("AzureWebJobs.Off.Disabled", "true");
    let host = start(&app, off).await;
    for (request, status) in [
        (HttpRequest::get("/v1/PUPPET/"), 200),
        (HttpRequest::get("/v1/items/7"), 200),
        (HttpRequest::get("/v1/items/seven"), 404),
        (HttpRequest::get("/v1/off"), 404),
        (HttpRequest::get("/api/puppet"), 404),
        (HttpRequest::new("DELETE", "/v1/puppet"), 404),
    ] {
        let invocation = host.invoke(request.clone()).await;
        assert_eq!(invocation.response.status, status, "{request:?}");
        assert_eq!(invocation.envelope.is_empty(), status == 404);
    }
    let invocation = host.invoke(HttpRequest::get("/v1/items/7/x")).await;
    assert!(
        String::from_utf8(invocation.envelope)
            .unwrap()
            .contains(r#""Params":{"id":"7","more":"x"}"#)
    );
    assert_eq!(invocation.function.as_deref(), Some("Item"));
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let length = (functions_host::MAX_BODY + 1).to_string();
    let large = HttpRequest::post("/api/Puppet").header("Content-Length", length);
    assert_eq!(host.invoke(large).await.response.status, 500);
}

#[tokio::test]
async fn forwarded_requests_and_their_responses_stay_as_they_are() {
    let app = App::new(&json!({"customHandler": {"enableForwardingHttpRequest": true}}));
    let host = start(&app, |options| options).await;
    let invocation = host
        .invoke(HttpRequest::post("/api/Puppet?x=1").body("as it is"))
        .await;
    assert_eq!(invocation.response.status, 302);
    assert_eq!(invocation.response.header("X-Mine"), Some("kept"));
    assert_eq!(
        invocation.response.text(),
        "POST /api/Puppet as it is id=true"
    );
    let chunked = host
        .invoke(HttpRequest::post("/api/Puppet").chunked().body("lost"))
        .await;
    assert_eq!(chunked.response.status, 500);
    assert_eq!(
        sentences(&chunked),
        [
            "the handler gave no complete answer (a body that travels in chunks can't be forwarded, as its length isn't known); \
             the host fails the invocation: the caller gets 500 with an empty body, and Outputs and Logs are lost"
        ]
    );
}

#[tokio::test]
async fn newer_hosts_proxy_requests_and_older_ones_do_not_know_the_switch() {
    let app = App::new(&json!({"customHandler": {"enableProxyingHttpRequest": true}}));
    let host = start(&app, |options| options).await;
    let request = HttpRequest::post("/api/Puppet").chunked().body("in chunks");
    let invocation = host.invoke(request).await;
    assert_eq!(invocation.response.status, 302);
    assert_eq!(
        invocation.response.text(),
        "POST /api/Puppet in chunks id=false"
    );
    let host = start(&app, |options| options.host_version(HostVersion::V4_1037)).await;
    let invocation = perform(&host, &json!({})).await;
    assert_eq!(invocation.response.text(), r#"{"done":true}"#);
}

#[tokio::test]
async fn each_attempt_at_a_batch_has_an_id_of_its_own() {
    let app = App::plain();
    app.write(
        "Hub/function.json",
        r#"{"bindings":[{"type":"eventHubTrigger","direction":"in","name":"events","cardinality":"many"}],
            "retry":{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:10"}}"#,
    );
    app.write("answer.json", "nonsense");
    let host = start(&app, |options| {
        options.env("PUPPET_MODE", "content").without_retry_pauses()
    })
    .await;
    let batch = EventHubBatch::new("hub", [EventHubEvent::new("{}")]);
    let delivery = host.deliver("Hub", &batch).await.unwrap();
    let mut ids: Vec<&str> = delivery.attempts.iter().map(|a| a.id.as_str()).collect();
    let told: Vec<Value> = delivery
        .attempts
        .iter()
        .map(|attempt| {
            let envelope: Value = serde_json::from_slice(&attempt.envelope).unwrap();
            envelope["Metadata"]["RetryContext"]["Exception"]["InstanceId"].clone()
        })
        .collect();
    assert_eq!(told, [json!(null), json!(ids[0]), json!(ids[1])]);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert_eq!(delivery.lost, [0]);
}

#[tokio::test]
async fn concurrent_invocations_do_not_mix_up_their_answers() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let calls = (0..50).map(|number| {
        let host = host.clone();
        tokio::spawn(async move {
            let body = json!({"Outputs": {"res": {"body": format!("{number}")}}}).to_string();
            (
                number,
                perform(&host, &json!({"body": body})).await.response.text(),
            )
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let (number, text) = call.await.unwrap();
        assert_eq!(text, number.to_string());
    }
}
