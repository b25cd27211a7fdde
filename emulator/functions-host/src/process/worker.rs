//! One handler process: its start, its lines, its end.
//!
//! Whether it is started again is the supervisor's business.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::invoke::record::Record;
use crate::log::record::LogLevel;
use crate::options::Shutdown;
use crate::process::console::{Stream, classify};
use crate::process::exit::HandlerExit;
use crate::process::launch::Launch;
use crate::process::lines::Lines;

/// How long its last lines are waited for; a child of its own may hold the pipes open.
const LAST_LINES: Duration = Duration::from_millis(250);
/// So many of the latest errors on stderr are told of with an exit.
const LAST_ERRORS: usize = 3;
/// What a pipe holds.
const BUFFER: usize = 64 * 1024;

/// A running handler. Dropping it kills the process.
pub(crate) struct Worker {
    child: Child,
    readers: [JoinHandle<()>; 2],
    errors: Arc<Mutex<VecDeque<String>>>,
}

impl Worker {
    /// Starts the process and keeps its lines.
    pub(crate) fn start(
        launch: &Launch,
        worker_id: &str,
        errors_only: bool,
        record: &Arc<Record>,
    ) -> io::Result<Self> {
        if launch.makes_runnable {
            make_runnable(&launch.program);
        }
        let mut child = Command::new(&launch.program)
            .args(&launch.arguments)
            .current_dir(&launch.working_directory)
            .envs(
                launch
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value.expose_secret())),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let errors = Arc::new(Mutex::new(VecDeque::new()));
        let reader = |stream| Reader {
            stream,
            errors_only,
            worker_id: worker_id.to_owned(),
            record: Arc::clone(record),
            errors: Arc::clone(&errors),
        };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let readers = [
            tokio::spawn(reader(Stream::Stdout).read(stdout)),
            tokio::spawn(reader(Stream::Stderr).read(stderr)),
        ];
        Ok(Self {
            child,
            readers,
            errors,
        })
    }

    /// The process id, as long as the process runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends by itself. Can be dropped and called again.
    pub(crate) async fn exited(&mut self) -> io::Result<HandlerExit> {
        Ok(self.child.wait().await?.into())
    }

    /// Waits until the last lines of a process that has ended are read, though not for long, and
    /// returns the last errors among them.
    pub(crate) async fn last_lines(&mut self) -> Vec<String> {
        let [stdout, stderr] = &mut self.readers;
        // A reader that was waited for already must not be polled again, and one that panicked has
        // nothing more to say.
        let _ = timeout(LAST_LINES, async {
            for reader in [stdout, stderr] {
                if !reader.is_finished() {
                    let _ = reader.await;
                }
            }
        })
        .await;
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.iter().cloned().collect()
    }

    /// Waits until the process ends, and its last lines are read.
    async fn wait(&mut self) -> io::Result<HandlerExit> {
        let exit = self.exited().await?;
        self.last_lines().await;
        Ok(exit)
    }

    /// Ends the process; after a signal that it can catch it has `grace` to do so by itself.
    pub(crate) async fn end(
        mut self,
        shutdown: Shutdown,
        grace: Duration,
    ) -> io::Result<HandlerExit> {
        if self.pid().is_none() {
            return self.wait().await;
        }
        if shutdown != Shutdown::Kill && self.signal(shutdown) {
            if let Ok(exit) = timeout(grace, self.wait()).await {
                return exit;
            }
            self.child.start_kill()?;
            return Ok(HandlerExit {
                forced: true,
                ..self.wait().await?
            });
        }
        self.child.start_kill()?;
        self.wait().await
    }

    /// Sends a signal that the process can catch; `false` when it can't be sent.
    #[cfg(unix)]
    fn signal(&self, shutdown: Shutdown) -> bool {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = if shutdown == Shutdown::Interrupt {
            Signal::INT
        } else {
            Signal::TERM
        };
        let pid = self
            .pid()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }

    #[cfg(not(unix))]
    fn signal(&self, _shutdown: Shutdown) -> bool {
        false
    }
}

/// Gives everybody the right to run a program. When that fails, the start will.
#[cfg(unix)]
fn make_runnable(program: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = program.metadata() else {
        return;
    };
    let mut permissions = metadata.permissions();
    permissions.set_mode(permissions.mode() | 0o111);
    let _ = std::fs::set_permissions(program, permissions);
}

#[cfg(not(unix))]
fn make_runnable(_program: &std::path::Path) {}

/// What reads one of the handler's outputs.
struct Reader {
    stream: Stream,
    errors_only: bool,
    worker_id: String,
    record: Arc<Record>,
    errors: Arc<Mutex<VecDeque<String>>>,
}

impl Reader {
    async fn read(self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(pipe) = pipe else { return };
        let mut pipe = BufReader::with_capacity(BUFFER, pipe);
        let mut lines = Lines::default();
        loop {
            let read = match pipe.fill_buf().await {
                Ok(bytes) if !bytes.is_empty() => {
                    lines.push(bytes, |line| self.take(&line));
                    bytes.len()
                }
                _ => break,
            };
            pipe.consume(read);
        }
        lines.finish(|line| self.take(&line));
    }

    fn take(&self, line: &str) {
        let line = classify(self.stream, line, self.errors_only);
        if line.stream == Stream::Stderr && line.level == LogLevel::Error {
            let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
            if errors.len() == LAST_ERRORS {
                errors.pop_front();
            }
            errors.push_back(line.text.clone());
        }
        self.record.line(line, &self.worker_id);
    }
}
