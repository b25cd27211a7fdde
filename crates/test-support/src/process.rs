//! A handler as a process, without a host in front of it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::free_port;

/// In which the host names the port.
pub const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
/// Its older name.
pub const OLDER_PORT: &str = "FUNCTIONS_HTTPWORKER_PORT";
/// In which the host names the process, and by which a handler knows that a host has started it.
pub const WORKER_ID: &str = "FUNCTIONS_CUSTOMHANDLER_WORKER_ID";

/// A command that starts `program`, without what this process's environment would tell it.
#[must_use]
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in [
        PORT,
        OLDER_PORT,
        WORKER_ID,
        "FUNCTIONS_HTTPWORKER_ID",
        "RUST_LOG",
        "ALLOCATION_POLICY",
        "FUNCTIONS_APP_ROOT_PATH",
    ] {
        command.env_remove(name);
    }
    command
}

/// A handler that is ready.
#[derive(Debug)]
pub struct Handler {
    process: Child,
    stdout: BufReader<ChildStdout>,
    /// Its port.
    pub port: u16,
}

impl Handler {
    /// Starts `program` on a free port, and waits until it says that it listens.
    #[must_use]
    pub fn start(program: &str) -> Self {
        Self::start_with(program, PORT, &[])
    }

    /// Starts `program` with the port in `variable` and with these variables besides.
    #[must_use]
    pub fn start_with(program: &str, variable: &str, more: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut process = command(program)
            .env(variable, port.to_string())
            .envs(more.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let listening = format!("INFO listening on 127.0.0.1:{port}\n");
        let mut line = String::new();
        while line != listening {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "{program} ended");
        }
        Self {
            process,
            stdout,
            port,
        }
    }

    /// A connection to it.
    #[must_use]
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Sends it the signal of this name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end; returns the exit code and what else it printed to stdout and stderr.
    #[must_use]
    pub fn wait(mut self) -> (Option<i32>, String, String) {
        let status = self.process.wait().unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut pipe = self.process.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        (status.code(), stdout, stderr)
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        // A test that fails must not leave it behind. Where it has ended already there is nothing
        // to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
