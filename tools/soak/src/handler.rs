//! The handler's process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use test_support::free_port;
use test_support::process::{PORT, command};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Builds the release binary and says where it is.
pub(crate) async fn build() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--release",
            "--quiet",
            "--package",
            "custom-allocation",
            "--bin",
            "handler",
            "--message-format",
            "json",
        ])
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo cannot build the handler");
    let executable = String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    executable.context("cargo names no executable")
}

/// A handler that is ready.
pub(crate) struct Handler {
    process: Child,
    pub(crate) port: u16,
    /// How many decisions it has logged.
    decisions: Arc<AtomicU64>,
    log: JoinHandle<Result<()>>,
}

/// What a process holds.
pub(crate) struct Usage {
    pub(crate) resident_kib: u64,
    pub(crate) peak_kib: u64,
    pub(crate) open_files: usize,
}

impl Handler {
    /// Starts it on a free port.
    pub(crate) async fn start(program: &Path) -> Result<Self> {
        Self::start_on(program, free_port()).await
    }

    /// Starts it on this port, and waits until it says that it listens.
    pub(crate) async fn start_on(program: &Path, port: u16) -> Result<Self> {
        let program = program.to_str().context("its path is not Unicode")?;
        let mut process = Command::from(command(program))
            .env(PORT, port.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut lines = BufReader::new(process.stdout.take().context("no stdout")?).lines();
        let policy = lines.next_line().await?;
        let policy = policy.context("the handler has not started")?;
        ensure!(policy.starts_with("INFO policy "), "{policy}");
        let line = lines.next_line().await?;
        let line = line.context("the handler does not listen")?;
        ensure!(
            line.ends_with(&format!("listening on 127.0.0.1:{port}")),
            "{line}"
        );
        let decisions = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&decisions);
        let log = tokio::spawn(async move {
            while let Some(line) = lines.next_line().await? {
                ensure!(!line.contains("s3cr3t"), "a secret in the log: {line}");
                counter.fetch_add(
                    u64::from(line.contains(" HttpTrigger1 ")),
                    Ordering::Relaxed,
                );
            }
            Ok(())
        });
        Ok(Self {
            process,
            port,
            decisions,
            log,
        })
    }

    fn usage(&self) -> Result<Usage> {
        let pid = self.process.id().context("the handler has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
            .context("this needs Linux's /proc")?;
        let kib = |name: &str| -> Result<u64> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .with_context(|| format!("no {name}"))?;
            Ok(line.trim().trim_end_matches(" kB").parse()?)
        };
        let open_files = std::fs::read_dir(format!("/proc/{pid}/fd"))?.count();
        Ok(Usage {
            resident_kib: kib("VmRSS:")?,
            peak_kib: kib("VmHWM:")?,
            open_files,
        })
    }

    /// The usage once closed connections are gone: when no more than `open_files` are left, or
    /// nothing has changed for a while.
    pub(crate) async fn settled_usage(&self, open_files: usize) -> Result<Usage> {
        let mut usage = self.usage()?;
        let mut unchanged = 0;
        while unchanged < 10 && usage.open_files > open_files {
            sleep(Duration::from_millis(100)).await;
            let now = self.usage()?;
            unchanged = if now.open_files == usage.open_files {
                unchanged + 1
            } else {
                0
            };
            usage = now;
        }
        Ok(usage)
    }

    pub(crate) async fn kill(mut self) -> Result<()> {
        self.process.kill().await?;
        self.log.await?
    }

    /// Sends SIGTERM, which must end it with success. Returns how many decisions it has logged.
    pub(crate) async fn terminate(mut self) -> Result<u64> {
        let pid = self
            .process
            .id()
            .context("the handler has ended")?
            .to_string();
        ensure!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .await?
                .success(),
            "kill failed"
        );
        let status = self.process.wait().await?;
        ensure!(
            status.success(),
            "after SIGTERM the handler ended with {status}"
        );
        self.log.await??;
        Ok(self.decisions.load(Ordering::Relaxed))
    }
}
