//! The captured stores that fail or are slow. They are as slow here in a fraction of the time: the
//! tries count, and the order of things, not the seconds.

use std::time::Duration;

use crate::case::{Captured, Case, start};
use crate::compare::exception;
use crate::replay::{Played, play};
use crate::store::{Answers, Stub, closed_port, connection_string};

/// `functionTimeout` where it strikes, and where it doesn't.
const STRIKES: &str = "00:00:04";
const NEVER_STRIKES: &str = "00:05:00";

/// Plays all cases at once, each with a host and a store of its own.
pub(crate) async fn replay(captured: &'static Captured) -> Vec<Played<'static>> {
    let cases: Vec<&Case> = captured.of("failures").collect();
    let playing: Vec<_> = cases
        .iter()
        .map(|case| tokio::spawn(fail(captured, case)))
        .collect();
    let mut played = Vec::new();
    for (case, playing) in cases.into_iter().zip(playing) {
        let differences = playing.await.unwrap();
        played.push(Played { case, differences });
    }
    played
}

async fn fail(captured: &Captured, case: &Case) -> Vec<String> {
    let strikes = case.function_timeout.as_deref() == Some("00:00:20");
    let app = captured.app_with_timeout("failures", if strikes { STRIKES } else { NEVER_STRIKES });
    let store = case.store.as_str();
    let answers = match store.strip_prefix("answers ") {
        Some(rest) => Answers::Status(rest.split(' ').next().unwrap().parse().unwrap()),
        None if store == "accepts and never answers" => Answers::Never,
        None => Answers::Nothing,
    };
    let stub = Stub::start(answers).await;
    let port = match store {
        "connection refused" => closed_port().await,
        _ => stub.port,
    };
    let connection = connection_string(port);
    // With pauses of 0.25 s that double, five tries are made within `functionTimeout` and the two
    // seconds behind it, as there were with 0.8 s within 22 s.
    let delay = if strikes {
        "00:00:00.250"
    } else {
        "00:00:00.010"
    };
    let mut settings = vec![
        ("Failing", connection.as_str()),
        ("Failing__retry__delay", delay),
    ];
    if !strikes && matches!(answers, Answers::Never) {
        settings.push(("Failing__retry__networkTimeout", "00:00:01"));
    }
    if let Some(retries) = case.more_settings.get("Failing__retry__maxRetries") {
        settings.push(("Failing__retry__maxRetries", retries));
    }
    let host = start(&app, &settings).await;
    let invocation = host.invoke(case.to_request()).await;
    let exception = exception(&host, &invocation.id).unwrap_or_default();
    let mut differences = Vec::new();
    if strikes {
        let warned = host.log();
        let texts: Vec<&str> = warned.iter().map(|record| record.text.as_str()).collect();
        let records = warned
            .iter()
            .filter_map(|record| record.exception.as_deref());
        let exceptions: Vec<&str> = records.collect();
        for line in case.expect.log.iter().flatten() {
            let line = line.replace("00:00:20", STRIKES);
            let line = line.replace("Functions.X", &format!("Functions.{}", case.function));
            let is_told = match line.strip_prefix("warn: ") {
                Some(warning) => {
                    let warning = warning.replace('…', &invocation.id);
                    texts.contains(&warning.as_str())
                }
                None => exceptions.contains(&line.as_str()),
            };
            if !is_told {
                differences.push(format!("log: {line} is not in {texts:?} {exceptions:?}"));
            }
        }
    }
    let mut compared = case.differences(&invocation, Some(&exception));
    compared.retain(|difference| !(strikes && difference.starts_with("log:")));
    differences.extend(compared);
    if let Some(tries) = &case.expect.tries
        && store != "connection refused"
    {
        let expected = tries.to_string();
        let expected = expected.trim_matches('"').split(' ').next().unwrap();
        let found = stub.asked().len().to_string();
        if expected != found {
            differences.push(format!("tries: expected {expected}, found {found}"));
        }
    }
    differences
}

/// Plays the cases in which a store is late.
pub(crate) async fn replay_slow(captured: &Captured) -> Vec<Played<'_>> {
    let app = captured.app("slow");
    let stub = Stub::start(Answers::Late(Duration::from_millis(100))).await;
    let connection = connection_string(stub.port);
    let host = start(&app, &[("Probe", &connection)]).await;
    play(captured.of("timing"), &host, None).await
}
