//! Keeps a handler running, as the host does: started, polled, restarted, given up.
//!
//! One task owns the process and the account of its errors; everybody else reads its status and sends it commands.
//! Source: `HttpFunctionInvocationDispatcher` and `WorkerProcess` of <https://github.com/Azure/azure-functions-host>.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::answer::violation::Violation;
use crate::app::functions_app::App;
use crate::invoke::client::HandlerClient;
use crate::invoke::record::{HostEvent, Record};
use crate::options::{ExitZero, HostOptions, Shutdown};
use crate::process::exit::HandlerExit;
use crate::process::launch::{self, Launch};
use crate::process::readiness;
use crate::process::worker::Worker;
use crate::process::worker_errors::{Verdict, WorkerErrors};

/// The exit code by which a handler asks to be started again.
const RESTART_ME: i32 = 200;
/// The real host would restart for ever a handler that ends with 0 or 200 at once; so often is enough to see it.
const MAX_FUTILE_RESTARTS: u32 = 10;

/// Where the handler stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    pub(crate) phase: Phase,
    pub(crate) pid: Option<u32>,
    /// Counts the starts.
    pub(crate) generation: u64,
    /// How the last process ended.
    pub(crate) exit: Option<HandlerExit>,
}

#[derive(Debug, Clone, Default)]
pub(crate) enum Phase {
    #[default]
    Starting,
    Ready(HandlerClient),
    /// It ended with exit code 0 and an old host doesn't notice.
    LeftDead(HandlerClient),
    /// The host has stopped, or was stopped.
    Stopped,
    /// The process could not be started at all.
    CannotStart(String),
}

/// What others may ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Command {
    /// Ends the handler and the host.
    Stop,
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
    Stopped(HandlerExit),
    FunctionTimedOut(HandlerExit),
    NotReadyInTime(HandlerExit),
    ByItself(HandlerExit),
}

impl Ending {
    fn exit(&self) -> &HandlerExit {
        match self {
            Self::Stopped(exit)
            | Self::FunctionTimedOut(exit)
            | Self::NotReadyInTime(exit)
            | Self::ByItself(exit) => exit,
        }
    }
}

impl Supervisor {
    /// Runs until the host is stopped or gives up.
    pub(crate) async fn run(mut self) {
        let phase = match self.keep_running().await {
            Ok(()) => Phase::Stopped,
            Err(error) => Phase::CannotStart(error.to_string()),
        };
        self.update(|status| {
            status.phase = phase;
            status.pid = None;
        });
    }

    async fn keep_running(&mut self) -> io::Result<()> {
        let mut errors = WorkerErrors::default();
        let mut futile_restarts = 0;
        loop {
            let worker_id = Uuid::new_v4().to_string();
            let launch = self.plan(&worker_id);
            let worker = Worker::start(
                &launch,
                &worker_id,
                self.app
                    .settings
                    .description
                    .use_std_error_stream_for_errors_only,
                &self.record,
            )
            .map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("cannot start {}: {error}", launch.program.display()),
                )
            })?;
            let ending = self.attend(worker).await?;
            let was_ready = matches!(self.status.borrow().phase, Phase::Ready(_));
            let exit = ending.exit().clone();
            self.update(|status| {
                status.phase = Phase::Starting;
                status.pid = None;
                status.exit = Some(exit.clone());
            });
            self.record.tell(HostEvent::Ended(exit));
            let is_error = match ending {
                Ending::Stopped(_) => return Ok(()),
                Ending::NotReadyInTime(_) => {
                    let limit = self.app.settings.initialization_timeout;
                    self.record
                        .violation(Violation::InitializationTimeout { limit });
                    true
                }
                Ending::FunctionTimedOut(_)
                | Ending::ByItself(HandlerExit {
                    code: Some(RESTART_ME),
                    ..
                }) => false,
                Ending::ByItself(exit) => {
                    self.record.violation(Violation::Exited {
                        status: exit.to_string(),
                    });
                    if exit.code == Some(0) && self.options.exit_zero == ExitZero::LeavesDead {
                        self.update(|status| {
                            status.phase = Phase::LeftDead(HandlerClient::new(self.port));
                        });
                        self.await_stop().await;
                        return Ok(());
                    }
                    exit.code != Some(0)
                }
            };
            futile_restarts = if was_ready || is_error {
                0
            } else {
                futile_restarts + 1
            };
            if futile_restarts == MAX_FUTILE_RESTARTS {
                self.record.violation(Violation::RestartLoop {
                    restarts: futile_restarts,
                });
                return Ok(());
            }
            if is_error && let Verdict::StopHost { errors } = errors.push(Instant::now()) {
                self.record.violation(Violation::HostStopped { errors });
                return Ok(());
            }
        }
    }

    /// Stays with one process until it is no more.
    async fn attend(&mut self, mut worker: Worker) -> io::Result<Ending> {
        let client = HandlerClient::new(self.port);
        let pid = worker.pid();
        self.update(|status| {
            status.phase = Phase::Starting;
            status.pid = pid;
            status.generation += 1;
        });
        self.record.tell(HostEvent::Started {
            pid: pid.unwrap_or_default(),
            port: self.port,
        });
        let generation = self.status.borrow().generation;
        let (record, timeout, slow) = (
            Arc::clone(&self.record),
            self.app.settings.initialization_timeout,
            self.options.slow_readiness,
        );
        let readiness = readiness::wait(&client, timeout, slow, &record);
        tokio::pin!(readiness);
        let mut is_ready = false;
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(Command::Stop) | None => return Ok(Ending::Stopped(worker.end(self.options.shutdown, self.options.grace).await?)),
                    Some(Command::FunctionTimedOut { generation: timed_out }) if timed_out == generation => {
                        return Ok(Ending::FunctionTimedOut(worker.end(Shutdown::Kill, Duration::ZERO).await?));
                    }
                    Some(Command::FunctionTimedOut { .. }) => {}
                },
                exit = worker.wait() => return Ok(Ending::ByItself(exit?)),
                in_time = &mut readiness, if !is_ready => {
                    if !in_time {
                        return Ok(Ending::NotReadyInTime(worker.end(Shutdown::Kill, Duration::ZERO).await?));
                    }
                    is_ready = true;
                    readiness::check_address(self.port, &self.record).await;
                    self.update(|status| status.phase = Phase::Ready(client.clone()));
                    self.record.tell(HostEvent::Ready);
                }
            }
        }
    }

    fn plan(&self, worker_id: &str) -> Launch {
        launch::plan(&self.app, &self.options, self.port, worker_id, |name| {
            std::env::var(name).ok()
        })
    }

    async fn await_stop(&mut self) {
        while let Some(Command::FunctionTimedOut { .. }) = self.commands.recv().await {}
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(change);
    }
}
