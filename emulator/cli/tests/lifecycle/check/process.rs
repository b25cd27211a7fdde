//! The handler's processes: how they were started, what reached them, how they ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Seen;
use super::calls::widened;
use crate::app::{App, Event, runs};
use crate::host::Host;

/// What the host logs when a handler has answered `GET /`.
const READY: &str = "Worker process started and initialized.";

pub(super) fn check(seen: &mut Seen<'_>, app: &App, host: &Host) {
    let events = &seen.observed.events;
    let starts: Vec<&Event> = events.iter().filter(|event| event.is("start")).collect();
    let counted = |what: &str| events.iter().filter(|event| event.is(what)).count();
    let expect = seen.expect;
    seen.equal("starts", expect.starts.as_ref(), &starts.len());
    seen.equal("pings", expect.pings.as_ref(), &counted("ping"));
    seen.equal(
        "requests",
        expect.requests_seen.as_ref(),
        &counted("request"),
    );
    seen.equal(
        "binds that failed",
        expect.bind_failed.as_ref(),
        &counted("bind failed"),
    );
    let accepts = ["conn", "held", "accept reset", "accept close"].map(counted);
    seen.equal(
        "accepts",
        expect.accepts.as_ref(),
        &accepts.into_iter().sum(),
    );
    launched(seen, &starts, host);
    restarted(seen, &starts);
    connections(seen);
    ready(seen, &starts);
    ended(seen, &starts);
    if let Some(expected) = &expect.mode_after {
        let mode = format!("{:04o}", app.mode("handler"));
        seen.equal("mode", Some(expected), &mode);
    }
}

fn launched(seen: &mut Seen<'_>, starts: &[&Event], host: &Host) {
    let expect = seen.expect;
    let [first, ..] = starts else {
        if expect.argv.is_some() || expect.cwd.is_some() || expect.env.is_some() {
            seen.complain("no handler was started".to_owned());
        }
        return;
    };
    if let Some(expected) = &expect.argv {
        let argv: Vec<String> = serde_json::from_value(first.0["argv"].clone()).unwrap();
        let fits = |argv: &[String]| {
            expected.len() == argv.len()
                && expected
                    .iter()
                    .zip(argv)
                    .all(|(expected, seen_one)| seen.places.is(expected, seen_one))
        };
        // An interpreter may be one of several that hands over to another.
        let interpreter = argv
            .first()
            .filter(|argument| argument.ends_with("/python3"));
        let mut short = argv.clone();
        if interpreter.is_some() {
            "python3".clone_into(&mut short[0]);
        }
        let fits = fits(&argv) || fits(&short);
        seen.require(fits, || {
            format!("argv: expected {expected:?}, seen {argv:?}")
        });
    }
    if let Some(expected) = &expect.cwd {
        let expected = expected.replace("{app}", &seen.places.app);
        let expected = Path::new(&expected).canonicalize().unwrap();
        let cwd = first.0["cwd"].as_str().unwrap_or_default();
        seen.require(Path::new(cwd) == expected, || format!("cwd: {cwd}"));
    }
    let environment: BTreeMap<String, String> =
        serde_json::from_value(first.0["env"].clone()).unwrap();
    for (name, value) in expect.env.iter().flatten() {
        let fits = environment.get(name) == Some(value);
        seen.require(fits, || format!("{name}: {:?}", environment.get(name)));
    }
    let names = |environment: &BTreeMap<String, String>| -> BTreeSet<String> {
        environment.keys().cloned().collect()
    };
    let (of_host, of_handler) = (names(&host.environment), names(&environment));
    if let Some(expected) = &expect.env_added {
        let added: BTreeSet<&String> = of_handler.difference(&of_host).collect();
        let expected: BTreeSet<&String> = expected.iter().collect();
        seen.equal("env_added", Some(&expected), &added);
    }
    if let Some(expected) = &expect.env_lost {
        let lost: Vec<String> = of_host.difference(&of_handler).cloned().collect();
        seen.equal("env_lost", Some(expected), &lost);
    }
    for (a, b) in expect.env_equal.iter().flatten() {
        let equal = environment.get(a) == environment.get(b);
        seen.require(equal, || format!("{a} and {b} differ"));
    }
    for (descriptor, expected) in [("1", &expect.stdout), ("2", &expect.stderr)] {
        let link = first.0["fds"][descriptor].as_str().unwrap_or_default();
        let fits = expected
            .as_ref()
            .is_none_or(|expected| link.starts_with(expected.as_str()));
        seen.require(fits, || format!("descriptor {descriptor} is {link}"));
    }
    let blocked = first.0["sig"]["SigBlk"].as_str().unwrap_or_default();
    let blocked = u64::from_str_radix(blocked, 16).unwrap_or(u64::MAX);
    seen.equal("blocked signals", expect.blocked_signals.as_ref(), &blocked);
    if let Some(expected) = expect.same_process_group_as_host {
        let group = first.0["pgid"].as_i64();
        let of_host = rustix::process::Pid::from_raw(host.pid.try_into().unwrap())
            .and_then(|pid| rustix::process::getpgid(Some(pid)).ok())
            .map(|group| i64::from(group.as_raw_nonzero().get()));
        seen.equal(
            "same process group",
            Some(&expected),
            &(group == of_host && group.is_some()),
        );
    }
}

