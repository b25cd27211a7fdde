use super::*;

const FUNCTION: &str = r#"{"bindings":[
    {"type":"httpTrigger","direction":"in","name":"req"},
    {"type":"http","direction":"out","name":"res"},
    {"type":"queue","direction":"out","name":"message","queueName":"messages"},
    {"type":"queue","direction":"out","name":"bytes","queueName":"bytes","dataType":"binary"}]}"#;

fn function() -> Function {
    Function::parse("HttpTrigger1", FUNCTION, "api", |_| None).unwrap()
}

fn answer(status: u16, content_type: Option<&str>, body: &str) -> Translation {
    let content_type = content_type.map(|value| ("content-type".to_owned(), value.to_owned()));
    let answer = RawAnswer {
        status,
        reason: String::new(),
        headers: content_type.into_iter().collect(),
        body: body.into(),
    };
    translate(&answer, &function(), None)
}

fn json(body: &str) -> Translation {
    answer(200, Some("application/json"), body)
}

fn res(res: &str) -> Translation {
    json(&format!(
        r#"{{"Outputs":{{"res":{res}}},"Logs":["said"],"ReturnValue":null}}"#
    ))
}

/// An answer that fails the invocation: 500, no body, no logs, one violation.
#[track_caller]
fn check_failed(translation: &Translation, sentence: &str) {
    assert_eq!(translation.response, HttpResponse::empty(500));
    let sentences: Vec<String> = translation
        .violations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        sentences.iter().any(|seen| seen.contains(sentence)),
        "{sentence}: {sentences:?}"
    );
}

/// An answer that is served, with the violation that it works by luck, or with none.
#[track_caller]
fn check_served(translation: &Translation, status: i32, body: &str, sentence: Option<&str>) {
    let sentences: Vec<String> = translation
        .violations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        (
            translation.response.status,
            translation.response.text().as_str()
        ),
        (status, body),
        "{sentences:?}"
    );
    match sentence {
        Some(sentence) => assert!(
            sentences.len() == 1 && sentences[0].contains(sentence),
            "{sentence}: {sentences:?}"
        ),
        None => assert!(sentences.is_empty(), "{sentences:?}"),
    }
}

