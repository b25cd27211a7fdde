//! `emulator allocate`: sends allocation requests through the emulated host, and shows what becomes
//! of the devices.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::common::functions_app::{self, FunctionsApp, NeverReadyError};
use crate::common::interrupts::Interrupts;
use crate::common::output;
use crate::common::saves::Saves;
use crate::common::tutorial::DEVICES;
use crate::common::webhook_host::webhook;
use emulator_text::{escaped, read_text};
use functions_host::{HostEvent, HttpRequest, Invocation};
use provisioning::{AllocationRequest, WebhookOutcome};

/// Let devices register: start the handler behind the emulated Functions host, send it a request
/// for each device, and show the answer, the function's logs, and what the Device Provisioning
/// Service makes of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  emulator allocate                               The tutorial's toaster, its heat pump, and a stranger
  emulator allocate my-contoso-tstrsd-007         A toaster of your own; the tutorial's rules know no other ids
  emulator allocate request.json                  A whole AllocationRequest of your own
  emulator allocate --handler ./handler           A handler that is built already
  emulator allocate --function-key s3cr3t-k3y     With keys checked, and this one sent
  emulator allocate --watch                       Again at each save of allocation.json

Exit status: 0 when the handler kept the custom handler protocol, whatever became of the devices; 1 when it did not, or a file could not be used.")]
pub(super) struct Allocate {
    /// A registration id, or a file that ends in .json and holds a whole request.
    #[arg(value_name = "REGISTRATION_ID | REQUEST.json")]
    devices: Vec<String>,
    /// The function that is the webhook; needed only when several functions take a POST.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Do it again whenever a JSON file of the app, or one that is named here, is saved; Ctrl+C
    /// ends it.
    #[arg(short, long)]
    watch: bool,
    /// Show what the handler prints, too; without it, only once it has failed.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    app: FunctionsApp,
}

