//! What happens in the emulated host, as lines for people.

use tokio::sync::mpsc::UnboundedReceiver;

use crate::common::output::{self, BAD, GOOD, HEADING, QUIET};
use functions_host::{HostEvent, Invocation};

/// Shows all events until the host is gone.
pub(crate) async fn show_all(happened: &mut UnboundedReceiver<HostEvent>) {
    while let Some(event) = happened.recv().await {
        show(&event);
    }
}

/// Shows one event.
pub(crate) fn show(event: &HostEvent) {
    let quietly = |text: String| {
        anstream::println!("{QUIET}{text}{QUIET:#}");
    };
    match event {
        HostEvent::Started { pid, port } => {
            quietly(format!("handler started: process {pid}, port {port}"));
        }
        HostEvent::Ready => quietly("handler ready".to_owned()),
        HostEvent::Ended(exit) => quietly(format!("handler ended: {exit}")),
        HostEvent::Line(line) => output::handler_line(line),
        HostEvent::Logged(record) => output::record(record),
        HostEvent::Violation(violation) => output::violation(violation),
        HostEvent::Invoked(invocation) => show_invocation(invocation),
    }
}

fn show_invocation(invocation: &Invocation) {
    let (status, id) = (invocation.response.status, &invocation.id);
    let style = if status < 500 { GOOD } else { BAD };
    let function = invocation.function.as_deref().unwrap_or("no function");
    anstream::println!(
        "{HEADING}{} {}{HEADING:#} {style}{status}{style:#} {QUIET}{function}, {:?}, {id}{QUIET:#}",
        invocation.method,
        invocation.path,
        invocation.duration,
    );
    for line in &invocation.logs {
        output::labelled("log", line, QUIET);
    }
}
