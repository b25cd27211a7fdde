//! Every life cycle that was seen under the real Functions host, replayed under the emulated one.
//!
//! `fixtures/functions-host/captured/lifecycle.README.md` tells how a case is to be read. The host
//! is the command `emulator host` as a process of its own, the handler is a puppet that does what
//! the one of the capture does (a single case needs `python3`). Cases run side by side, as most of
//! their time is waiting; times of the corpus are lower bounds, the upper ones are widened for busy
//! machines.
//!
//! `LIFECYCLE=exit- cargo test …` runs the cases whose ids contain that, `LIFECYCLE_CORPUS=FILE`
//! those of another file of that shape.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app;
mod call;
mod case;
mod check;
mod host;
mod pattern;
mod run;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use case::{Case, Corpus, Step};

const CORPUS: &str = include_str!("../../../../fixtures/functions-host/captured/lifecycle.json");
/// How many cases run at once.
const AT_ONCE: usize = 12;
/// How many times faster the cases run that are only about idle connections. In these the host does
/// nothing else that takes time, and a minute of its idleness would be a minute of this test's.
const PACE: u32 = 4;
const PACED: [&str; 2] = ["connections-burst", "connections-handler-closes-idle-ones"];

/// What is different here, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Where a case doesn't say what was seen: its id, the words in it, what they must be, and why.
const CORRECTIONS: &[(&str, &str, &str, &str)] = &[
    (
        "timeout-wrapper-script",
        "{app}/handler exited with code 98",
        "{app}/wrap exited with code 98",
        "its note says so",
    ),
    (
        "app-no-functions",
        r#""area":"#,
        r#""functions":[],"area":"#,
        "without the member it has the one function that is the default",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_life_cycle_is_the_one_that_was_seen_under_the_real_host() {
    let corpus = match std::env::var("LIFECYCLE_CORPUS") {
        Ok(file) => std::fs::read_to_string(file).unwrap(),
        Err(_) => CORPUS.to_owned(),
    };
    let corpus: Arc<Corpus> = Arc::new(serde_json::from_value(corrected(&corpus)).unwrap());
    let wanted = std::env::var("LIFECYCLE").unwrap_or_default();
    let (mut cases, mut wrong) = (Vec::new(), Vec::new());
    for value in &corpus.cases {
        match serde_json::from_value::<Case>(value.clone()) {
            Ok(case) if PACED.contains(&case.id.as_str()) && case.id.contains(&wanted) => {
                cases.push(case.at_pace(PACE));
            }
            Ok(case) if case.id.contains(&wanted) => cases.push(case),
            Ok(_) => {}
            Err(error) => wrong.push(format!("{}: {error}", value["id"])),
        }
    }
    assert!(!corpus.cases.is_empty(), "there is nothing to replay");
    // Who takes longest begins.
    cases.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = Vec::new();
    for case in cases {
        let slot = Arc::clone(&slots).acquire_owned().await.unwrap();
        let corpus = Arc::clone(&corpus);
        let id = case.id.clone();
        let run = tokio::spawn(async move {
            let _slot = slot;
            run::run(&corpus, &case).await
        });
        runs.push((id, run));
    }
    for (id, run) in runs {
        let complaints = run.await;
        let complaints = complaints.unwrap_or_else(|error| vec![error.to_string()]);
        let excepted = EXCEPTIONS.iter().any(|(excepted, _)| *excepted == id);
        match (complaints.is_empty(), excepted) {
            (true, false) | (false, true) => {}
            (true, true) => wrong.push(format!("{id}: it is no exception any more")),
            (false, false) => wrong.push(format!("{id}:\n  {}", complaints.join("\n  "))),
        }
    }
    let (count, wrong) = (wrong.len(), wrong.join("\n"));
    assert!(wrong.is_empty(), "{count} cases differ:\n{wrong}");
}

/// The corpus with its corrections.
fn corrected(corpus: &str) -> Value {
    let mut corpus: Value = serde_json::from_str(corpus).unwrap();
    for case in corpus["cases"].as_array_mut().unwrap() {
        for (id, wrong, right, _) in CORRECTIONS {
            if case["id"] == *id {
                let text = case.to_string();
                assert!(text.contains(wrong), "{id} says {right} by now");
                *case = serde_json::from_str(&text.replace(wrong, right)).unwrap();
            }
        }
    }
    corpus
}

/// How long a case takes at least.
fn seconds(case: &Case) -> f64 {
    let calls = case.expect.calls.iter().flatten();
    let waiting: f64 = calls
        .filter_map(|call| call.took.map(|(from, _)| from))
        .sum();
    waiting + case.steps.iter().map(Step::seconds).sum::<f64>()
}
