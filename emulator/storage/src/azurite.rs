//! Azurite, Microsoft's storage emulator: installed by npm where it is missing, started on
//! loopback, ended with its owner.
//!
//! Source: <https://learn.microsoft.com/azure/storage/common/storage-use-azurite>.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;

use crate::account::{Account, Ports};

/// The version that is installed: the one that the captured cases were recorded with.
pub const VERSION: &str = "3.37.0";

/// Tests of one process install it one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Upper bound on its start.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Why there is no Azurite.
#[derive(Debug, thiserror::Error)]
pub enum AzuriteError {
    /// Neither Azurite nor what installs it.
    #[error(
        "Azurite is not installed and there is no npm to install it; install Node.js from https://nodejs.org"
    )]
    NoNpm,
    /// npm failed.
    #[error("npm could not install Azurite: {0}")]
    NotInstalled(String),
    /// Its process can't be started.
    #[error("cannot start Azurite with node")]
    CannotStart(#[source] std::io::Error),
    /// It ended or hung before it listened.
    #[error("Azurite did not start: {0}")]
    NotReady(String),
}

/// Where Azurite is installed.
#[derive(Clone, Debug)]
pub struct Installation(PathBuf);

/// A running Azurite. Dropped, it is killed.
#[derive(Debug)]
pub struct Azurite {
    process: Child,
    ports: Ports,
    // Open, so that Azurite can go on writing.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Installation {
    /// Finds Azurite below `folder`, or has npm install it there.
    ///
    /// # Errors
    /// When it is not there and can't be installed.
    pub async fn find_or_install(folder: &Path) -> Result<Self, AzuriteError> {
        let installed = Self::in_folder(folder);
        if installed.0.is_file() {
            return Ok(installed);
        }
        let _turn = ONE_AT_A_TIME.lock().await;
        if installed.0.is_file() {
            return Ok(installed);
        }
        let problem = |error: std::io::Error| AzuriteError::NotInstalled(error.to_string());
        std::fs::create_dir_all(folder).map_err(problem)?;
        // Several processes may want it at once. They install into folders of their own, and the
        // first one's stays.
        let own = folder.join(format!("installing-{}", std::process::id()));
        std::fs::create_dir_all(&own).map_err(problem)?;
        let output = Command::new("npm")
            .args([
                "install",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                "--prefix",
            ])
            .arg(&own)
            .arg(format!("azurite@{VERSION}"))
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|_| AzuriteError::NoNpm)?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let complaint = complaint.lines().next().unwrap_or("it gave no reason");
            return Err(AzuriteError::NotInstalled(complaint.to_owned()));
        }
        let renamed = std::fs::rename(&own, folder.join(VERSION));
        if renamed.is_err() {
            // Somebody else was faster. What is left over costs only room.
            let _ = std::fs::remove_dir_all(&own);
        }
        if installed.0.is_file() {
            return Ok(installed);
        }
        let file = installed.0.display();
        Err(AzuriteError::NotInstalled(format!("there is no {file}")))
    }

    /// For tests, with their `CARGO_TARGET_TMPDIR`: the installation in cargo's target folder.
    /// `None` where there is no npm to install it with, which is said past the test harness; with
    /// `AZURITE=required` in the environment that is a panic, as every other failure.
    ///
    /// # Panics
    /// When Azurite can't be installed, or is required and there is no npm.
    pub async fn for_tests(target_tmpdir: &str) -> Option<Self> {
        let folder = Path::new(target_tmpdir).with_file_name("azurite");
        match Self::find_or_install(&folder).await {
            Ok(installation) => Some(installation),
            Err(AzuriteError::NoNpm) if std::env::var_os("AZURITE").is_none() => {
                // The harness shows nothing of a test that passes, but for what bypasses it.
                let _ = std::io::stderr().write_all(
                    b"SKIPPED: a test with Azurite, as there is no npm to install it with.\n",
                );
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn in_folder(folder: &Path) -> Self {
        Self(
            folder
                .join(VERSION)
                .join("node_modules/azurite/dist/src/azurite.js"),
        )
    }

    /// Starts Azurite on these ports of 127.0.0.1, where 0 is a free one. It keeps its data in
    /// `data`, or in memory alone.
    ///
    /// # Errors
    /// When it can't be started or doesn't get ready.
    pub async fn start(&self, ports: Ports, data: Option<&Path>) -> Result<Azurite, AzuriteError> {
        let mut command = Command::new("node");
        command.arg(&self.0);
        let asked_for = [
            ("blob", ports.blob),
            ("queue", ports.queue),
            ("table", ports.table),
        ];
        for (service, port) in asked_for {
            command.args([format!("--{service}Host"), "127.0.0.1".to_owned()]);
            command.args([format!("--{service}Port"), port.to_string()]);
        }
        command.args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"]);
        match data {
            Some(folder) => command.arg("--location").arg(folder),
            None => command.arg("--inMemoryPersistence"),
        };
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(AzuriteError::CannotStart)?;
        let output = process.stdout.take();
        let output = output.ok_or_else(|| AzuriteError::NotReady("it has no output".to_owned()))?;
        let mut lines = BufReader::new(output).lines();
        let listening = tokio::time::timeout(START_LIMIT, listening_ports(&mut lines)).await;
        let ports = listening
            .map_err(|_| AzuriteError::NotReady("it took more than a minute".to_owned()))??;
        Ok(Azurite {
            process,
            ports,
            _output: lines,
        })
    }
}

impl Azurite {
    /// The account that it serves.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::azurite(self.ports)
    }

    /// The same as a connection string. Account and key are Azurite's published ones.
    #[must_use]
    pub fn connection_string(&self) -> String {
        let account = self.account();
        format!(
            "{};BlobEndpoint={};QueueEndpoint={};TableEndpoint={}",
            crate::account::development_credential(),
            account.blob_endpoint,
            account.queue_endpoint,
            account.table_endpoint
        )
    }

    /// The ports at which it serves.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Ends it, as an outage would.
    pub async fn stop(mut self) {
        // It is gone either way.
        let _ = self.process.kill().await;
    }
}

/// Reads on until all services listen.
async fn listening_ports(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<Ports, AzuriteError> {
    let (mut blob, mut queue, mut table) = (None, None, None);
    let mut last = String::new();
    loop {
        if let (Some(blob), Some(queue), Some(table)) = (blob, queue, table) {
            return Ok(Ports { blob, queue, table });
        }
        let line = lines.next_line().await.ok().flatten();
        let Some(line) = line else {
            return Err(AzuriteError::NotReady(format!(
                "its last words were: {last}"
            )));
        };
        if let Some((service, port)) = listening(&line) {
            match service {
                "Blob" => blob = Some(port),
                "Queue" => queue = Some(port),
                "Table" => table = Some(port),
                _ => {}
            }
        }
        last = line;
    }
}

/// `Azurite Blob service is successfully listening at http://127.0.0.1:38929`.
fn listening(line: &str) -> Option<(&str, u16)> {
    let (service, address) = line
        .strip_prefix("Azurite ")?
        .split_once(" service is successfully listening at ")?;
    Some((service, address.rsplit_once(':')?.1.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_azurites_own_line() {
        let line = "Azurite Blob service is successfully listening at http://127.0.0.1:38929";
        assert_eq!(listening(line), Some(("Blob", 38929)));
        assert_eq!(
            listening("Azurite Blob service is starting at http://127.0.0.1:0"),
            None
        );
        assert_eq!(listening("something else"), None);
    }

    #[test]
    fn what_is_wrong_says_what_to_do() {
        assert!(
            AzuriteError::NoNpm
                .to_string()
                .contains("install Node.js from https://nodejs.org")
        );
    }
}
