//! Runs a case: its app, the host, its steps one after the other; and ends what is left of it.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::app::{App, Event};
use crate::call::{self, CallError, Outcome};
use crate::case::{Case, Corpus, HostState, Step};
use crate::check;
use crate::host::{Host, send_signal};

/// How long a caller waits that has no time limit of its own.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long what a case expects may take to show itself after its last step.
const SETTLING: Duration = Duration::from_secs(20);
/// How many seconds the real host leaves a connection idle.
const IDLE_LIMIT: u32 = 60;
/// In which something that a case doesn't expect shows itself.
const QUIET: Duration = Duration::from_millis(700);

/// What is known of a case while it runs.
pub(crate) struct Run<'a> {
    pub(crate) case: &'a Case,
    pub(crate) app: App,
    pub(crate) host: Host,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) calls: Vec<JoinHandle<Outcome>>,
    /// When the host was last sent a signal.
    pub(crate) signalled: Option<Instant>,
}

/// What a case that has run came to.
pub(crate) struct Observed {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) events: Vec<Event>,
}

/// Runs a case and says what is not as expected.
pub(crate) async fn run(corpus: &Corpus, case: &Case) -> Vec<String> {
    let app = App::new(corpus, case);
    let mut variables: BTreeMap<_, _> = corpus.defaults.env.clone();
    variables.extend(case.env.clone());
    let mut host = Host::start(&app.root, &variables, IDLE_LIMIT / case.pace);
    let address = host.listens().await;
    let mut run = Run {
        case,
        app,
        host,
        address,
        calls: Vec::new(),
        signalled: None,
    };
    Box::pin(run.steps(&case.steps)).await;
    let mut outcomes = Vec::new();
    for call in std::mem::take(&mut run.calls) {
        outcomes.push(call.await.unwrap());
    }
    let mut observed = Observed {
        outcomes,
        events: Vec::new(),
    };
    sleep(QUIET).await;
    let settled = Instant::now() + SETTLING + run.expected_end();
    let complaints = loop {
        observed.events = run.app.events();
        run.host.has_ended();
        let complaints = check::complaints(&mut run, &observed).await;
        if complaints.is_empty() || Instant::now() > settled {
            break complaints;
        }
        sleep(Duration::from_millis(200)).await;
    };
    let complaints = if complaints.is_empty() {
        complaints
    } else {
        run.with_circumstances(complaints, &observed)
    };
    run.end().await;
    complaints
}

impl Run<'_> {
    async fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step).await;
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Call {
                body,
                path,
                background,
                times,
                gap,
                timeout,
            } => {
                for _ in 0..times.unwrap_or(1) {
                    let patience = timeout.map_or(PATIENCE, Duration::from_secs_f64);
                    let path = path.clone().unwrap_or_else(|| "/api/F".to_owned());
                    self.call(path, body, patience);
                    if !background {
                        self.wait_for_the_last_call().await;
                    }
                    sleep(Duration::from_secs_f64(*gap)).await;
                }
            }
            Step::Raw { request } => {
                let (address, request) = (self.address, request.clone());
                self.calls.push(tokio::spawn(async move {
                    match address {
                        Some(address) => call::send(address, &request, PATIENCE).await,
                        None => refused(),
                    }
                }));
                self.wait_for_the_last_call().await;
            }
            Step::Wait { seconds } => sleep(Duration::from_secs_f64(*seconds)).await,
            Step::Kill { signal } => {
                let events = self.app.events();
                if let Some(start) = events.iter().rfind(|event| event.is("start")) {
                    send_signal(start.pid(), *signal);
                }
            }
            Step::SignalHost { signal } => {
                self.signalled = Some(Instant::now());
                self.host.signal(*signal);
            }
            Step::Write { path, text, merge } => match (text, merge) {
                (Some(text), _) => self.app.write(path, text.as_bytes()),
                (None, Some(members)) => self.app.merge(path, members),
                (None, None) => self.app.write(path, b""),
            },
            Step::Replace { path } => self.app.replace(path),
            Step::Repeat { times, steps } => {
                for _ in 0..*times {
                    Box::pin(self.steps(steps)).await;
                }
            }
        }
    }

    fn call(&mut self, path: String, body: &Value, patience: Duration) {
        let (address, body) = (self.address, body.to_string());
        self.calls.push(tokio::spawn(async move {
            match address {
                Some(address) => call::post(address, &path, &body, patience).await,
                None => refused(),
            }
        }));
    }

    async fn wait_for_the_last_call(&self) {
        while self.calls.last().is_some_and(|call| !call.is_finished()) {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// How long the host may take to end once all callers have their answers.
    fn expected_end(&self) -> Duration {
        match (self.case.expect.host, self.case.expect.host_exit) {
            (Some(HostState::Stopped), _) | (_, Some(_)) => Duration::from_secs(45),
            _ => Duration::ZERO,
        }
    }

    /// Adds to the complaints what helps to understand them.
    fn with_circumstances(&self, mut complaints: Vec<String>, observed: &Observed) -> Vec<String> {
        for outcome in observed.outcomes.iter().take(12) {
            complaints.push(match &outcome.result {
                Ok(response) => format!(
                    "  call: {} {:?} after {:?}",
                    response.status,
                    response.text(),
                    outcome.took
                ),
                Err(error) => format!("  call: {error:?} after {:?}", outcome.took),
            });
        }
        let events = observed.events.iter().map(|event| {
            let mut event = event.0.clone();
            event.as_object_mut().unwrap().remove("env");
            format!("  puppet: {event}")
        });
        complaints.extend(events.take(15));
        let records = self.host.records();
        complaints.extend(
            records
                .iter()
                .take(15)
                .map(|record| format!("  log: {record:?}").chars().take(400).collect()),
        );
        complaints.extend(
            self.host
                .violations()
                .iter()
                .map(|sentence| format!("  violation: {sentence}")),
        );
        complaints.extend(
            self.host
                .other()
                .iter()
                .map(|line| format!("  printed: {}", line.trim_end())),
        );
        if let Some((code, _)) = self.host.ended {
            complaints.push(format!("  the host has ended with {code}"));
        }
        complaints
    }

    /// Nothing of the case is left: neither the host nor the puppets that outlive it.
    async fn end(mut self) {
        let pids = self.app.events().into_iter();
        let pids: HashSet<u32> = pids
            .filter(|event| event.is("start") || event.is("child"))
            .map(|event| event.pid())
            .collect();
        if !self.host.has_ended() {
            self.host.signal(9);
        }
        while !self.host.has_ended() {
            sleep(Duration::from_millis(5)).await;
        }
        let root = self.app.root.to_string_lossy().into_owned();
        for pid in pids {
            // The number may be another process's by now.
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            if String::from_utf8_lossy(&environment).contains(&root) {
                send_signal(pid, 9);
            }
        }
    }
}

fn refused() -> Outcome {
    Outcome {
        result: Err(CallError::Refused),
        took: Duration::ZERO,
    }
}