#[test]
fn the_recommended_answer_is_served_without_a_word() {
    let translation = res(
        r#"{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"iotHubHostName\":\"hub1\"}"}"#,
    );
    check_served(&translation, 200, r#"{"iotHubHostName":"hub1"}"#, None);
    assert_eq!(
        translation.response.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(translation.logs, ["said"]);
}

#[test]
fn an_answer_that_is_not_2xx_fails_the_invocation() {
    for status in [301, 400, 404, 500, 503] {
        check_failed(
            &answer(status, Some("application/json"), "{}"),
            &format!("answered HTTP {status}"),
        );
    }
}

#[test]
fn an_empty_blank_or_null_answer_would_hang() {
    check_failed(
        &answer(200, None, ""),
        "has no body; the host waits until functionTimeout",
    );
    check_failed(
        &json(" \n"),
        "blank or null; the host waits until functionTimeout",
    );
    check_failed(
        &json("null"),
        "blank or null; the host waits until functionTimeout",
    );
}

#[test]
fn only_json_is_read() {
    check_failed(&answer(200, None, "{}"), "has no Content-Type");
    for content_type in [
        "text/plain",
        "application/problem+json",
        "application/xml",
        "application/octet-stream",
    ] {
        check_failed(&answer(200, Some(content_type), "{}"), content_type);
    }
    let body = r#"{"Outputs":{"res":{}}}"#;
    check_served(
        &answer(200, Some("text/json; charset=utf-8"), body),
        200,
        "",
        Some("application/json is what it expects"),
    );
    check_served(
        &answer(200, Some("Application/JSON;charset=utf-8"), body),
        200,
        "",
        None,
    );
}

#[test]
fn what_cannot_be_read_fails_the_invocation() {
    check_failed(&json("{"), "it is not JSON");
    check_failed(
        &json(&format!("{}{}", "[".repeat(257), "]".repeat(257))),
        "deeper than 256 levels",
    );
    check_failed(&json("[]"), "is an array and not an object");
    check_failed(&json("\"text\""), "is text and not an object");
    check_failed(&json(r#"{"Outputs":[]}"#), "Outputs is an array");
    check_failed(
        &json(r#"{"Outputs":{},"Logs":"text"}"#),
        "must be a list of texts, and there is text",
    );
    check_failed(
        &json(r#"{"Outputs":{},"Logs":[{}]}"#),
        "must be a list of texts, and there is an object",
    );
}

#[test]
fn members_are_found_in_any_case_and_unknown_ones_are_named() {
    check_served(
        &json(r#"{"outputs":{"res":{"STATUSCODE":201}},"LOGS":null,"returnvalue":null}"#),
        201,
        "",
        None,
    );
    check_served(
        &json(r#"{"Outputs":{"res":{}},"Output":{}}"#),
        200,
        "",
        Some("a member Output, which the host ignores"),
    );
    check_served(
        &json(r#"{"Outputs":{"res":{}}} and more"#),
        200,
        "",
        Some("more behind the JSON"),
    );
}

#[test]
fn logs_that_are_scalars_become_text() {
    let translation = json(r#"{"Outputs":{"res":{}},"Logs":["a",true]}"#);
    check_served(&translation, 200, "", Some("an item of Logs is a boolean"));
    assert_eq!(translation.logs, ["a", "true"]);
    let translation =
        json(r#"{"Outputs":{"res":{}},"Logs":[2.50,1e3,null,"2022-07-05T21:27:16Z"]}"#);
    assert_eq!(
        translation.logs,
        ["2.50", "1e3", "[null]", "2022-07-05T21:27:16Z"]
    );
}

#[test]
fn logs_are_kept_when_an_output_fails() {
    let translation = res("5");
    check_failed(&translation, "the HTTP output is a number");
    assert_eq!(translation.logs, ["said"]);
}

#[test]
fn missing_outputs_have_a_response_of_their_own() {
    check_served(&json("{}"), 204, "", Some("the caller gets 204"));
    check_served(
        &json(r#"{"Outputs":null}"#),
        204,
        "",
        Some("the caller gets 204"),
    );
    let translation = json(r#"{"Outputs":{}}"#);
    check_served(&translation, 200, "{}", Some("Outputs has no res"));
    assert_eq!(
        translation.response.header("Content-Type"),
        Some("text/plain; charset=utf-8")
    );
    let misspelt = json(r#"{"Outputs":{"Res":{"statusCode":400}}}"#);
    assert_eq!(misspelt.response.text(), "{}");
    assert!(misspelt.violations.contains(&Violation::UnknownOutput {
        name: "Res".to_owned()
    }));
}

#[test]
fn an_http_output_is_an_object() {
    check_served(
        &res(r#""{\"statusCode\":404}""#),
        404,
        "",
        Some("text that holds an object"),
    );
    for (output, kind) in [
        ("null", "null"),
        ("[]", "an array"),
        ("5", "a number"),
        ("\"text\"", "text"),
        ("\"[]\"", "an array"),
    ] {
        check_failed(&res(output), &format!("the HTTP output is {kind}"));
    }
    let nested =
        |levels: usize| format!(r#"{{"body":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert_eq!(res(&nested(63)).response.status, 200);
    check_failed(&res(&nested(64)), "deeper than 64 levels");
}

#[test]
fn only_status_code_sets_the_status() {
    for (value, status) in [("400", 400), ("\"503\"", 503), ("null", 200)] {
        check_served(
            &res(&format!(r#"{{"statusCode":{value}}}"#)),
            status,
            "",
            None,
        );
    }
    for value in ["200.0", "\"abc\"", "true"] {
        check_served(
            &res(&format!(r#"{{"statusCode":{value}}}"#)),
            200,
            "",
            Some("not a whole number"),
        );
    }
    for value in [0, 99, 100, 1000, -1] {
        let translation = res(&format!(r#"{{"statusCode":{value}}}"#));
        check_served(&translation, value, "", Some("the host writes it as it is"));
    }
    check_served(
        &res(r#"{"status":400}"#),
        200,
        "",
        Some("name it statusCode"),
    );
    check_served(&res(r#"{"cookies":[]}"#), 200, "", Some("a member cookies"));
}

#[test]
fn header_values_are_text() {
    let translation = res(r#"{"headers":{"X-A":"1","Retry-After":5,"x-b":true}}"#);
    assert_eq!(translation.response.header("Retry-After"), Some("5"));
    assert_eq!(translation.response.header("X-B"), Some("True"));
    assert_eq!(translation.violations.len(), 2);
    check_served(
        &res(r#"{"headers":{"X-When":"2022-07-05T21:27:16Z"}}"#),
        200,
        "",
        Some("header X-When is a date"),
    );
    for (value, why) in [
        ("null", "is null"),
        ("[1]", "characters"),
        (r#"{"a":1}"#, "characters"),
        (r#""a\nb""#, "characters"),
    ] {
        check_failed(&res(&format!(r#"{{"headers":{{"X-A":{value}}}}}"#)), why);
    }
    check_failed(
        &res(r#"{"headers":{"X A":"1"}}"#),
        "a name that HTTP doesn't allow",
    );
    check_failed(
        &res(r#"{"headers":{"Content-Length":"x"}}"#),
        "is no length",
    );
    let empty = res(r#"{"headers":{"X-A":[]}}"#);
    assert_eq!(empty.response.header("X-A"), Some("[]"));
    assert_eq!(empty.failure, None);
    check_failed(&res(r#"{"headers":"X-A: 1"}"#), "headers is text");
}

#[test]
fn reserved_headers_are_passed_on_and_repeated_ones_dropped() {
    let translation = res(r#"{"headers":{"content-length":"5","X-A":"1","x-a":"2"}}"#);
    assert_eq!(translation.response.header("Content-Length"), Some("5"));
    assert_eq!(translation.response.header("X-A"), Some("1"));
    let expected = [
        Violation::ReservedHeader {
            name: "content-length".to_owned(),
        },
        Violation::RepeatedHeader {
            name: "x-a".to_owned(),
        },
    ];
    assert_eq!(translation.violations, expected);
}

#[test]
fn a_body_is_written_in_the_charset_that_its_type_says() {
    let translation = res(r#"{"headers":{"content-type":"text/x; charset=utf-16"},"body":"é"}"#);
    assert_eq!(
        translation.response.header("Content-Type"),
        Some("text/x; charset=utf-16")
    );
    assert_eq!(translation.response.body, [0xe9, 0]);
}

#[test]
fn a_text_body_is_sent_verbatim_and_everything_else_is_printed_anew() {
    check_served(
        &res(r#"{"body":"{\"n\": 1.0,\"at\":\"2022-07-05T21:27:16.000Z\"} é"}"#),
        200,
        "{\"n\": 1.0,\"at\":\"2022-07-05T21:27:16.000Z\"} é",
        None,
    );
    check_served(&res(r#"{"body":null}"#), 200, "", None);
    check_served(
        &res(r#"{"body":{"a":1.50,"at":"2022-07-05T21:27:16.10Z"}}"#),
        200,
        "{\n  \"a\": 1.5,\n  \"at\": \"2022-07-05T21:27:16.1Z\"\n}",
        Some("body is an object"),
    );
    check_served(&res(r#"{"body":[]}"#), 200, "[]", Some("body is an array"));
    check_served(&res(r#"{"body":1.0}"#), 200, "1", Some("body is a number"));
    check_served(
        &res(r#"{"body":true}"#),
        200,
        "True",
        Some("body is a boolean"),
    );
    check_served(
        &res(r#"{"body":"2022-07-05T21:27:16Z"}"#),
        200,
        "07/05/2022 21:27:16",
        Some("nothing but a date"),
    );
}

#[test]
fn a_body_must_be_allowed_by_the_status() {
    for status in [204, 304] {
        check_served(
            &res(&format!(r#"{{"statusCode":{status},"body":"x"}}"#)),
            status,
            "x",
            Some("can't have a body"),
        );
        check_served(
            &res(&format!(r#"{{"statusCode":{status}}}"#)),
            status,
            "",
            None,
        );
    }
}

#[test]
fn text_that_looks_like_base64_is_pointed_out_in_other_outputs() {
    let with = |output: &str| json(&format!(r#"{{"Outputs":{{"res":{{}},{output}}}}}"#));
    check_served(
        &with(r#""message":"test""#),
        200,
        "",
        Some("output message is text that is valid base64"),
    );
    check_served(&with(r#""message":"not base64""#), 200, "", None);
    check_served(&with(r#""message":{"a":"test"}"#), 200, "", None);
    check_served(&with(r#""bytes":"test""#), 200, "", None);
}

#[test]
fn an_object_return_value_sets_outputs_by_their_names() {
    check_served(
        &json(
            r#"{"Outputs":{"res":{"statusCode":200}},"ReturnValue":{"res":{"status":404,"body":"no"},"other":1}}"#,
        ),
        404,
        "no",
        None,
    );
}

#[test]
fn a_return_binding_takes_the_return_value() {
    let text = r#"{"bindings":[{"type":"httpTrigger","name":"req"},{"type":"http","direction":"out","name":"$return"}]}"#;
    let function = Function::parse("HttpTrigger1", text, "api", |_| None).unwrap();
    for (value, status, body) in [
        (r#"{"status":404,"body":"no"}"#, 404, "no"),
        (r#""plain""#, 200, "plain"),
        (r#""{\"status\":404,\"body\":\"no\"}""#, 404, "no"),
        ("null", 204, ""),
    ] {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = RawAnswer {
            status: 200,
            reason: String::new(),
            headers,
            body: format!(r#"{{"ReturnValue":{value}}}"#).into_bytes(),
        };
        check_served(&translate(&answer, &function, None), status, body, None);
    }
}
