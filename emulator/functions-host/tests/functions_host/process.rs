//! What becomes of the handler's process and of the app it belongs to.

use super::*;

#[tokio::test]
async fn a_crash_fails_the_invocation_and_the_handler_is_started_again_on_the_same_port() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let (pid, port) = (host.handler_pid(), host.handler_port());
    let invocation = perform(&host, &json!({"exit": 7})).await;
    assert_eq!(invocation.response.status, 500);
    assert!(sentences(&invocation)[0].contains("gave no complete answer"));
    until_violation(&host, "the handler ended by itself (exit code 7)").await;
    assert_eq!(perform(&host, &json!({})).await.response.status, 200);
    assert_ne!(host.handler_pid(), pid);
    assert_eq!((host.handler_port(), host.starts()), (port, 2));
}

#[tokio::test]
async fn an_invocation_waits_for_a_handler_only_so_long() {
    let app = App::plain();
    let impatient = |options: HostOptions| {
        options
            .dispatch_timeout(Duration::from_millis(50))
            .env("PUPPET_MODE", "deaf-later")
    };
    let host = start(&app, impatient).await;
    perform(&host, &json!({"exit": 1})).await;
    until(&host, |host| host.starts() == 2).await;
    // It is sent on all the same, to a port on which nobody listens.
    assert_eq!(perform(&host, &json!({})).await.response.status, 500);
    until_violation(&host, "has waited four times initializationTimeout").await;
    until(&host, FunctionsHost::is_stopped).await;
    assert!(host.log().iter().any(|record| record.text
        == "Final functionDispatcher state: WorkerProcessRestarting. Initialization timed out and host is shutting down"));
}

#[tokio::test]
async fn the_third_crash_stops_the_host() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    for starts in 1..=3 {
        until(&host, |host| host.starts() == starts).await;
        perform(&host, &json!({"exit": 1})).await;
    }
    until_violation(&host, "failed 3 times within 30 minutes").await;
    until(&host, FunctionsHost::is_stopped).await;
    assert_eq!(perform(&host, &json!({})).await.response.status, 503);
    assert_eq!(host.stop().await.unwrap().code, Some(1));
}

#[tokio::test]
async fn exit_code_200_is_a_restart_that_is_held_against_nobody() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    for starts in 2..6 {
        perform(&host, &json!({"exit": 200})).await;
        until(&host, |host| host.starts() == starts).await;
    }
    assert!(
        !host
            .violations()
            .iter()
            .any(|violation| matches!(violation, Violation::Exited { .. }))
    );
}

#[tokio::test]
async fn exit_code_0_restarts_the_handler_or_leaves_it_dead() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    perform(&host, &json!({"exit": 0})).await;
    until_violation(&host, "ended by itself (exit code 0)").await;
    assert_eq!(perform(&host, &json!({})).await.response.status, 200);

    let host = start(&app, |options| options.host_version(HostVersion::V4_1037)).await;
    perform(&host, &json!({"exit": 0})).await;
    until_violation(&host, "ended with exit code 0; hosts before January 2026").await;
    let invocation = perform(&host, &json!({})).await;
    assert_eq!((invocation.response.status, host.starts()), (500, 1));
    assert!(sentences(&invocation)[0].contains("gave no complete answer"));
    assert_eq!(host.stop().await.unwrap().code, Some(0));
}

#[tokio::test]
async fn an_invocation_that_takes_too_long_costs_the_handler_its_life() {
    let app = App::new(&json!({"functionTimeout": "00:00:01"}));
    let host = start(&app, |options| options).await;
    let invocation = perform(&host, &json!({"hang": true})).await;
    assert_eq!(invocation.response.status, 500);
    assert!(
        sentences(&invocation)[0].contains("took longer than functionTimeout (1s)"),
        "{:?}",
        sentences(&invocation)
    );
    until(&host, |host| host.starts() == 2).await;
    assert_eq!(host.violations(), invocation.violations);
}

