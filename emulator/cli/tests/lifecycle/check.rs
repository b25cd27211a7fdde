//! Holds what was seen against what a case expects.

mod calls;
mod log;
mod process;

use crate::call;
use crate::case::{Expect, HostState};
use crate::host::Record;
use crate::pattern::Places;
use crate::run::{Observed, Run};
use std::time::Duration;

/// What every part of the check looks at.
pub(crate) struct Seen<'a> {
    pub(crate) expect: &'a Expect,
    pub(crate) observed: &'a Observed,
    pub(crate) records: Vec<Record>,
    pub(crate) places: Places,
    pub(crate) complaints: Vec<String>,
}

impl Seen<'_> {
    /// Complains when an expectation is there and something else was seen.
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        expected: Option<&T>,
        seen: &T,
    ) {
        if let Some(expected) = expected
            && expected != seen
        {
            self.complain(format!("{what}: expected {expected:?}, seen {seen:?}"));
        }
    }

    pub(crate) fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.complain(what());
        }
    }

    pub(crate) fn complain(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }
}

/// What is not as the case expects.
pub(crate) async fn complaints(run: &mut Run<'_>, observed: &Observed) -> Vec<String> {
    let starts = observed.events.iter().filter(|event| event.is("start"));
    let ports = starts
        .map(|start| start.variable("FUNCTIONS_CUSTOMHANDLER_PORT").to_owned())
        .collect();
    let mut seen = Seen {
        expect: &run.case.expect,
        observed,
        records: run.host.records(),
        places: Places::new(&run.app.root, ports),
        complaints: Vec::new(),
    };
    process::check(&mut seen, &run.app, &run.host);
    calls::check(&mut seen);
    log::check(&mut seen);
    let complaints = seen.complaints;
    let mut all = host_state(run).await;
    all.extend(complaints);
    all
}

/// Whether the host runs, has ended or is in the error state.
async fn host_state(run: &mut Run<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    let expect = &run.case.expect;
    let has_ended = run.host.has_ended();
    match expect.host {
        Some(HostState::Stopped) if !has_ended => complaints.push("the host still runs".to_owned()),
        Some(HostState::Running | HostState::Error) if has_ended => {
            complaints.push("the host has ended".to_owned());
        }
        _ => {}
    }
    if let Some(expected) = expect.host_exit {
        match run.host.ended {
            Some((code, _)) if code == expected => {}
            ended => complaints.push(format!(
                "exit status of the host: expected {expected}, seen {:?}",
                ended.map(|(code, _)| code)
            )),
        }
    }
    if let (Some((from, to)), Some(signalled)) = (expect.host_ends_within, run.signalled) {
        let took = run.host.ended.map(|(_, at)| (at - signalled).as_secs_f64());
        if took.is_none_or(|took| took < from - 0.2 || took > calls::widened(to)) {
            complaints.push(format!("the host ended after {took:?} s"));
        }
    }
    let state = match run.address {
        Some(address) if expect.host.is_some() && !has_ended => {
            let request = "GET /admin/host/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
            let outcome = call::send(address, request, Duration::from_secs(5)).await;
            outcome.result.map(|response| response.text()).ok()
        }
        _ => None,
    };
    let state: serde_json::Value = state
        .and_then(|state| serde_json::from_str(&state).ok())
        .unwrap_or_default();
    match expect.host {
        Some(HostState::Running) if state["state"] != "Running" => {
            complaints.push(format!("the host is not running: {state}"));
        }
        Some(HostState::Error) if state["state"] != "Error" => {
            complaints.push(format!("the host is not in the error state: {state}"));
        }
        _ => {}
    }
    if let Some(pattern) = &expect.status_error {
        let places = Places::new(&run.app.root, Vec::new());
        let errors = state["errors"].as_array().cloned().unwrap_or_default();
        let told = errors
            .iter()
            .any(|error| places.within(pattern, error.as_str().unwrap_or_default()));
        if !told {
            complaints.push(format!("status: expected {pattern:?}, seen {errors:?}"));
        }
    }
    complaints
}
