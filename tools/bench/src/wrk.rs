//! The load: wrk, with the host's request.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::exchange::ENVELOPE;
use crate::process::{Running, output_within};

/// What one load has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests_per_second: f64,
    /// In seconds.
    pub(crate) p50: f64,
    /// In seconds.
    pub(crate) p99: f64,
    /// The contender's processor time for a request, in seconds. Unlike the rest it doesn't depend
    /// on how fast wrk is.
    pub(crate) processor: f64,
}

/// What the script prints; times in microseconds.
#[derive(Deserialize)]
struct Figures {
    requests: f64,
    duration: f64,
    failed: u64,
    p50: f64,
    p99: f64,
}

/// Loads a contender for a while.
pub(crate) fn load(
    workspace: &Path,
    running: &Running,
    connections: u32,
    seconds: u32,
) -> Result<Load> {
    let before = running.usage()?.processor;
    // One thread drives more than any contender serves, and leaves the other cores to them.
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--timeout", "10"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .arg("--script")
        .arg(workspace.join("tools/bench/contenders/wrk.lua"))
        .arg(format!("http://127.0.0.1:{}/", running.port))
        .env("ENVELOPE", workspace.join(ENVELOPE));
    let output = output_within(&mut wrk, Duration::from_secs(u64::from(seconds) + 30))?;
    let processor = running.usage()?.processor.saturating_sub(before);
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = text
        .lines()
        .find_map(|line| serde_json::from_str(line).ok());
    let Figures {
        requests,
        duration,
        failed,
        p50,
        p99,
    } = figures.with_context(|| {
        format!(
            "wrk tells no figures: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    ensure!(failed == 0, "{failed} of its answers failed under load");
    ensure!(requests > 0.0, "it has answered nothing under load");
    let seconds = |microseconds: f64| microseconds / 1e6;
    Ok(Load {
        requests_per_second: requests / seconds(duration),
        p50: seconds(p50),
        p99: seconds(p99),
        processor: processor.as_secs_f64() / requests,
    })
}
