//! The host itself: started for an app, watched, stopped. How it invokes a function is in
//! `dispatch`.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::answer::violation::Violation;
use crate::app::function::Function;
use crate::app::functions_app::App;
use crate::bindings::Stores;
use crate::invoke::authorization::Keys;
use crate::invoke::bindings;
use crate::invoke::record::Record;
use crate::log::record::{LogRecord, STARTUP};
use crate::options::HostOptions;
use crate::process::console::HandlerLine;
use crate::process::exit::HandlerExit;
use crate::process::port::Port;
use crate::process::supervisor::{Command, Phase, Status, Supervisor};
use crate::start_error::StartError;

/// The event of a function that can't be used.
const FUNCTION_ERROR: u32 = 402;

/// Where the host tells of the handler's section in `host.json`.
const HANDLER_SECTION: &str = "Microsoft.Azure.WebJobs.Script.Workers.Http.HttpWorkerOptionsSetup";
/// The setting that says `custom`; the host goes on without it.
const WORKER_RUNTIME: &str = "FUNCTIONS_WORKER_RUNTIME";

/// A running host. Clones are the same host; when the last one is dropped, the handler is killed.
#[derive(Clone)]
pub struct FunctionsHost {
    pub(crate) app: Arc<App>,
    pub(crate) options: Arc<HostOptions>,
    pub(crate) keys: Arc<Keys>,
    port: Arc<Port>,
    pub(crate) record: Arc<Record>,
    pub(crate) stores: Arc<Stores>,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    _supervisor: Arc<SupervisorTask>,
}

/// Shows neither keys nor settings.
impl std::fmt::Debug for FunctionsHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionsHost")
            .field("app", &self.app.root)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The supervisor ends with the host.
#[derive(Debug)]
struct SupervisorTask(JoinHandle<()>);

impl Drop for SupervisorTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl FunctionsHost {
    /// Loads the app, starts its handler and waits until that is ready.
    ///
    /// # Errors
    /// When the app can't be loaded, or the handler can't be started or never answers `GET /`.
    pub async fn start(options: HostOptions) -> Result<Self, StartError> {
        let host = Self::launch(options)?;
        let mut status = host.status.clone();
        let settled = status
            .wait_for(|status| !matches!(status.phase, Phase::Starting))
            .await
            .map(|status| status.phase.clone());
        match settled {
            Ok(Phase::NotStarted(detail)) => Err(StartError::CannotStart(detail)),
            Ok(Phase::GivenUp | Phase::Stopped) | Err(_) => Err(StartError::NeverReady {
                violations: host.record.violations(),
                output: host.record.lines(),
            }),
            Ok(Phase::Starting | Phase::Ready(_) | Phase::NotNeeded) => Ok(host),
        }
    }

    /// Loads the app and starts its handler, without waiting for that.
    pub(crate) fn launch(options: HostOptions) -> Result<Self, StartError> {
        let app =
            App::load(&options.app_root, |name| options.variable(name)).map_err(StartError::App)?;
        let (app, options) = (Arc::new(app), Arc::new(options));
        let port = Port::find().map_err(StartError::Port)?;
        let record = Arc::new(Record::new(options.events.clone()));
        let stores = Arc::new(bindings::stores(&app, &options, &record)?);
        let (function_key, master_key) = (options.function_key.clone(), options.master_key.clone());
        for key in [&function_key, &master_key].into_iter().flatten() {
            record.guard(key.expose_secret());
        }
        tell_of_the_app(&app, &options, &record);
        bindings::tell_of_traps(&app, &options, &record);
        let (status_sender, status) = watch::channel(Status::default());
        let (commands, command_receiver) = mpsc::unbounded_channel();
        let supervisor = Supervisor {
            app: Arc::clone(&app),
            options: Arc::clone(&options),
            port: port.number(),
            record: Arc::clone(&record),
            status: status_sender,
            commands: command_receiver,
        };
        Ok(Self {
            app,
            options,
            keys: Arc::new(Keys::new(function_key, master_key)),
            port: Arc::new(port),
            record,
            stores,
            status,
            commands,
            _supervisor: Arc::new(SupervisorTask(tokio::spawn(supervisor.run()))),
        })
    }

