//! Callgrind's count of the instructions for an invocation, the server's own included: a ratio that
//! no other process disturbs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::getpid;

use crate::client;
use crate::contender::Contender;
use crate::exchange::ENVELOPE;
use crate::process::Running;

const FEW: u64 = 100;
const MANY: u64 = 1100;

/// The instructions of the process for one invocation: the difference between many and few, so
/// without its start.
pub(crate) fn for_an_invocation(
    contender: &Contender,
    workspace: &Path,
    scratch: &Path,
) -> Result<u64> {
    let envelope = std::fs::read_to_string(workspace.join(ENVELOPE))?;
    let [few, many] = [FEW, MANY].map(|count| collected(contender, &envelope, count, scratch));
    Ok((many? - few?) / (MANY - FEW))
}

/// The instructions from the start of a contender to its end, with `count` invocations on one
/// connection between.
fn collected(contender: &Contender, envelope: &str, count: u64, scratch: &Path) -> Result<u64> {
    let counts = scratch.join(format!("callgrind-{}", getpid().as_raw_nonzero()));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(&contender.program)
        .args(&contender.arguments);
    let running = Running::start_command(&mut valgrind).context("valgrind does not start it")?;
    // The connection is closed before the process is asked to end, as it would wait for its next
    // request.
    let agent = client::agent();
    for _ in 0..count {
        client::invoke(&agent, running.port, envelope)?;
    }
    drop(agent);
    running.terminate()?;
    let counts = std::fs::read_to_string(counts).context("valgrind has written no counts")?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total
        .context("valgrind has counted nothing")?
        .trim()
        .parse()?)
}
