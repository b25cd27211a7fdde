//! `emulator host`: serves the app's functions over HTTP, as `func start` does.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use crate::common::functions_app::FunctionsApp;
use crate::common::interrupts::{Interrupts, interrupted};
use crate::common::{host_events, log_lines, output};
use functions_host::{HostEvent, HostService, HostState, HostVersion};

/// Serve the app's functions over HTTP, as `func start` does, and print invocations, logs and
/// violations until Ctrl+C.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  emulator host                           http://127.0.0.1:7071/api/HttpTrigger1
  emulator host --port 8080               Another port; 0 takes a free one
  emulator host --function-key s3cr3t-k3y 401 without ?code=s3cr3t-k3y or the header x-functions-key
  emulator host --transfer content-length As requests travel under the Core Tools

Ctrl+C lets invocations in flight end, for 30 seconds at most, and then kills the handler; a second Ctrl+C doesn't wait.

Then, in another terminal:
  curl -i http://127.0.0.1:7071/api/HttpTrigger1 -H 'Content-Type: application/json' -d @request.json

Exit status: 0 however the host came to stop, as with the real one; with --strict 1 when the handler broke the protocol.")]
pub(super) struct Host {
    /// The port to listen on, at 127.0.0.1.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    #[command(flatten)]
    app: FunctionsApp,
    /// The version of the host that is emulated.
    #[arg(long = "host-version", value_enum, default_value = "4.1052")]
    version: VersionArgument,
    /// How the log is printed.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
    /// How long a connection to the handler may be idle. Shorter than the real host's, it is for
    /// tests.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, hide = true)]
    idle_limit: u64,
    /// End with status 1 when the handler has broken the custom handler protocol.
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum VersionArgument {
    /// Of October 2024: a handler that ends with exit code 0 stays dead, and all later invocations
    /// fail.
    #[value(name = "4.1037")]
    V4_1037,
    /// Of 2026: since January 2026 such a handler is started again.
    #[value(name = "4.1052")]
    V4_1052,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line: the records of the host's log as the real host writes them, and the
    /// violations.
    Json,
}

/// Runs the command, until it is interrupted or the host stops by itself.
///
/// # Errors
/// When the port is taken, or there is no app.
pub(super) async fn run(arguments: Host) -> anyhow::Result<ExitCode> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; name a free port with --port"))?;
    let address = listener.local_addr().context("cannot tell the port")?;
    let (events, mut happened) = unbounded_channel();
    let version = match arguments.version {
        VersionArgument::V4_1037 => HostVersion::V4_1037,
        VersionArgument::V4_1052 => HostVersion::V4_1052,
    };
    let options = arguments.app.options()?.events(events);
    let options = options
        .host_version(version)
        .idle_limit(Duration::from_secs(arguments.idle_limit))
        .with_hangs();
    let interrupted = interrupted().context("cannot wait for Ctrl+C")?;
    let mut again = Interrupts::catch().context("cannot wait for Ctrl+C")?;
    let twice = async {
        again.next().await;
        again.next().await;
    };
    let log = arguments.log_format;
    let service = HostService::start(options).await;
    let mut violations = 0;
    let mut tell = |event: &HostEvent| {
        violations += usize::from(matches!(event, HostEvent::Violation(_)));
        match log {
            LogFormat::Text => host_events::show(event),
            LogFormat::Json => log_lines::event(event),
        }
    };
    match log {
        LogFormat::Text => introduce(&service.state(), address),
        LogFormat::Json => log_lines::listening(address),
    }
    let serving = service.serve(listener, interrupted);
    tokio::pin!(serving, twice);
    let served = loop {
        tokio::select! {
            Some(event) = happened.recv() => tell(&event),
            served = &mut serving => break served,
            // There is no need to wait for what is in flight.
            () = &mut twice => break Ok(()),
        }
    };
    service.stop().await;
    while let Ok(event) = happened.try_recv() {
        tell(&event);
    }
    served.context("cannot serve any longer")?;
    if log == LogFormat::Text {
        output::verdict(violations);
    }
    Ok(if arguments.strict && violations > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn introduce(state: &HostState, address: SocketAddr) {
    use output::{BAD, HEADING, QUIET};
    let host = match state {
        HostState::Running(host) => host,
        HostState::Error(error) => {
            anstream::println!(
                "{BAD}{error}{BAD:#}\n\nThe host is tried again until this is mended, and meanwhile answers every request at \
                 http://{address} with 503.\n{QUIET}Ctrl+C stops it.{QUIET:#}\n"
            );
            return;
        }
        HostState::Starting | HostState::Stopping(_) | HostState::Stopped => return,
    };
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