    /// Whether another one is the same start of the app.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.record, &other.record)
    }

    /// Whether a change of the app's files makes the host start anew; on unless a setting turns it
    /// off.
    pub(crate) fn watches_files(&self) -> bool {
        let setting = self
            .options
            .variable("AzureFunctionsJobHost__FileWatchingEnabled");
        !setting.is_some_and(|value| value.eq_ignore_ascii_case("false"))
            && self.app.settings.watches_files
    }

    /// Waits until the host is to stop by itself.
    pub(crate) async fn gives_up(&self) {
        let mut status = self.status.clone();
        // Without a supervisor there is nothing left that could go on.
        let _ = status.wait_for(|status| status.stopping).await;
    }

    /// Ends the handler as [`HostOptions::shutdown`] says, and says how it ended. Without one
    /// running: how the last one did.
    pub async fn stop(&self) -> Option<HandlerExit> {
        // When nobody takes the command, the host has stopped before.
        let _ = self.commands.send(Command::Stop);
        let mut status = self.status.clone();
        let stopped = status
            .wait_for(|status| matches!(status.phase, Phase::Stopped))
            .await;
        stopped.ok().and_then(|status| status.exit.clone())
    }

    /// All violations so far: of answers, of the process and in its lines.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.record.violations()
    }

    /// The lines that handler processes have printed so far, up to the latest 100,000.
    #[must_use]
    pub fn output(&self) -> Vec<HandlerLine> {
        self.record.lines()
    }

    /// The host's log so far, up to the latest 100,000 records.
    #[must_use]
    pub fn log(&self) -> Vec<LogRecord> {
        self.record.log_records()
    }

    /// Waits until a condition on the host holds; it is looked at again whenever something happens.
    pub async fn wait_until(&self, condition: impl Fn(&Self) -> bool) {
        let (mut changes, mut status) = (self.record.changes(), self.status.clone());
        while !condition(self) {
            tokio::select! {
                Ok(()) = changes.changed() => {}
                Ok(()) = status.changed() => {}
                else => return,
            }
        }
    }

    /// The process id of the handler that runs now.
    #[must_use]
    pub fn handler_pid(&self) -> Option<u32> {
        self.status.borrow().pid
    }

    /// How often a handler was started so far.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.status.borrow().generation
    }

    /// Whether the host has given up, or was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        let status = self.status.borrow();
        status.stopping || matches!(status.phase, Phase::Stopped)
    }

    /// The port that the handler listens on; the same after a restart.
    #[must_use]
    pub fn handler_port(&self) -> u16 {
        self.port.number()
    }

    /// The handler's own address, `http://127.0.0.1:PORT`, for those who want to go around the
    /// host.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.handler_port())
    }

    /// The app's functions, in the order in which their routes are tried.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.app.functions
    }
}

/// What the host says of an app before it starts the handler.
fn tell_of_the_app(app: &App, options: &HostOptions, record: &Record) {
    for warning in &app.settings.warnings {
        record.log(LogRecord::warning(HANDLER_SECTION, warning));
    }
    let runtime = options.variable(WORKER_RUNTIME);
    let runtime = runtime.or_else(|| app.local_setting(WORKER_RUNTIME));
    if runtime.is_none_or(|runtime| runtime.is_empty()) {
        let text =
            format!("The '{WORKER_RUNTIME}' setting is required. Please specify a valid value.");
        record.log(LogRecord::warning(STARTUP, text));
    }
    for (name, problem) in &app.functions_in_error {
        let text = format!("The '{name}' function is in error: {problem}");
        record.log(LogRecord::error(STARTUP, text).event(FUNCTION_ERROR));
    }
    if app.functions.is_empty() {
        let text = "No job functions found. The handler is not started without one.";
        record.log(LogRecord::warning(STARTUP, text));
    }
}