async fn never_ready(app: &App, mode: &str) -> Vec<String> {
    match FunctionsHost::start(options(app).env("PUPPET_MODE", mode)).await {
        Err(StartError::NeverReady { violations, .. }) => {
            violations.iter().map(ToString::to_string).collect()
        }
        other => panic!("{mode}: {other:?}"),
    }
}

#[tokio::test]
async fn a_handler_that_is_not_ready_in_time_is_given_up_after_the_third_try() {
    let app = App::new(&json!({"customHandler": {"initializationTimeout": "00:00:00.3"}}));
    for mode in ["deaf", "silent"] {
        let sentences = never_ready(&app, mode).await;
        assert_eq!(sentences.len(), 4, "{mode}: {sentences:?}");
        assert!(
            sentences[0].contains("within initializationTimeout (300ms)"),
            "{sentences:?}"
        );
        assert!(sentences[3].contains("the host stops"), "{sentences:?}");
    }
}

#[tokio::test]
async fn a_handler_that_ends_before_it_is_ready_is_given_up() {
    let app = App::plain();
    let sentences = never_ready(&app, "exit-3").await;
    assert_eq!(
        sentences
            .iter()
            .filter(|sentence| sentence.contains("exit code 3"))
            .count(),
        3
    );
    assert!(sentences[3].contains("failed 3 times"));
    for mode in ["exit-0", "exit-200"] {
        let sentences = never_ready(&app, mode).await;
        assert!(
            sentences
                .iter()
                .any(|sentence| sentence.contains("ended 10 times before it was ready")),
            "{mode}: {sentences:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_to_the_readiness_check_that_is_not_http_is_named() {
    let app = App::plain();
    let host = start(&app, |options| options.env("PUPPET_MODE", "garbage")).await;
    until_violation(&host, "GET / got no proper answer").await;
}

#[tokio::test]
async fn a_slow_answer_to_the_readiness_check_is_named() {
    let app = App::plain();
    let host = start(&app, |options| options.slow_readiness(Duration::ZERO)).await;
    until_violation(&host, "GET / took").await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_handler_that_listens_on_all_addresses_is_named() {
    let app = App::plain();
    let host = start(&app, |options| options.env("PUPPET_MODE", "everywhere")).await;
    until_violation(&host, "listens on more than 127.0.0.1").await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let app = App::plain();
    let error = FunctionsHost::start(options(&app).handler("/nowhere/handler"))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot start /nowhere/handler: "),
        "{error}"
    );
}

#[tokio::test]
async fn what_hangs_as_under_the_real_host_is_told_of_at_once() {
    let app = App::new(&json!({"functionTimeout": "00:00:01"}));
    let host = start(&app, HostOptions::with_hangs).await;
    let invocation = perform(&host, &json!({"body": ""})).await;
    assert_eq!(invocation.response.status, 500);
    let told: Vec<String> = host.violations().iter().map(ToString::to_string).collect();
    assert!(told[0].contains("has no body"), "{told:?}");
    assert!(
        told[1].contains("two seconds later the handler is killed and restarted"),
        "{told:?}"
    );
    assert_eq!(host.starts(), 2);
    let texts: Vec<String> = host.log().into_iter().map(|record| record.text).collect();
    for text in [
        "Timeout value of 00:00:01 exceeded by function 'Functions.Puppet' (Id: '",
        "Executed 'Functions.Puppet' (Failed, Id=",
        "A function timeout has occurred. Restarting worker process executing invocationId '",
        "Restart of language worker process(es) completed.",
    ] {
        assert!(
            texts.iter().any(|known| known.starts_with(text)),
            "{texts:?}"
        );
    }
}

#[tokio::test]
async fn an_app_that_cannot_be_loaded_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let error = FunctionsHost::start(HostOptions::new(empty.path()))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("host.json cannot be used: "), "{error}");
    let app = App::plain();
    app.write("Broken/function.json", "{");
    app.write("a b/function.json", "{}");
    let host = start(&app, |options| options).await;
    let errors: Vec<String> = host
        .log()
        .into_iter()
        .filter(|record| record.event_id == Some(402))
        .map(|record| record.text)
        .collect();
    assert!(
        errors[0].starts_with("The 'Broken' function is in error: "),
        "{errors:?}"
    );
    assert_eq!(
        errors[1],
        "The 'a b' function is in error: 'a b' is not a valid function name."
    );
    assert_eq!(perform(&host, &json!({})).await.response.status, 200);
    app.add("BadRoute", "{", "{");
    let bad = r#"{"bindings":[{"type":"httpTrigger","name":"req","route":"a/{b"}]}"#;
    app.write("BadRoute/function.json", bad);
    let error = FunctionsHost::start(options(&app)).await.unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("BadRoute/function.json cannot be used: "),
        "{error}"
    );
    for (settings, problem) in [
        (
            r#"{"IsEncrypted":true,"Values":{}}"#,
            "it is encrypted; run `func settings decrypt` first",
        ),
        (
            r#"{"Values":{"A":"a","B":{"s3cr3t":1}}}"#,
            "\"Values.B\" must be a string",
        ),
        (
            r#"{"Values":"s3cr3t"}"#,
            "\"Values\" must be an object of strings",
        ),
        (r#"["s3cr3t"]"#, "it must be a JSON object"),
    ] {
        let app = App::plain();
        app.write("local.settings.json", settings);
        let error = FunctionsHost::start(options(&app))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with(&format!("local.settings.json cannot be used: {problem}")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_process_is_started_as_host_json_says() {
    let description = json!({"arguments": ["--port=%FUNCTIONS_CUSTOMHANDLER_PORT%", "%GREETING%"], "workingDirectory": "Puppet"});
    let app = App::new(&json!({"customHandler": {"description": description}}));
    app.write(
        "local.settings.json",
        r#"{"IsEncrypted":false,"Values":{"GREETING":"hello there"}}"#,
    );
    app.add_handler();
    let host = FunctionsHost::start(HostOptions::new(app.path()))
        .await
        .unwrap();
    let root = app.path().canonicalize().unwrap();
    let expected = format!(
        "args=[\"--port={}\", \"hello\", \"there\"] cwd={}",
        host.handler_port(),
        root.join("Puppet").display()
    );
    until(&host, |host| !host.output().is_empty()).await;
    assert_eq!(host.output()[0].text, expected);
}

#[tokio::test]
async fn stopping_can_be_gentle() {
    let app = App::plain();
    for shutdown in [Shutdown::Terminate, Shutdown::Interrupt] {
        let host = start(&app, |options| options.shutdown(shutdown)).await;
        let exit = host.stop().await.unwrap();
        assert_eq!((exit.code, exit.forced), (Some(0), false));
        assert_eq!(host.output().last().unwrap().text, "stopping");
        assert_eq!(host.violations(), []);
    }
    let stubborn = |options: HostOptions| {
        options
            .shutdown(Shutdown::Terminate)
            .grace(Duration::from_millis(100))
    };
    let host = start(&app, |options| {
        stubborn(options).env("PUPPET_MODE", "stubborn")
    })
    .await;
    let exit = host.stop().await.unwrap();
    assert_eq!((exit.signal, exit.forced), (Some(9), true));
}

#[tokio::test]
async fn the_handler_dies_with_the_host() {
    let app = App::plain();
    let host = start(&app, |options| options).await;
    let address = format!("127.0.0.1:{}", host.handler_port());
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    drop(host);
    let mut rest = Vec::new();
    let closed = tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut rest);
    // The kernel closes the connection of a process that is gone; whether by an end or by a reset
    // is all the same.
    assert!(tokio::time::timeout(PATIENCE, closed).await.is_ok());
}
