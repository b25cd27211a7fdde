//! One handler process: its start, its lines, its end.
//!
//! Whether it is started again is the supervisor's business.

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::invoke::record::Record;
use crate::options::Shutdown;
use crate::process::console::{Stream, classify};
use crate::process::exit::HandlerExit;
use crate::process::launch::Launch;
use crate::process::lines::Lines;

/// How long its last lines are waited for; a child of its own may hold the pipes open.
const LAST_LINES: Duration = Duration::from_secs(1);
/// What a pipe holds.
const BUFFER: usize = 64 * 1024;

/// A running handler. Dropping it kills the process.
pub(crate) struct Worker {
    child: Child,
    readers: [JoinHandle<()>; 2],
}

impl Worker {
    /// Starts the process and keeps its lines.
    pub(crate) fn start(
        launch: &Launch,
        worker_id: &str,
        errors_only: bool,
        record: &Arc<Record>,
    ) -> io::Result<Self> {
        let mut child = Command::new(&launch.program)
            .args(&launch.arguments)
            .current_dir(&launch.working_directory)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let readers = [
            tokio::spawn(read_lines(
                child.stdout.take(),
                Stream::Stdout,
                errors_only,
                worker_id.to_owned(),
                Arc::clone(record),
            )),
            tokio::spawn(read_lines(
                child.stderr.take(),
                Stream::Stderr,
                errors_only,
                worker_id.to_owned(),
                Arc::clone(record),
            )),
        ];
        Ok(Self { child, readers })
    }

    /// The process id, as long as the process runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends by itself, and its last lines are read. Can be dropped and called again.
    pub(crate) async fn wait(&mut self) -> io::Result<HandlerExit> {
        let status = self.child.wait().await?;
        let [stdout, stderr] = &mut self.readers;
        // A reader that was waited for already must not be polled again, and one that panicked has nothing more to say.
        let _ = timeout(LAST_LINES, async {
            for reader in [stdout, stderr] {
                if !reader.is_finished() {
                    let _ = reader.await;
                }
            }
        })
        .await;
        Ok(status.into())
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

async fn read_lines(
    pipe: Option<impl AsyncRead + Unpin>,
    stream: Stream,
    errors_only: bool,
    worker_id: String,
    record: Arc<Record>,
) {
    let Some(pipe) = pipe else { return };
    let mut pipe = BufReader::with_capacity(BUFFER, pipe);
    let mut lines = Lines::default();
    let log = |line: String| record.line(classify(stream, &line, errors_only), &worker_id);
    loop {
        let read = match pipe.fill_buf().await {
            Ok(bytes) if !bytes.is_empty() => {
                lines.push(bytes, log);
                bytes.len()
            }
            _ => break,
        };
        pipe.consume(read);
    }
    lines.finish(log);
}
