//! Keeps a handler running, as the host does: started, polled, restarted, given up.
//!
//! One task owns the process and the account of its errors; everybody else reads its status and
//! sends it commands. Source: `HttpFunctionInvocationDispatcher` and `WorkerProcess` of
//! <https://github.com/Azure/azure-functions-host>.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::answer::violation::Violation;
use crate::app::functions_app::App;
use crate::client::HandlerClient;
use crate::invoke::record::{HostEvent, Record};
use crate::log::record::{DISPATCHER, LogRecord, of_process};
use crate::options::{HostOptions, Shutdown};
use crate::process::exit::HandlerExit;
use crate::process::launch::{self, Launch};
use crate::process::readiness;
use crate::process::worker::Worker;
use crate::process::worker_errors::{Verdict, WorkerErrors};

/// The exit code by which a handler asks to be started again.
const RESTART_ME: i32 = 200;
/// The real host would restart for ever a handler that ends with 0 or 200 at once; so often is
/// enough to see it.
const MAX_FUTILE_RESTARTS: u32 = 10;
/// How much longer than a function the host's HTTP client waits.
const CLIENT_TIMEOUT: Duration = Duration::from_mins(1);

/// Where the handler stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    pub(crate) phase: Phase,
    pub(crate) pid: Option<u32>,
    /// Counts the starts.
    pub(crate) generation: u64,
    /// How the last process ended.
    pub(crate) exit: Option<HandlerExit>,
    /// The host is to stop, for whatever reason. The handler runs on until it does.
    pub(crate) stopping: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Phase {
    /// It isn't ready yet, or not again.
    #[default]
    Starting,
    /// It has answered, and the host knows of no end.
    Ready(HandlerClient),
    /// The process could not be started, and nobody tries again.
    NotStarted(String),
    /// The app has no functions, and so it needs no handler.
    NotNeeded,
    /// It has failed too often.
    GivenUp,
    /// The host was stopped.
    Stopped,
}

/// What others may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    /// Ends the handler and the host.
    Stop,
    /// The host is to stop, once what is in flight has ended.
    GiveUp,
    /// An invocation took too long on this start of the handler.
    FunctionTimedOut { generation: u64 },
}

pub(crate) struct Supervisor {
    pub(crate) app: Arc<App>,
    pub(crate) options: Arc<HostOptions>,
    pub(crate) port: u16,
    pub(crate) record: Arc<Record>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
}

/// Why a process is no more.
enum Ending {
    Stopped,
    FunctionTimedOut,
    NotReadyInTime,
    /// With the last errors that it printed.
    ByItself {
        pid: u32,
        exit: HandlerExit,
        errors: Vec<String>,
    },
}

/// One start of the handler.
struct Start {
    worker_id: String,
    launch: Launch,
}

impl Supervisor {
    /// Runs until the host is stopped.
    pub(crate) async fn run(mut self) {
        if self.app.functions.is_empty() {
            self.update(|status| status.phase = Phase::NotNeeded);
        } else if let Err(error) = self.keep_running().await {
            self.update(|status| status.phase = Phase::NotStarted(error.to_string()));
        }
        while !matches!(self.status.borrow().phase, Phase::Stopped) {
            match self.commands.recv().await {
                Some(Command::Stop) | None => self.update(|status| status.phase = Phase::Stopped),
                Some(Command::GiveUp) => self.update(|status| status.stopping = true),
                Some(Command::FunctionTimedOut { .. }) => {}
            }
        }
    }

