//! The host itself: started for an app, watched, stopped. How it invokes a function is in `dispatch`.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::answer::violation::Violation;
use crate::app::function::Function;
use crate::app::functions_app::{App, AppError};
use crate::invoke::record::Record;
use crate::log::record::LogRecord;
use crate::options::HostOptions;
use crate::process::console::HandlerLine;
use crate::process::exit::HandlerExit;
use crate::process::port::Port;
use crate::process::supervisor::{Command, Phase, Status, Supervisor};

/// A running host. Clones are the same host; when the last one is dropped, the handler is killed.
#[derive(Debug, Clone)]
pub struct FunctionsHost {
    pub(crate) app: Arc<App>,
    pub(crate) options: Arc<HostOptions>,
    port: Arc<Port>,
    pub(crate) record: Arc<Record>,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    _supervisor: Arc<SupervisorTask>,
}

/// The supervisor ends with the host.
#[derive(Debug)]
struct SupervisorTask(JoinHandle<()>);

impl Drop for SupervisorTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a host could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The app can't be loaded.
    App(AppError),
    /// There is no free port for the handler.
    Port(std::io::Error),
    /// The handler's process can't be started.
    CannotStart(String),
    /// The handler was started, but never got ready.
    NeverReady {
        /// What it did wrong.
        violations: Vec<Violation>,
        /// What it printed.
        output: Vec<HandlerLine>,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(error) => error.fmt(f),
            Self::Port(error) => write!(
                f,
                "there is no free port on 127.0.0.1 for the handler: {error}"
            ),
            Self::CannotStart(detail) => f.write_str(detail),
            Self::NeverReady { violations, output } => {
                f.write_str("the handler never got ready")?;
                for violation in violations {
                    write!(f, "\n  {violation}")?;
                }
                if !output.is_empty() {
                    f.write_str("\nIt printed:")?;
                }
                output
                    .iter()
                    .try_for_each(|line| write!(f, "\n  {}", line.text))
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::App(error) => Some(error),
            Self::Port(error) => Some(error),
            Self::CannotStart(_) | Self::NeverReady { .. } => None,
        }
    }
}

impl FunctionsHost {
    /// Loads the app, starts its handler and waits until that is ready.
    ///
    /// # Errors
    /// When the app can't be loaded, or the handler can't be started or never answers `GET /`.
    pub async fn start(options: HostOptions) -> Result<Self, StartError> {
        let app = App::load(&options.app_root, |name| std::env::var(name).ok())
            .map_err(StartError::App)?;
        let (app, options) = (Arc::new(app), Arc::new(options));
        let port = Port::find().map_err(StartError::Port)?;
        let record = Arc::new(Record::new(options.events.clone()));
        if let Some(key) = &options.function_key {
            record.guard(key);
        }
        let (status_sender, mut status) = watch::channel(Status::default());
        let (commands, command_receiver) = mpsc::unbounded_channel();
        let supervisor = Supervisor {
            app: Arc::clone(&app),
            options: Arc::clone(&options),
            port: port.number(),
            record: Arc::clone(&record),
            status: status_sender,
            commands: command_receiver,
        };
        let task = Arc::new(SupervisorTask(tokio::spawn(supervisor.run())));
        let settled = status
            .wait_for(|status| !matches!(status.phase, Phase::Starting))
            .await
            .map(|status| status.phase.clone());
        match settled {
            Ok(Phase::CannotStart(detail)) => return Err(StartError::CannotStart(detail)),
            Ok(Phase::Stopped) | Err(_) => {
                return Err(StartError::NeverReady {
                    violations: record.violations(),
                    output: record.lines(),
                });
            }
            Ok(Phase::Starting | Phase::Ready(_) | Phase::LeftDead(_)) => {}
        }
        Ok(Self {
            app,
            options,
            port: Arc::new(port),
            record,
            status,
            commands,
            _supervisor: task,
        })
    }

    /// Ends the handler as [`HostOptions::shutdown`] says, and says how it ended. Without one running: how the last one did.
    pub async fn stop(&self) -> Option<HandlerExit> {
        // When nobody takes the command, the host has stopped before.
        let _ = self.commands.send(Command::Stop);
        let mut status = self.status.clone();
        let stopped = status
            .wait_for(|status| matches!(status.phase, Phase::Stopped | Phase::CannotStart(_)))
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
        matches!(
            self.status.borrow().phase,
            Phase::Stopped | Phase::CannotStart(_)
        )
    }

    /// The port that the handler listens on; the same after a restart.
    #[must_use]
    pub fn handler_port(&self) -> u16 {
        self.port.number()
    }

    /// The handler's own address, `http://127.0.0.1:PORT`, for those who want to go around the host.
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