/// A request to send.
struct Registration {
    name: String,
    body: Vec<u8>,
    linked_hubs: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When a request can't be read, or the host can't be started.
pub(super) async fn run(arguments: Allocate) -> anyhow::Result<ExitCode> {
    if arguments.watch {
        watch(&arguments).await
    } else {
        allocate(&arguments).await
    }
}

/// Lets the devices register at each save, until it is interrupted.
async fn watch(arguments: &Allocate) -> anyhow::Result<ExitCode> {
    let mut interrupts = Interrupts::catch().context("cannot wait for Ctrl+C")?;
    let files = arguments.devices.iter().filter(|device| is_file(device));
    let files = files.map(PathBuf::from);
    let app = arguments.app.folder()?;
    let rows = arguments.app.rows_file().map(Path::to_owned);
    let others = files.chain(rows).chain(named_policy(&app));
    let mut saves = Saves::of(&app, others.collect());
    let rounds = async {
        loop {
            match allocate(arguments).await {
                Ok(_) => {}
                Err(error) => match error.downcast_ref::<NeverReadyError>() {
                    // Why it doesn't start, in its own words: most likely the file that was saved.
                    Some(handler) if !handler.printed.is_empty() => {
                        show_unusable(&anyhow::Error::msg(handler.printed.clone()));
                    }
                    _ => show_unusable(&error),
                },
            }
            anstream::println!(
                "{QUIET}Waiting for the next save. Ctrl+C ends it.{QUIET:#}\n",
                QUIET = output::QUIET
            );
            saves.next().await;
        }
    };
    tokio::select! {
        never = rounds => never,
        () = interrupts.next() => Ok(ExitCode::SUCCESS),
    }
}

/// The file that a setting names in the place of `allocation.json`: the variable wins, as under the
/// host.
fn named_policy(app: &Path) -> Option<PathBuf> {
    const SETTING: &str = "ALLOCATION_POLICY";
    let variable = std::env::var(SETTING).ok();
    let named = variable.or_else(|| {
        let text = read_text(&app.join("local.settings.json")).ok()?;
        let settings: serde_json::Value = serde_json::from_str(&text).ok()?;
        settings["Values"][SETTING].as_str().map(str::to_owned)
    });
    named
        .filter(|name| !name.is_empty())
        .map(|name| app.join(name))
}

/// Lets each device register once.
async fn allocate(arguments: &Allocate) -> anyhow::Result<ExitCode> {
    let devices = if arguments.devices.is_empty() {
        DEVICES.map(str::to_owned).to_vec()
    } else {
        arguments.devices.clone()
    };
    let registrations = devices
        .iter()
        .map(|device| Registration::of(device))
        .collect::<Vec<_>>();
    let unusable = registrations.iter().filter(|read| read.is_err()).count();
    if unusable == registrations.len() {
        return Err(all_of(registrations));
    }
    let (events, mut happened) = unbounded_channel();
    let host = functions_app::start(arguments.app.options()?.events(events)).await?;
    let webhook = webhook(&host, arguments.function.as_deref())?;
    let key = arguments.app.function_key();
    let mut shows_lines = arguments.verbose;
    for registration in registrations {
        let registration = match registration {
            Ok(registration) => registration,
            Err(error) => {
                show_unusable(&error);
                continue;
            }
        };
        let mut request = HttpRequest::post(format!("/{webhook}"))
            .header("Content-Type", "application/json; charset=utf-8")
            .body(registration.body);
        if let Some(key) = key {
            request = request.header("x-functions-key", key);
        }
        let earlier: Vec<HostEvent> = drain(&mut happened).collect();
        let invocation = host.invoke(request).await;
        show(&registration.name, &registration.linked_hubs, &invocation);
        show_events(earlier, shows_lines);
        // What the handler prints while it fails is why it does.
        shows_lines |= invocation.response.status >= 500;
        show_events(drain(&mut happened), shows_lines);
        anstream::println!();
    }
    host.stop().await;
    show_events(drain(&mut happened), shows_lines);
    let verdict = output::verdict(host.violations().len());
    Ok(if unusable == 0 {
        verdict
    } else {
        ExitCode::FAILURE
    })
}

/// What is wrong with the files when none can be used.
fn all_of(registrations: Vec<anyhow::Result<Registration>>) -> anyhow::Error {
    let errors = registrations.into_iter().filter_map(Result::err);
    let sentences: Vec<String> = errors.map(|error| format!("{error:#}")).collect();
    anyhow::Error::msg(sentences.join("; "))
}

/// Tells that one file can't be used; the others go on.
fn show_unusable(error: &anyhow::Error) {
    let text = format!("{error:#}");
    let lines: Vec<String> = text.lines().map(escaped).collect();
    let text = lines.join("\n");
    anstream::println!("{}error: {text}{:#}\n", output::BAD, output::BAD);
}

/// Whether a device stands in a file.
fn is_file(device: &str) -> bool {
    let extension = Path::new(device).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

impl Registration {
    fn of(device: &str) -> anyhow::Result<Self> {
        if is_file(device) {
            return Self::from_file(Path::new(device));
        }
        let request = AllocationRequest::tutorial(device);
        let body = request
            .to_json()
            .context("cannot write the request")?
            .into_bytes();
        Ok(Self {
            name: device.to_owned(),
            body,
            linked_hubs: request.linked_hubs().to_vec(),
        })
    }

    /// The file goes to the webhook as it is, in UTF-8 without a mark, as the service sends it. Its
    /// hubs are read so that the answer can be judged; it may lack them, to see a refusal.
    fn from_file(path: &Path) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Hubs {
            linked_hubs: Option<Vec<String>>,
        }

        let name = path.display().to_string();
        let body = read_text(path).with_context(|| format!("cannot read the request {name}"))?;
        let _: serde_json::Value = serde_json::from_str(&body)
            .with_context(|| format!("{name} is not JSON; it must hold an AllocationRequest"))?;
        let hubs = serde_json::from_str::<Hubs>(&body)
            .ok()
            .and_then(|request| request.linked_hubs);
        Ok(Self {
            name,
            body: body.into_bytes(),
            linked_hubs: hubs.unwrap_or_default(),
        })
    }
}

fn show(name: &str, linked_hubs: &[String], invocation: &Invocation) {
    use output::{BAD, CAUTION, GOOD, HEADING};
    let response = &invocation.response;
    anstream::println!("{HEADING}{name}{HEADING:#}");
    let content_type = response.header("Content-Type").unwrap_or_default();
    output::labelled(
        "answer",
        format!("{} {content_type}", response.status).trim_end(),
        HEADING,
    );
    output::labelled("", &response.text(), anstyle::Style::new());
    for line in &invocation.logs {
        output::labelled("log", line, output::QUIET);
    }
    // DPS takes no status that HTTP does not have.
    let status = u16::try_from(response.status).unwrap_or_default();
    let outcome = WebhookOutcome::judge(status, &response.body, linked_hubs);
    let style = match outcome {
        WebhookOutcome::Assigned { .. } => GOOD,
        WebhookOutcome::Failed { .. } => BAD,
        WebhookOutcome::Retry { .. } => CAUTION,
    };
    output::labelled("DPS", &outcome.to_string(), style);
    for remark in outcome.remarks() {
        output::labelled("", remark, CAUTION);
    }
}

fn drain(happened: &mut UnboundedReceiver<HostEvent>) -> impl Iterator<Item = HostEvent> {
    std::iter::from_fn(|| happened.try_recv().ok())
}

/// What happened meanwhile: violations always, the handler's lines when asked for.
fn show_events(happened: impl IntoIterator<Item = HostEvent>, with_lines: bool) {
    for event in happened {
        match event {
            HostEvent::Violation(violation) => output::violation(&violation),
            // Why an invocation failed before the handler was asked, and what of a binding is
            // dangerous.
            HostEvent::Logged(record)
                if record.exception.is_some() || record.category == "Emulator.Bindings" =>
            {
                output::record(&record);
            }
            HostEvent::Line(line) if with_lines => output::handler_line(&line),
            _ => {}
        }
    }
}
