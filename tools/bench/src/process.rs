//! A contender that runs: when it is ready, what it uses, and its end.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use test_support::free_port;
use test_support::process::PORT;

use crate::client;
use crate::contender::Contender;

/// Upper bound on start-up. Under valgrind some take a second.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How often we look. Much less than the quickest start takes.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// What the kernel counts processor time in, for programs: a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A process that is ready, and dies with this value.
pub(crate) struct Running {
    child: Child,
    pub(crate) port: u16,
    /// From the call that starts the process to its first answer.
    pub(crate) ready_after: Duration,
}

/// What a process and its children use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// `VmRSS`, in bytes. Pages that processes share count for each.
    pub(crate) resident: u64,
    /// Processor time from its start on.
    pub(crate) processor: Duration,
    pub(crate) threads: u32,
}

impl Running {
    /// Starts a contender and waits until it answers.
    pub(crate) fn start(contender: &Contender) -> Result<Self> {
        let mut command = Command::new(&contender.program);
        command.args(&contender.arguments);
        Self::start_command(&mut command)
            .with_context(|| format!("{} does not start", contender.name))
    }

    /// Starts a command that serves, and waits until it answers. What it prints is not kept.
    pub(crate) fn start_command(command: &mut Command) -> Result<Self> {
        let port = free_port();
        command
            .env(PORT, port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        let child = command.spawn()?;
        let mut running = Self {
            child,
            port,
            ready_after: Duration::ZERO,
        };
        while !client::is_ready(port) {
            if let Some(status) = running.child.try_wait()? {
                bail!("it ended with {status}");
            }
            if start.elapsed() > READY_WITHIN {
                bail!("it does not answer GET / within {READY_WITHIN:?}");
            }
            sleep(LOOK_EVERY);
        }
        running.ready_after = start.elapsed();
        Ok(running)
    }

    /// What it uses by now.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let mut sum = Usage::default();
        for pid in tree(self.child.id())? {
            let Usage {
                resident,
                processor,
                threads,
            } = usage(pid).with_context(|| format!("cannot tell what process {pid} uses"))?;
            sum.resident += resident;
            sum.processor += processor;
            sum.threads += threads;
        }
        Ok(sum)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Node's workers end when the process that has forked them does. Nothing to do about a
        // failure: it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that ends by itself, but not longer than `limit`.
pub(crate) fn output_within(command: &mut Command, limit: Duration) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} can't be run: install it"))?;
    while child.try_wait()?.is_none() {
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{program} did not end within {limit:?}");
        }
        sleep(Duration::from_millis(20));
    }
    Ok(child.wait_with_output()?)
}

/// A process and those that it has started.
fn tree(pid: u32) -> Result<Vec<u32>> {
    let mut pids = vec![pid];
    let mut next = 0;
    while let Some(&pid) = pids.get(next) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        pids.extend(
            children
                .split_ascii_whitespace()
                .flat_map(str::parse::<u32>),
        );
        next += 1;
    }
    Ok(pids)
}

/// <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>, <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn usage(pid: u32) -> Result<Usage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|line| line.split_ascii_whitespace().next());
        value.with_context(|| format!("its status has no {name}"))
    };
    // The fields behind the program's name, which stands in parentheses and may have any.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("its stat has no name")?;
    let ticks = fields.split_ascii_whitespace().skip(11).take(2);
    let ticks: u32 = ticks.flat_map(str::parse::<u32>).sum();
    Ok(Usage {
        resident: value("VmRSS:")?.parse::<u64>()? << 10,
        processor: TICK * ticks,
        threads: value("Threads:")?.parse()?,
    })
}