    async fn keep_running(&mut self) -> io::Result<()> {
        let mut errors = WorkerErrors::default();
        let mut futile_restarts = 0;
        loop {
            let worker_id = Uuid::new_v4().to_string();
            let launch = launch::plan(&self.app, &self.options, self.port, &worker_id, |name| {
                self.options.variable(name)
            });
            let start = Start { worker_id, launch };
            self.update(|status| {
                status.phase = Phase::Starting;
                status.generation += 1;
            });
            let errors_only = &self.app.settings.description;
            let errors_only = errors_only.use_std_error_stream_for_errors_only;
            let worker = Worker::start(&start.launch, &start.worker_id, errors_only, &self.record);
            let (ending, was_ready) = match worker {
                Ok(worker) => self.attend(worker).await?,
                Err(error) => (self.tell_of_no_start(&start, &error).await, false),
            };
            if matches!(ending, Ending::Stopped) {
                self.update(|status| status.phase = Phase::Stopped);
                return Ok(());
            }
            let is_error = self.tell_of_end(&start, &ending);
            futile_restarts = if was_ready || is_error {
                0
            } else {
                futile_restarts + 1
            };
            if futile_restarts == MAX_FUTILE_RESTARTS {
                let restarts = futile_restarts;
                self.give_up(Violation::RestartLoop { restarts });
                return Ok(());
            }
            if is_error && let Verdict::StopHost { errors } = errors.push(Instant::now()) {
                self.record.log(LogRecord::error(
                    DISPATCHER,
                    "Exceeded http worker restart retry count. Shutting down Functions Host",
                ));
                self.give_up(Violation::HostStopped { errors });
                return Ok(());
            }
        }
    }