fn restarted(seen: &mut Seen<'_>, starts: &[&Event]) {
    let expect = seen.expect;
    let differing = |name: &str| {
        let values = starts.iter().map(|start| start.variable(name));
        values.collect::<BTreeSet<_>>().len()
    };
    if let Some(same) = expect.same_port {
        let fits = (differing("FUNCTIONS_CUSTOMHANDLER_PORT") == 1) == same;
        seen.require(fits, || "same_port".to_owned());
    }
    if let Some(new) = expect.new_worker_id {
        let fits = (differing("FUNCTIONS_CUSTOMHANDLER_WORKER_ID") == starts.len()) == new;
        seen.require(fits, || "new_worker_id".to_owned());
    }
    if let Some(port) = expect.port_is_not {
        let other = starts
            .iter()
            .all(|start| start.variable("FUNCTIONS_CUSTOMHANDLER_PORT") != port.to_string());
        seen.require(other, || format!("the port is {port}"));
    }
    if let Some(expected) = &expect.start_gaps {
        let gaps: Vec<f64> = starts
            .windows(2)
            .map(|pair| pair[1].time() - pair[0].time())
            .collect();
        let fits = gaps.len() == expected.len()
            && gaps
                .iter()
                .zip(expected)
                .all(|(gap, (from, to))| *gap >= from - 0.1 && *gap <= widened(*to));
        seen.require(fits, || {
            format!("start gaps: expected {expected:?}, seen {gaps:?}")
        });
    }
}

fn connections(seen: &mut Seen<'_>) {
    let (expect, events) = (seen.expect, &seen.observed.events);
    let opened: Vec<&Event> = events.iter().filter(|event| event.is("conn")).collect();
    seen.equal(
        "connections opened",
        expect.connections_opened.as_ref(),
        &opened.len(),
    );
    let most = opened.iter().filter_map(|event| event.0["max"].as_u64());
    seen.equal(
        "connections at once",
        expect.connections_max.as_ref(),
        &most.max().unwrap_or_default(),
    );
    if let Some((from, to)) = expect.closed_by_host_after_idle {
        let idle: Vec<f64> = events
            .iter()
            .filter(|event| event.is("closed by host"))
            .filter_map(|event| event.0["idle"].as_f64())
            .collect();
        let fits = !idle.is_empty()
            && idle
                .iter()
                .all(|idle| *idle >= from && *idle <= widened(to));
        seen.require(fits, || format!("closed by the host after {idle:?}"));
    }
}

fn ready(seen: &mut Seen<'_>, starts: &[&Event]) {
    let ready = seen.records.iter().find(|record| record.text == READY);
    let since = ready.map(|record| record.seen);
    let expect = seen.expect;
    seen.equal("ready", expect.ready.as_ref(), &since.is_some());
    if let Some((from, to)) = expect.ready_after {
        let after = since
            .zip(starts.first())
            .map(|(ready, start)| ready - start.time());
        let fits = after.is_some_and(|after| after >= from - 0.1 && after <= widened(to));
        seen.require(fits, || format!("ready after {after:?}"));
    }
}

fn ended(seen: &mut Seen<'_>, starts: &[&Event]) {
    let (expect, events) = (seen.expect, &seen.observed.events);
    let signals = events.iter().filter(|event| event.is("signal"));
    let signals: Vec<i32> = signals
        .filter_map(|event| event.0["signal"].as_i64()?.try_into().ok())
        .collect();
    seen.equal("signals", expect.handler_signals.as_ref(), &signals);
    if expect.handler_ended_by.as_deref() == Some("SIGKILL") {
        // The puppet writes down whatever else ends it.
        let killed = starts.first().is_some_and(|start| !runs(start.pid()))
            && !events
                .iter()
                .any(|event| event.is("exit") || event.is("dying"));
        seen.require(killed, || "the handler was not killed".to_owned());
    }
    if expect.child.as_deref() == Some("runs on") {
        let child = events.iter().find(|event| event.is("child"));
        let runs_on = child.is_some_and(|child| runs(child.pid()));
        seen.require(runs_on, || "the handler's child doesn't run".to_owned());
    }
}
