//! `emulator host`: serves the app's functions over HTTP, as `func start` does.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::common::functions_app::{self, FunctionsApp};
use crate::common::output;
use functions_host::{FunctionsHost, HostEvent, Invocation};

/// Serve the app's functions over HTTP, as `func start` does, and print invocations, logs and violations until Ctrl+C.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  emulator host                           http://127.0.0.1:7071/api/HttpTrigger1
  emulator host --port 8080               Another port; 0 takes a free one
  emulator host --function-key s3cr3t-k3y 401 without ?code=s3cr3t-k3y or the header x-functions-key
  emulator host --transfer content-length As requests travel under the Core Tools

Then, in another terminal:
  curl -i http://127.0.0.1:7071/api/HttpTrigger1 -H 'Content-Type: application/json' -d @request.json

Exit status: 0 when the handler kept the custom handler protocol until the end, 1 when it did not.")]
pub struct Host {
    /// The port to listen on, at 127.0.0.1.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    #[command(flatten)]
    app: FunctionsApp,
}

/// Runs the command, until it is interrupted or the host gives up.
///
/// # Errors
/// When the port is taken, or the host can't be started or stops by itself.
pub async fn run(arguments: Host) -> anyhow::Result<ExitCode> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; name a free port with --port"))?;
    let address = listener.local_addr().context("cannot tell the port")?;
    let (events, mut happened) = unbounded_channel();
    let options = arguments.app.options()?.events(events);
    let mut interrupted = std::pin::pin!(interrupted().context("cannot wait for Ctrl+C")?);
    let host = tokio::select! {
        host = functions_app::start(options) => host?,
        () = &mut interrupted => return Ok(ExitCode::FAILURE),
    };
    introduce(&host, address);
    let ended = tokio::select! {
        served = host.serve(listener) => served.context("cannot serve any longer"),
        () = show_events(&mut happened) => Ok(()),
        () = host.wait_until(FunctionsHost::is_stopped) => Err(anyhow::Error::msg("the host has stopped, see above")),
        () = interrupted => Ok(()),
    };
    host.stop().await;
    while let Ok(event) = happened.try_recv() {
        show(&event);
    }
    ended?;
    Ok(output::verdict(&host))
}

/// Ctrl+C, or a polite request to end; caught from the call on, and not only once it is waited for.
#[cfg(unix)]
pub(crate) fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl+C.
#[cfg(windows)]
pub(crate) fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn introduce(host: &FunctionsHost, address: SocketAddr) {
    use output::{HEADING, QUIET};
    anstream::println!("{HEADING}Functions:{HEADING:#}\n");
    for function in host.functions() {
        let methods = if function.methods().is_empty() {
            "all methods".to_owned()
        } else {
            function.methods().join(",")
        };
        let what = match function.route() {
            _ if function.is_disabled() => "disabled".to_owned(),
            Some(route) => format!("[{methods}] http://{address}/{route}"),
            None => "not an HTTP trigger, so nothing is served for it".to_owned(),
        };
        anstream::println!("  {}: {what}", function.name);
    }
    anstream::println!("\n{QUIET}Ctrl+C stops the host.{QUIET:#}\n");
}

pub(crate) async fn show_events(happened: &mut UnboundedReceiver<HostEvent>) {
    while let Some(event) = happened.recv().await {
        show(&event);
    }
}

pub(crate) fn show(event: &HostEvent) {
    use output::QUIET;
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
    use output::{BAD, GOOD, HEADING, QUIET};
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