    /// Stays with one process until it is no more, and says whether it was ever ready.
    async fn attend(&mut self, mut worker: Worker) -> io::Result<(Ending, bool)> {
        let client = HandlerClient::new(self.port, self.options.idle_limit);
        let pid = worker.pid();
        self.update(|status| status.pid = pid);
        self.record.tell(HostEvent::Started {
            pid: pid.unwrap_or_default(),
            port: self.port,
        });
        let generation = self.status.borrow().generation;
        let (record, limits) = (Arc::clone(&self.record), self.readiness_limits());
        let readiness = readiness::wait(&client, limits, &record);
        tokio::pin!(readiness);
        let (mut is_ready, mut is_left_dead) = (false, false);
        let kill = (Shutdown::Kill, Duration::ZERO);
        let (ending, (shutdown, grace)) = loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(Command::Stop) | None => {
                        break (Ending::Stopped, (self.options.shutdown, self.options.grace));
                    }
                    Some(Command::FunctionTimedOut { generation: late }) if late == generation => {
                        break (Ending::FunctionTimedOut, kill);
                    }
                    Some(Command::FunctionTimedOut { .. }) => {}
                    Some(Command::GiveUp) => self.update(|status| status.stopping = true),
                },
                exit = worker.exited(), if !is_left_dead => {
                    let exit = exit?;
                    is_left_dead = exit.code == Some(0)
                        && !self.options.host_version.restarts_after_exit_zero();
                    let phase = if is_left_dead { None } else { Some(Phase::Starting) };
                    self.note_end(exit.clone(), phase);
                    let errors = worker.last_lines().await;
                    self.record.tell(HostEvent::Ended(exit.clone()));
                    if is_left_dead {
                        self.record.violation(Violation::LeftDead);
                    } else {
                        let pid = pid.unwrap_or_default();
                        return Ok((Ending::ByItself { pid, exit, errors }, is_ready));
                    }
                }
                in_time = &mut readiness, if !is_ready => {
                    if !in_time {
                        break (Ending::NotReadyInTime, kill);
                    }
                    is_ready = true;
                    readiness::check_address(self.port, &self.record).await;
                    self.update(|status| status.phase = Phase::Ready(client.clone()));
                    self.record.tell(HostEvent::Ready);
                    self.record.log(LogRecord::information(
                        DISPATCHER,
                        "Worker process started and initialized.",
                    ));
                }
            }
        };
        let exit = worker.end(shutdown, grace).await?;
        self.note_end(exit.clone(), Some(Phase::Starting));
        if !is_left_dead {
            self.record.tell(HostEvent::Ended(exit));
        }
        Ok((ending, is_ready))
    }

    /// The real host writes it down, and then nothing happens until somebody asks for the handler.
    async fn tell_of_no_start(&mut self, start: &Start, error: &io::Error) -> Ending {
        let program = start.launch.program.display().to_string();
        let detail = without_code(error);
        let exception = format!(
            "System.ComponentModel.Win32Exception ({}): An error occurred trying to start process '{program}' with working directory \
             '{}'. {detail}",
            error.raw_os_error().unwrap_or_default(),
            start.launch.working_directory.display(),
        );
        let text = format!("Failed to start Worker Channel. Process fileName: {program}");
        let record = LogRecord::error(of_process(&start.worker_id), text);
        self.record.log(record.exception(exception));
        self.record.violation(Violation::CannotStart {
            program: program.clone(),
            detail,
        });
        let problem = format!("cannot start {program}: {error}");
        self.update(|status| status.phase = Phase::NotStarted(problem));
        loop {
            match self.commands.recv().await {
                Some(Command::Stop) | None => return Ending::Stopped,
                Some(Command::FunctionTimedOut { .. }) => return Ending::FunctionTimedOut,
                Some(Command::GiveUp) => self.update(|status| status.stopping = true),
            }
        }
    }

    /// Writes down how a process ended, and says whether it counts as an error.
    fn tell_of_end(&self, start: &Start, ending: &Ending) -> bool {
        let category = of_process(&start.worker_id);
        match ending {
            Ending::Stopped | Ending::FunctionTimedOut => false,
            Ending::NotReadyInTime => {
                let text = format!(
                    "Failed to start http worker process. workerId:{}",
                    start.worker_id
                );
                let category = format!("Worker.HttpWorkerChannel.{}", start.worker_id);
                let record = LogRecord::error(category, text);
                self.record.log(
                    record.exception("System.TimeoutException: Initializing HttpWorker timed out."),
                );
                let limit = self.app.settings.initialization_timeout;
                self.record
                    .violation(Violation::InitializationTimeout { limit });
                true
            }
            Ending::ByItself { pid, exit, errors } => {
                let asks = exit.code == Some(RESTART_ME);
                if !asks {
                    let status = exit.to_string();
                    self.record.violation(Violation::Exited { status });
                }
                if asks || exit.code == Some(0) {
                    let text = "Language Worker Process exited and needs to be restarted.";
                    self.record.log(LogRecord::information(category, text));
                    return false;
                }
                let (program, code) = (start.launch.program.display(), exit.dotnet_code());
                let mut exception = format!(
                    "Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException: {program} exited with code {code} (0x{code:X})"
                );
                if !errors.is_empty() {
                    exception += "\n ---> System.Exception: ";
                    exception += &errors.join(",");
                }
                let text = format!("Language Worker Process exited. Pid={pid}.");
                let record = LogRecord::error(category, text);
                self.record.log(record.exception(exception));
                true
            }
        }
    }

    fn give_up(&mut self, violation: Violation) {
        self.record.violation(violation);
        self.update(|status| {
            status.phase = Phase::GivenUp;
            status.stopping = true;
        });
    }

    fn readiness_limits(&self) -> readiness::Limits {
        let settings = &self.app.settings;
        let answer_timeout = if self.options.hangs {
            settings
                .function_timeout
                .map(|limit| limit + CLIENT_TIMEOUT)
        } else {
            Some(settings.initialization_timeout)
        };
        readiness::Limits {
            initialization_timeout: settings.initialization_timeout,
            answer_timeout,
            slow: self.options.slow_readiness,
        }
    }

    fn note_end(&self, exit: HandlerExit, phase: Option<Phase>) {
        self.update(|status| {
            status.pid = None;
            status.exit = Some(exit);
            if let Some(phase) = phase {
                status.phase = phase;
            }
        });
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(change);
    }
}

/// An error of the system without the number that Rust puts behind it.
fn without_code(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error")
        .map_or(text.clone(), |(text, _)| text.to_owned())
}
